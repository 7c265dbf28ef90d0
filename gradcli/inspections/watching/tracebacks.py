"""What a program does not catch, told as without a watch: without gradcli's own frames and those that it brings."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType

from gradcli.recording.program.asked import DISPATCH

_OWN = f"{Path(__file__).parents[2]}/"


def without_own_frames(traceback: TracebackType | None) -> TracebackType | None:
    """The traceback without what a watch has put there.

    A function of PyTorch's that is written in Python calls itself again by way of the watch: that is one call.
    """
    links: list[TracebackType] = []
    while traceback is not None:
        links.append(traceback)
        traceback = traceback.tb_next
    kept: list[TracebackType] = []
    for link in links:
        code = link.tb_frame.f_code
        if code in DISPATCH:
            kept.pop()
        elif not code.co_filename.startswith(_OWN):
            kept.append(link)
    found = None
    for link in reversed(kept):
        found = TracebackType(found, link.tb_frame, link.tb_lasti, link.tb_lineno)
    return found


def tell(error: BaseException) -> None:
    """What the program did not catch, as Python tells it: by `sys.excepthook`, which may fail or be gone.

    Raises SystemExit where the hook ends the program.
    """
    error.__traceback__ = without_own_frames(error.__traceback__)
    hook = getattr(sys, "excepthook", None)
    try:
        if hook is not None:
            hook(type(error), error, error.__traceback__)
            return
        _say("sys.excepthook is missing\n")
    except SystemExit:
        raise
    except BaseException as worse:  # noqa: BLE001 - told as Python tells it
        _say("Error in sys.excepthook:\n")
        worse.__traceback__ = without_own_frames(worse.__traceback__)
        sys.__excepthook__(type(worse), worse, worse.__traceback__)
        _say("\nOriginal exception was:\n")
    sys.__excepthook__(type(error), error, error.__traceback__)


def _say(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(text)
