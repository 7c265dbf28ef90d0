"""A program that ends by an exception over a value that is not finite: which value that is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType, TracebackType

import torch

from gradcli.inspections.watching.backward_start import BackwardStart
from gradcli.inspections.watching.sizes import all_finite
from gradcli.recording.program.entries import Entry
from gradcli.recording.program.places import Spot, UserCode

_SAYS_SO = re.compile(r"\b(nan|inf|infinite|infinity|non-?finite|not finite|isfinite|invalid values)\b", re.IGNORECASE)
"""What a message is about that speaks of such a value."""


def is_failure(error: BaseException) -> bool:
    """Whether a program ends because something is wrong."""
    return error.code not in (None, 0) if isinstance(error, SystemExit) else isinstance(error, Exception)


def frames_of(traceback: TracebackType | None, user: UserCode) -> Iterator[tuple[FrameType, Spot]]:
    """The frames of the user's code that an exception went through, with where each was, the outermost first."""
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if user.owns(code.co_filename):
            yield traceback.tb_frame, Spot(code, traceback.tb_lasti)
        traceback = traceback.tb_next


def broken_value(entries: Sequence[Entry], names: Mapping[int, str], error: BaseException) -> torch.Tensor | None:
    """The last differentiated value with a name that is not finite: a number; a tensor where the error is of NaN."""
    is_said = _SAYS_SO.search(str(error)) is not None
    for entry in reversed(entries):
        for made in entry.made:
            if not isinstance(made, torch.Tensor) or not made.requires_grad or id(made) not in names:
                continue
            if not all_finite(made) if made.numel() == 1 else is_said and bool(torch.isnan(made).any()):
                return made
    return None


def summed(value: torch.Tensor, spot: Spot, names: dict[int, str]) -> tuple[list[Entry], BackwardStart]:
    """One number in the place of a value, as if the program had added it up: the call for it, and what to look at."""
    if value.numel() == 1:
        return [], BackwardStart.of_value(value)
    total = value.sum()
    names[id(total)] = names[id(value)]
    return [Entry(0, *spot, torch.sum, (value,), None, total, changes=False)], BackwardStart.of_value(total)
