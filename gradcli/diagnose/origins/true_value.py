"""What one operation would give of the very operands that it had: in float64, or at 50 digits where that rounds too."""

from __future__ import annotations

from dataclasses import dataclass
from math import isinf

import torch

from gradcli.diagnose.origins.elements import Index, element_at, first, inside
from gradcli.diagnose.origins.reasons import in_double
from gradcli.diagnose.origins.selection import SELECTING
from gradcli.language.catalogue.arranged import ARRANGED
from gradcli.numerics.capture import array
from gradcli.recording.tape import Step
from gradcli.results.phrasing import number

MAX_ELEMENTS_OF_OPERAND = 1_000
"""Operands of functions that mix their elements are given to the reference up to here."""

_EXPONENTIAL = frozenset(
    {"softmax", "softmin", "log_softmax", "logsumexp", "logcumsumexp", "cross_entropy", "soft_margin_loss"}
)
"""What mixes its elements and is zero beyond float64 too, so that only the reference can tell."""
_CONVERTING = frozenset({"half", "bfloat16", "float", "to", "type"})
"""What gives its numbers in another dtype."""
_ADDING = frozenset({"logaddexp", "addcmul", "addcdiv", "lerp"})
"""Of these a zero among the operands does not make the result one."""
_NEVER_ROUNDING = (SELECTING | ARRANGED | {"add", "sub", "sum"}) - _EXPONENTIAL
"""What moves, chooses or adds numbers: of these a result is zero, or at least the smallest number."""


@dataclass(frozen=True)
class TrueValue:
    """An element that was rounded to zero: its place, what it is, and the same as a float64, which may be 0."""

    index: Index
    text: str
    size: float


def rounded_to_zero(step: Step, zeros: torch.Tensor) -> TrueValue | None:
    """The first of these zeros of a value that is none by exact arithmetic on the operands; None if all of them are."""
    wide = _converted(step)
    wide = in_double(step) if wide is None else wide
    if wide is not None and wide.shape == zeros.shape:
        lost = zeros & (wide != 0) & torch.isfinite(wide)
        if bool(lost.any()):
            index = first(lost)
            value = float(wide[index]) if index else float(wide)
            return TrueValue(index, number(value), abs(value))
    if step.name.removesuffix("_") in _NEVER_ROUNDING or _is_plain_zero(step, first(zeros)):
        return None
    return _by_reference(step, zeros)


def _converted(step: Step) -> torch.Tensor | None:
    """What a conversion to another dtype was given, in float64; None of any other step."""
    given, made = [one for one in step.arguments if isinstance(one, torch.Tensor)], step.values[0]
    if len(given) != 1 or step.name not in _CONVERTING or not given[0].is_floating_point():
        return None
    return given[0].double() if given[0].shape == made.shape and given[0].dtype != made.dtype else None


def _is_plain_zero(step: Step, index: Index) -> bool:
    """Whether the zero follows from the operands at a glance: 0*b, exp(-inf), or products that float64 has room for."""
    tensors = [argument for argument in step.arguments if isinstance(argument, torch.Tensor)]
    if step.elementwise and step.name.removesuffix("_") not in _ADDING:
        elements = [element_at(tensor, own) for tensor in tensors if (own := inside(index, tensor.shape)) is not None]
        return any(element == 0 or (element is not None and isinf(element)) for element in elements)
    if step.name in ("prod", "cumprod"):
        return any(bool((tensor == 0).any()) for tensor in tensors)
    narrow = all(tensor.dtype is not torch.float64 for tensor in tensors)
    return narrow and step.name not in _EXPONENTIAL


def _by_reference(step: Step, zeros: torch.Tensor) -> TrueValue | None:
    """The first of these zeros to 50 digits, if it is none there: the exponents of the reference have no end."""
    index = first(zeros)
    operands = _operands(step, index)
    found = None if operands is None else step.operation.exact(operands)
    if found is None:
        return None
    element = found.reshape(-1)[0] if found.size == 1 else found[index] if found.shape == zeros.shape else 0
    if element == 0 or element != element:
        return None
    from mpmath import mp  # it is loaded by now

    return TrueValue(index, mp.nstr(element, 6), float(abs(element)))


def _operands(step: Step, index: Index) -> list[object] | None:
    """The arguments as arrays: of an elementwise operation the element alone; None if there is too much of them."""
    found: list[object] = []
    for argument in step.arguments:
        if not isinstance(argument, torch.Tensor):
            found.append(argument)
        elif argument.is_complex() or (not step.elementwise and argument.numel() > MAX_ELEMENTS_OF_OPERAND):
            return None
        else:
            own = inside(index, argument.shape) if step.elementwise else None
            found.append(array(argument[own] if own else argument))
    return found
