"""Where two tensors differ by more than the rounding of their dtype explains."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from gradcli.diagnose.equivalence.closeness import CONDITION, ROUNDING
from gradcli.numerics.precision import half_the_digits

STEADY = 0.1
"""A greater relative change over a few ULPs is a jump, as beside a kink, and says nothing of digits."""

Pair = tuple[torch.Tensor, torch.Tensor]


def differing(
    first: torch.Tensor,
    second: torch.Tensor,
    beside: Callable[[], Sequence[Pair]],
    known_not_zero: torch.Tensor | None,
    *,
    gradient: bool,
    elementwise: bool = False,
) -> torch.Tensor:
    """The elements at which two tensors are not the same to rounding: half of the digits, for values 64 ULPs.

    beside: for each side of the comparison its tensor a few ULPs aside and its tensor here; asked only if need be: what
        the inputs' last digits move as much is no difference.
    known_not_zero: where the truth is a number other than zero, beside which no error is too small to count; None where
        the truth is not known.
    elementwise: each element stands alone, and the size of others says nothing of what cancelled in it.
    """
    floating = [t.dtype for t in (first, second) if t.is_floating_point()]
    eps = max((torch.finfo(dtype).eps for dtype in floating), default=0.0)
    tiny = max((torch.finfo(dtype).smallest_normal for dtype in floating), default=0.0)
    half = max(map(half_the_digits, floating), default=0.0)
    one, other = first.detach().double(), second.detach().double()
    difference, size = (one - other).abs(), torch.maximum(one.abs(), other.abs())
    finite = torch.isfinite(size)
    relative = half if gradient else min(ROUNDING * eps, half)
    same = (one == other) | (one.isnan() & other.isnan()) | (finite & (difference <= relative * size + tiny))
    if not same.all():
        largest = size.clamp(min=1) if elementwise else max(1.0, float(size[finite].max())) if finite.any() else 1.0
        # what is left of terms that cancel, which may have been larger where nobody knows the truth
        left = half if gradient and known_not_zero is None else min(ROUNDING * eps, half)
        cancelled = finite & (difference <= left * largest)
        same |= cancelled if known_not_zero is None else cancelled & ~known_not_zero
    if not same.all():
        for aside, here in beside():
            if aside.shape != one.shape:
                continue
            there, own = aside.detach().double(), here.detach().double()
            change = (there - own).abs()
            steady = change <= STEADY * torch.maximum(there.abs(), own.abs())
            same |= finite & steady & (difference <= CONDITION * change)
    return ~same
