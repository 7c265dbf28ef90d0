"""PyTorch's warnings at the line that they have without the log, which stands between the caller and PyTorch."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any

import torch.overrides

from gradcli.recording.program.asked import DISPATCH

_OWN = f"{Path(__file__).parents[2]}/"


class Warned:
    """While it is on, a warning that is told of a line behind the log is given again for the line of the program."""

    def __init__(self) -> None:
        self._show: Callable[..., Any] = warnings._showwarnmsg  # type: ignore[attr-defined]

    def put_on(self) -> None:
        warnings._showwarnmsg = self._told  # type: ignore[attr-defined]

    def take_off(self) -> None:
        warnings._showwarnmsg = self._show  # type: ignore[attr-defined]

    def _told(self, message: warnings.WarningMessage) -> None:
        stack = list(_frames(sys._getframe(1)))
        told = (message.filename, message.lineno)
        level = next((n for n, one in enumerate(stack) if (one.f_code.co_filename, one.f_lineno) == told), None)
        frame = None if level is None else next(islice(_without_log(stack), level, None), None)
        if level is None or frame is None or frame is stack[level]:
            self._show(message)
            return
        noted = stack[level].f_globals.get("__warningregistry__", {})
        for line in (message.lineno, 0):  # each line of the program is warned for itself
            noted.pop((str(message.message), message.category, line), None)
        space = frame.f_globals
        self.take_off()  # what is given again is at its line
        try:
            warnings.warn_explicit(
                message.message,
                message.category,
                frame.f_code.co_filename,
                frame.f_lineno,
                space.get("__name__"),
                space.setdefault("__warningregistry__", {}),
                space,
            )
        finally:
            self.put_on()


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    """The frames from the one that warns outwards, as `warnings.warn` counts them."""
    while frame is not None:
        if frame.f_code.co_filename != warnings.__file__:
            yield frame
        frame = frame.f_back


def _without_log(stack: list[FrameType]) -> Iterator[FrameType]:
    """The frames that there are without the log.

    A function of PyTorch's that is written in Python is on the stack twice: it asks the log, which calls it again.
    """
    inner: FrameType | None = None
    is_asked = False
    for frame in stack:
        if frame.f_code in DISPATCH:
            is_asked = True
        if frame.f_code.co_filename.startswith((_OWN, torch.overrides.__file__)):
            continue
        is_again = is_asked and inner is not None and frame.f_code is inner.f_code
        is_asked = False
        if not is_again:
            inner = frame
            yield frame
