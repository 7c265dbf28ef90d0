"""What the true gradient does at a point where PyTorch's is not finite, as a sentence."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

from gradcli.diagnose.equivalence.truth import Truth
from gradcli.diagnose.fixes.attach import shown

if TYPE_CHECKING:
    from gradcli.numerics.reference.converging import Limit
    from gradcli.numerics.reference.slope import Real


def about(truth: Truth) -> str:
    """The sentence for a point at which no rewrite holds; empty where nothing is known."""
    if not truth.bad or truth.limits is None:
        return ""
    if _value_depends_on_the_side(truth):
        return "No rewrite is right: the value has no limit there, it depends on the side from which the inputs come"
    found = list(_slopes(truth))
    for name, at, limit in found:
        if limit.kind == "sides":
            return f"No rewrite is right: {_sides(limit, _place(truth, name, at))}"
        if limit.kind == "unknown":
            return f"By the reference the true slope settles on no number as {_place(truth, name, at)} is approached"
    for name, at, limit in found:
        if limit.kind == "limit" and limit.value is not None and math.isinf(float(limit.value)):
            known = f"{'-' if limit.value < 0 else ''}10^{_exponent(limit.value)}"
            return f"By the reference the true gradient at {_place(truth, name, at)} is near {known}, beyond float64"
    if found and all(limit.kind == "limit" for _, _, limit in found) and truth.is_complete:
        limits_shown = shown(_gradients(truth))
        for name, _, limit in found:
            dtype = truth.points[0].leaves[name].dtype
            if limit.value is not None and abs(limit.value) > torch.finfo(dtype).max:
                narrow = str(dtype).removeprefix("torch.")
                return f"By the reference the true gradient is {limits_shown}, which {narrow} cannot hold"
        return f"By the reference the true gradient tends to {limits_shown}, but no rewrite that was tried has it"
    return ""


def _exponent(value: Real) -> int:
    """Of the power of ten next to a number that no float holds."""
    from mpmath import mp

    return int(mp.nint(mp.log10(abs(value))))


def _value_depends_on_the_side(truth: Truth) -> bool:
    """Whether there are elements of the value that do not exist and have no limit either."""
    original = truth.points[0].wide
    if original is None or truth.limits is None:
        return False
    known = original.value.isfinite().reshape(-1).tolist()
    values = zip(truth.limits[0].value.ravel(), known, strict=True)
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


def _sides(limit: Limit, place: str) -> str:
    """What the sides of one element do."""
    sides = [(float(one), float(other)) for one, other in limit.pairs]
    if any(math.isinf(side) for pair in sides for side in pair):
        return f"the true slope grows without bound at {place}"
    if len(sides) == 1:
        right, left = sides[0]
        return f"the true slope tends to {right:.6g} from the right and to {left:.6g} from the left of {place}"
    return f"the true slope depends on the direction from which {place} is approached"


def _place(truth: Truth, name: str, at: int) -> str:
    leaf = truth.points[0].leaves[name]
    index = torch.unravel_index(torch.tensor(at), leaf.shape) if leaf.ndim else ()
    written = ", ".join(str(int(part)) for part in index)
    return f"{name}[{written}]" if written else name


def _gradients(truth: Truth) -> dict[str, torch.Tensor | None]:
    """PyTorch's gradients with the limits in the places where they are not finite."""
    original = truth.points[0].narrow
    assert original is not None
    found: dict[str, torch.Tensor | None] = {}
    for name, gradient in (original.gradients or {}).items():
        found[name] = None if gradient is None else gradient.detach().double().contiguous().clone()
    for name, at, limit in _slopes(truth):
        tensor = found[name]
        if tensor is not None and limit.value is not None:
            tensor.view(-1)[at] = float(limit.value)
    return found
