"""Plain numbers in the text of an operation: the one that is not finite, or that the dtype cannot hold."""

from __future__ import annotations

import cmath
from collections.abc import Callable

import torch

from gradcli.recording.operation import Constant
from gradcli.recording.tape import Step


def not_finite(step: Step, *, nan: bool) -> Constant | None:
    """The first NaN, or the first infinity, among an operation's numbers."""
    return _first(step, lambda constant: (cmath.isnan if nan else cmath.isinf)(constant.number))


def beyond_dtype(step: Step) -> Constant | None:
    """The first finite number that an operation's dtype has no room for. An exponent need not fit into it."""
    dtype = next((value.dtype for value in step.values if value.is_floating_point()), None)
    if dtype is None or step.name == "pow":
        return None
    largest = torch.finfo(dtype).max
    found = _first(step, lambda constant: abs(constant.number) > largest and _is_finite_on_paper(constant))
    return None if found is None or found.number in step.operation.whole(step.arguments) else found


def _is_finite_on_paper(constant: Constant) -> bool:
    """Whether a number is finite, or written in digits: 1e400 is finite on paper, float('-inf') is not."""
    text = constant.place.text  # of a list, which may be full of other numbers, it says nothing
    return cmath.isfinite(constant.number) or (not text.startswith("[") and any(map(str.isdigit, text)))


def _first(step: Step, wanted: Callable[[Constant], bool]) -> Constant | None:
    return next(filter(wanted, step.operation.constants(step.arguments)), None)
