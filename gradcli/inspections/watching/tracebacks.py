"""Tracebacks as they would be without a watch: gradcli's own frames, and those that it brings with it, are left out."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import torch.overrides

_OWN = f"{Path(__file__).parents[2]}/"
_DISPATCH = torch.overrides.handle_torch_function.__code__


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
        if code is _DISPATCH:
            kept.pop()
        elif not code.co_filename.startswith(_OWN):
            kept.append(link)
    found = None
    for link in reversed(kept):
        found = TracebackType(found, link.tb_frame, link.tb_lasti, link.tb_lineno)
    return found
