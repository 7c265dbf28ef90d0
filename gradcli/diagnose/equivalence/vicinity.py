"""What float64's gradients tend to ever closer to a point: the evidence where the reference has no rule, or no time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import torch

from gradcli.diagnose.equivalence.closeness import near_number
from gradcli.diagnose.equivalence.comparison_point import ComparisonPoint

if TYPE_CHECKING:
    from gradcli.numerics.reference.converging import Limit

FAR, CLOSE_BY = 1e-2, 1e-4
"""Relative to each element, or absolute at 0; closer, a 0/0 has lost its digits in float64."""
CLOSE = 1e-3
"""An error so small a part of the gradients nearby is none."""
SHRINKS = 0.35
"""How much smaller the error has to be close by than far: that of h**0.25 shrinks to 0.32."""


class Vicinity:
    """The original's gradients in float64 around one comparison point."""

    def __init__(self, point: ComparisonPoint) -> None:
        self.point = point
        self._known: dict[tuple[int, float], Mapping[str, torch.Tensor | None]] = {}

    def is_limit(self, name: str, found: torch.Tensor, limit: Limit) -> bool:
        """Whether a number of the gradient of an input is the limit, to rounding beside those nearby.

        What is nearby is only computed where the digits alone do not tell.
        """
        if limit.value is None:
            return False
        return near_number(found, limit.value, 0.0) or near_number(found, limit.value, self.size(name))

    def tends_to(self, name: str, gradient: torch.Tensor, rounding: float) -> torch.Tensor:
        """At which elements the gradients of an input tend to `gradient`, on every side that has any.

        rounding: what the gradient may be off by beside the largest ones nearby.
        """
        right = torch.ones_like(gradient, dtype=torch.bool)
        seen = torch.zeros_like(right)
        for side in range(len(self._sides)):
            first, last = (self._gradients(side, distance).get(name) for distance in (FAR, CLOSE_BY))
            if first is None or last is None:
                continue
            defined = torch.isfinite(first) & torch.isfinite(last)
            scale = torch.maximum(gradient.abs(), first.abs())
            before, after = (first - gradient).abs(), (last - gradient).abs()
            right &= ~defined | (after <= CLOSE * scale + rounding) | (after <= SHRINKS * before)
            seen |= defined
        return right & seen

    def size(self, name: str) -> float:
        """How large the gradients of an input are at the greater distance, where they are finite."""
        found = [self._gradients(side, FAR).get(name) for side in range(len(self._sides))]
        return max(
            (float(g[torch.isfinite(g)].abs().max()) for g in found if g is not None and g.isfinite().any()),
            default=0.0,
        )

    @cached_property
    def _sides(self) -> list[dict[str, torch.Tensor]]:
        return list(self._signs())

    def _signs(self) -> Iterator[dict[str, torch.Tensor]]:
        """All to the right, all to the left, and two generic directions with their opposites; each with its sizes."""
        generator = torch.Generator().manual_seed(3)
        leaves = {name: self.point.leaves[name].detach() for name in self.point.bound.wrt}
        for mixed in (False, True):
            sizes = {n: 0.5 + torch.rand(t.shape, generator=generator, dtype=torch.float64) for n, t in leaves.items()}
            for name, size in sizes.items() if mixed else ():
                sizes[name] = size * (torch.randint(0, 2, size.shape, generator=generator) * 2 - 1)
            yield sizes
            yield {name: -size for name, size in sizes.items()}

    def _gradients(self, side: int, distance: float) -> Mapping[str, torch.Tensor | None]:
        """The gradients at a distance on one side; none where they cannot be computed."""
        known = side, distance
        if known not in self._known:
            point, moved = self.point, dict(self.point.leaves)
            for name, size in self._sides[side].items():
                here = moved[name].detach().double()
                moved[name] = here + distance * size.to(here.device) * torch.where(here == 0, 1.0, here.abs())
            outcome = point.moved_to(moved).wide
            self._known[known] = {} if outcome is None or outcome.gradients is None else outcome.gradients
        return self._known[known]
