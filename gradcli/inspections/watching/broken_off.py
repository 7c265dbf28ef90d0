"""A program that ends by an exception over a value that is not finite: which value that is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dis import opmap
from types import FrameType, TracebackType

import torch

from gradcli.inspections.watching.backward_start import BackwardStart
from gradcli.inspections.watching.sizes import all_finite
from gradcli.recording.program.entries import Entry
from gradcli.recording.program.places import Spot, UserCode
from gradcli.recording.program.written import parsed, written_at

_SAYS_SO = re.compile(
    r"\b(nan|inf|infinite|infinity|non-?finite|not finite|isfinite|isnan|isinf|invalid values)\b", re.IGNORECASE
)
"""What a message is about that speaks of such a value."""


_OF_FORM = re.compile(
    r"\b(shapes?|sizes?|dimensions?|dims?|dtypes?|types?|devices?|arguments?|memory|grad|requires_grad|in-?place|views?)\b",
    re.IGNORECASE,
)
"""What a message is about that does not speak of the values of a tensor."""
_RAISES = opmap["RAISE_VARARGS"]


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


def is_raised_by_program(traceback: TracebackType | None, user: UserCode) -> bool:
    """Whether a line of the user's own raises, and not what it calls."""
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None or not user.owns(traceback.tb_frame.f_code.co_filename):
        return False
    return traceback.tb_frame.f_code.co_code[traceback.tb_lasti] == _RAISES


def speaks_of_it(error: BaseException, traceback: TracebackType | None, user: UserCode) -> bool:
    """Whether the message, or the condition that the user's line raises under, is about a value that is not finite."""
    if _SAYS_SO.search(str(error)):
        return True
    if not is_raised_by_program(traceback, user):
        return False
    *_, (_, spot) = frames_of(traceback, user)
    return _SAYS_SO.search(_condition(spot)) is not None


def _condition(spot: Spot) -> str:
    """The test of the `assert` or of the innermost `if` that a place stands in."""
    place = spot.place
    found = ""
    for node in ast.walk(parsed(place.source)):
        if isinstance(node, ast.If | ast.Assert) and node.lineno <= place.line <= (node.end_lineno or 0):
            found = ast.unparse(node.test)  # what is walked later is further inside
    return found


def refused_value(
    traceback: TracebackType | None, user: UserCode, names: Mapping[int, str], error: BaseException
) -> torch.Tensor | None:
    """A tensor with NaN that the failing call was given, where its message does not say so but may be about values."""
    if not isinstance(error, RuntimeError | ValueError) or is_raised_by_program(traceback, user):
        return None
    if _OF_FORM.search(str(error)):
        return None
    given: list[object] = []
    frames = [*frames_of(traceback, user)]
    if frames:
        frame, spot = frames[-1]
        nodes = [node for part, _ in written_at(spot.place).parts for node in ast.walk(part)]
        given += [frame.f_locals.get(node.id) for node in nodes if isinstance(node, ast.Name)]
    while traceback is not None:
        if not user.owns(traceback.tb_frame.f_code.co_filename):
            given += traceback.tb_frame.f_locals.values()
        traceback = traceback.tb_next
    tensors = [one for one in given if isinstance(one, torch.Tensor) and one.requires_grad]
    broken = [one for one in tensors if one.layout is torch.strided and bool(torch.isnan(one).any())]
    return next((one for one in broken if id(one) in names), next(iter(broken), None))


def broken_value(entries: Sequence[Entry], names: Mapping[int, str], *, is_said: bool) -> torch.Tensor | None:
    """The last differentiated value with a name that is not finite: a number; a tensor where the error is of NaN."""
    for entry in reversed(entries):
        for made in entry.made:
            name = names.get(id(made), "[")  # what is one of many in a list may be a record of what was
            if not isinstance(made, torch.Tensor) or not made.requires_grad or "[" in name:
                continue
            if not all_finite(made) if made.numel() == 1 else is_said and bool(torch.isnan(made).any()):
                return made
    return None


def summed(value: torch.Tensor, spot: Spot, names: dict[int, str]) -> tuple[list[Entry], BackwardStart]:
    """One number in the place of a value, as if the program had added it up: the call for it, and what to look at."""
    if value.numel() == 1:
        return [], BackwardStart.of_value(value)
    total = value.sum()
    names[id(total)] = names.setdefault(id(value), "what the call is given")
    return [Entry(0, *spot, torch.sum, (value,), None, total, changes=False)], BackwardStart.of_value(total)
