"""What the true gradient does at a point where PyTorch's is not finite, as a sentence."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch

from gradcli.diagnose.equivalence.truth import Truth
from gradcli.diagnose.findings.finding import as_part
from gradcli.numerics.capture import dtype_name
from gradcli.results.parts import At, Phrase, phrase

if TYPE_CHECKING:
    from gradcli.numerics.reference.converging import Limit
    from gradcli.numerics.reference.slope import Real


def about(truth: Truth) -> Phrase | None:
    """What is so at a point at which no rewrite holds; None where nothing is known."""
    if not truth.bad or truth.limits is None:
        return None
    if _value_depends_on_the_side(truth):
        return _none_is_right(phrase("the value has no limit there, it depends on the side from which the inputs come"))
    found = list(_slopes(truth))
    for name, at, limit in found:
        if limit.kind == "sides":
            return _none_is_right(_sides(limit, _at(truth, name, at)))
        if limit.kind == "unknown":
            return phrase(
                "By the reference the true slope settles on no number as {at} is approached", at=_at(truth, name, at)
            )
    for name, at, limit in found:
        if limit.value is not None and math.isinf(float(limit.value)):
            return phrase(
                "By the reference the true gradient at {at} is near {sign}10^{exponent}, beyond float64",
                at=_at(truth, name, at),
                sign="-" if limit.value < 0 else None,
                exponent=_exponent(limit.value),
            )
    if all(limit.kind == "limit" for _, _, limit in found) and truth.is_complete:
        limits = as_part(_gradients(truth))
        for name, _, limit in found:
            dtype = truth.points[0].leaves[name].dtype
            assert limit.value is not None
            if abs(limit.value) > torch.finfo(dtype).max:
                return phrase(
                    "By the reference the true gradient is {limits}, which {dtype} cannot hold",
                    limits=limits,
                    dtype=dtype_name(dtype),
                )
        return phrase(
            "By the reference the true gradient tends to {limits}, but no rewrite that was tried has it", limits=limits
        )
    return None


def _none_is_right(cause: Phrase) -> Phrase:
    return phrase("No rewrite is right").because(cause)


def _exponent(value: Real) -> int:
    """Of the power of ten next to a number that no float holds."""
    from mpmath import mp

    return int(mp.nint(mp.log10(abs(value))))


def _value_depends_on_the_side(truth: Truth) -> bool:
    """Whether there are elements of the value that do not exist and have no limit either."""
    assert truth.limits is not None
    values = zip(truth.limits[0].value.ravel(), truth.has_value(truth.limits[0]), strict=True)
    return any(not is_known and _differs(limit) for limit, is_known in values)


def _differs(limit: Limit) -> bool:
    """Whether two sides tend to different numbers; the same infinity is one."""
    sides = [float(side) for pair in limit.pairs for side in pair if side == side]
    return limit.kind == "sides" and len(set(sides)) > 1


def _slopes(truth: Truth) -> Iterator[tuple[str, int, Limit]]:
    assert truth.limits is not None
    for name, limits in truth.limits[0].slopes.items():
        for at, limit in limits.items():
            yield name, at, limit


def _sides(limit: Limit, at: At) -> Phrase:
    """What the sides of one element do."""
    sides = [(float(one), float(other)) for one, other in limit.pairs]
    if any(math.isinf(side) for pair in sides for side in pair):
        return phrase("the true slope grows without bound at {at}", at=at)
    if len(sides) == 1:
        right, left = sides[0]
        return phrase(
            "the true slope tends to {right} from the right and to {left} from the left of {at}",
            right=right,
            left=left,
            at=at,
        )
    return phrase("the true slope depends on the direction from which {at} is approached", at=at)


def _at(truth: Truth, name: str, element: int) -> At:
    leaf = truth.points[0].leaves[name]
    return At(name, tuple(map(int, np.unravel_index(element, leaf.shape))))


def _gradients(truth: Truth) -> dict[str, torch.Tensor | None]:
    """PyTorch's gradients with the limits in the places where they are not finite."""
    found: dict[str, torch.Tensor | None] = {}
    for name, gradient in truth.points[0].gradients.items():
        found[name] = None if gradient is None else gradient.detach().double().contiguous().clone()
    for name, at, limit in _slopes(truth):
        tensor = found[name]
        assert limit.value is not None
        if tensor is not None:
            tensor.view(-1)[at] = float(limit.value)
    return found
