"""The slopes of an operation to both sides of one number, by differences in float64."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import floor, inf, log10

import torch

from gradcli.diagnose.origins.elements import Index, largest
from gradcli.diagnose.origins.local import REFUSALS
from gradcli.numerics.literals import Context
from gradcli.recording.tape import Step

_STEP = 1e-7
"""Of the size of the numbers at the kink: the longer one of two steps to its sides."""
_SMALL = 1e-6
"""Of a value: less is no jump to speak of."""
_BESIDE = 1e-3
"""Of what the value rises over a step: a kink so close to the number is taken to be at it."""
_WHOLE = 0.9
"""Of what the value rises over a step: a jump is there over the tenth part of the step already."""
JUMPS = inf
"""In the place of a slope: the value itself is another one, however close."""


def one_sided(
    step: Step,
    index: Index,
    weights: torch.Tensor | None,
    context: Context,
    position: int = 0,
    which: int = 0,
    part: float = 1.0,
) -> tuple[float, float] | None:
    """The slopes of the two sides; JUMPS for one on which the value itself jumps. None where nothing tells.

    position: the argument whose element is moved, and with it every other that is the same tensor.
    which: of several values. part: of the usual steps to the sides.
    """
    first = step.arguments[position]
    assert isinstance(first, torch.Tensor)
    if first.is_complex():  # which has no two sides
        return None
    scale = _unit(largest(weights))
    double = replace(context, dtype=torch.float64)
    values = [_as_double(value, first.dtype) for value in step.arguments]
    same = [place for place, value in enumerate(step.arguments) if value is first]
    first = first.double()
    others = [value for place, value in enumerate(values) if place not in same]
    length = part * _STEP * _size(first[index] if step.elementwise else first, others)
    found = []
    for move in (-length, -length / 10, 0.0, length / 10, length):
        moved = first.clone()
        moved[index] += move
        try:
            result = step.operation.apply(
                [moved if place in same else value for place, value in enumerate(values)], double
            )
        except REFUSALS:
            return None
        value = result[which] if isinstance(result, tuple) else result
        assert isinstance(value, torch.Tensor)
        found.append(_weighted(value, None if weights is None else weights / scale))
    far_below, below, here, above, far_above = found
    left = _slope(here - far_below, here - below, length, here)
    right = _slope(far_above - here, above - here, length, here)
    return None if left is None or right is None else (left * scale, right * scale)


def _weighted(value: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
    """What moves with a value: itself, or its product with what arrives; of complex numbers the real part of that."""
    if value.is_complex():
        weights = torch.ones_like(value) if weights is None else weights
        return (value * weights.conj()).real.double()
    return value.double() if weights is None else value.double() * weights.double()


def _unit(size: float) -> float:
    """The power of ten below the size of what arrives, beside which slopes are rounded; 1 for nothing."""
    return 10.0 ** floor(log10(size)) if 0 < size < inf else 1.0


def _size(own: torch.Tensor, others: Sequence[object]) -> float:
    """The largest of the numbers that decide where the kink is; 1 where all of them are zero."""
    numbers = [own, *(one for one in others if isinstance(one, torch.Tensor) and one.is_floating_point())]
    sizes = [largest(one[torch.isfinite(one)]) for one in numbers]
    sizes += [abs(one) for one in others if isinstance(one, int | float) and not isinstance(one, bool)]
    return max((size for size in sizes if 0 < size < inf), default=1.0)


def _slope(far: torch.Tensor, near: torch.Tensor, length: float, here: torch.Tensor) -> float | None:
    """The slope of a side by what the value rises over a step, and over the tenth part of it; None where it overflows.

    Elements that are no numbers count for nothing.
    """
    known = torch.isfinite(far) & torch.isfinite(near)
    if not bool(known.any()):
        return None
    rise, start = float(far[known].sum()), float(near[known].sum())
    slope = (rise - start) / (0.9 * length)
    jump = abs(start - slope * length / 10)
    moved = largest(here[known & (near != 0)])
    # softplus jumps by 2e-9 at 20; and a kink that lies beside the number by rounding is none
    is_seen = jump > max(_SMALL * moved, abs(start) / 2, _BESIDE * max(abs(slope), 0.01) * length)
    if is_seen and abs(start) < _WHOLE * abs(rise):
        return None  # it grows without bound towards the number, and does not jump
    return JUMPS if is_seen else round(slope, 5) + 0.0


def _as_double(value: object, dtype: torch.dtype) -> object:
    """The value that an argument has in a dtype, in float64."""
    if isinstance(value, torch.Tensor):
        return value.double() if value.is_floating_point() else value
    return float(torch.tensor(value, dtype=dtype)) if isinstance(value, float) else value
