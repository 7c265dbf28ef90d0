"""When two numbers, or two tensors, count as equal although rounding has moved them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from gradcli.numerics.precision import half_the_digits

if TYPE_CHECKING:
    from gradcli.numerics.reference.slope import Real

ROUNDING = 64
"""How many units in the last place two equal values may differ by, after sums and powers."""
CONDITION = 4
"""How many times the change over a few ULPs of the inputs two equal values may differ by."""
JUMP = 0.5
"""A greater relative change over a few ULPs says nothing of digits: the function jumps there."""


def equal(
    mine: torch.Tensor,
    theirs: torch.Tensor,
    better: torch.Tensor | None,
    beside: Callable[[], list[torch.Tensor]],
    exact: Callable[[], torch.Tensor | None],
    *,
    half: bool = False,
) -> bool:
    """Whether `mine` is `theirs` or, where rounding took its digits, what knows better.

    better: in float64. beside: the same a few ULPs aside. exact: at 50 digits. The last two are asked only if need be.
    """
    if torch.equal(mine, theirs):
        return True
    same = near(mine, theirs, half=half)
    if better is not None and better.shape == mine.shape:
        same |= near(mine, better, half=half, only_finite=True)
    if same.all():
        return True
    difference = (mine.detach().double() - theirs.detach().double()).abs()
    for other in beside():
        if other.shape == mine.shape:
            change = (other.detach().double() - theirs.detach().double()).abs()
            steady = change <= JUMP * torch.maximum(other.detach().double().abs(), theirs.detach().double().abs())
            same |= steady & (difference <= CONDITION * change)
    known = None if same.all() else exact()
    if known is not None:
        same |= near(mine, known, half=half, only_finite=True)
        if not half:
            same |= known.isnan()  # a value without a truth: sqrt(x**3) below 0 where x**3 underflows
    return bool(same.all())


def near(found: torch.Tensor, expected: torch.Tensor, *, half: bool = False, only_finite: bool = False) -> torch.Tensor:
    """Where two tensors are equal to rounding, or to half of their digits; anything is near what is not finite."""
    dtypes = [t.dtype for t in (found, expected) if t.is_floating_point()]
    eps = max((torch.finfo(dtype).eps for dtype in dtypes), default=0.0)
    relative = max((half_the_digits(dtype) for dtype in dtypes), default=0.0) if half else ROUNDING * eps
    first, second = found.detach().double(), expected.detach().double()
    finite = torch.isfinite(second)
    scale = second[finite].abs().max().clamp(min=1.0) if half and finite.any() else 1.0
    near = (first - second).abs() <= relative * torch.maximum(first.abs(), second.abs()) + ROUNDING * eps * scale
    return near & finite if only_finite else near | ~finite


def near_number(found: torch.Tensor, true: Real, size: float) -> bool:
    """Equal to half of the dtype's digits, or to rounding beside numbers of this size."""
    number, expected = float(found.double()), float(true)
    if number == expected:
        return True
    close = half_the_digits(found.dtype) * max(abs(number), abs(expected))
    return abs(number - expected) <= close + rounding_beside(found.dtype, size)


def rounding_beside(dtype: torch.dtype, size: float) -> float:
    """What digits are lost without anyone's fault beside numbers of a size, or below the smallest normal one."""
    info = torch.finfo(dtype)
    return ROUNDING * info.eps * size + info.smallest_normal
