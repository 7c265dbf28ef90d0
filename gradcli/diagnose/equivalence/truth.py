"""What the gradient at a point should be where PyTorch's is not finite, and whether a rewrite has it.

By the reference: the limit of the true gradient, from every side on which the function is defined. Where the sides
differ, the limit inside the branches that the program itself selects there, or at a kink the subgradient that one of
PyTorch's own functions takes. Where there is no reference, what float64's gradients tend to ever closer to the point.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import torch

from gradcli.diagnose.equivalence.closeness import near_number, rounding_beside
from gradcli.diagnose.equivalence.comparison_point import Candidate, ComparisonPoint, Outcome
from gradcli.diagnose.equivalence.vicinity import Vicinity
from gradcli.language.properties import is_elementwise_sum
from gradcli.numerics.capture import array
from gradcli.numerics.reference import NoReference

if TYPE_CHECKING:
    from gradcli.numerics.reference.converging import Limit
    from gradcli.numerics.reference.limits import Limits

BUDGET = 5_000
"""How many numbers each operation may compute in the search for limits; of more elements a sample is looked at."""
LINES = 30
"""Evaluations for one slope: lines through the point, two sides, three distances."""


class Truth:
    """The true gradients at one point, for the elements at which the original's are not finite.

    points: the comparison point, once for each cotangent. beside: it is not the user's own point, so that a rewrite
    need not be better than the original where there is no limit.
    """

    def __init__(self, points: Sequence[ComparisonPoint], *, beside: bool = False) -> None:
        self.points, self.beside = points, beside
        self.vicinities = [Vicinity(point) for point in points]

    @cached_property
    def bad(self) -> dict[str, torch.Tensor]:
        """For each input the elements whose gradient is not finite, in its dtype or in float64."""
        found: dict[str, torch.Tensor] = {}
        for point in self.points:
            for outcome in (point.narrow, point.wide):
                for name, broken in _broken(outcome).items():
                    found[name] = found[name] | broken if name in found else broken
        return found

    def allows(self, candidate: Candidate, *, constructed: bool) -> str | None:
        """What a rewrite's gradients are where they are right; None if they are not right.

        A `limit`; a `branch` if any of them is only that; a `subgradient` if any is only that.
        constructed: it selects between branches of its own making, so that what it has at a kink is a number that was
        put there.
        """
        kinds: set[str | None] = set()
        for at, point in enumerate(self.points):
            narrow, wide = candidate.at(point), candidate.at(point, wide=True)
            if narrow is None or (self.bad and not self._has_the_value(narrow.value)):
                return None
            bad_wide = _broken(point.wide)  # elsewhere the rewrite has float64's gradient, or the reference's
            for name, elements in self.bad.items():
                for outcome, places in ((narrow, elements), (wide, bad_wide.get(name))):
                    if places is not None:
                        found = _gradient(outcome, name, point.leaves[name])
                        kinds.update(self._kinds(at, name, found, places, constructed=constructed))
            if None in kinds:
                return None
        return "subgradient" if "subgradient" in kinds else "branch" if "branch" in kinds else "limit"

    def _kinds(
        self, point: int, name: str, gradient: torch.Tensor, places: torch.Tensor, *, constructed: bool
    ) -> Iterator[str | None]:
        """What the gradient of one input is at each of these elements."""
        vicinity, numbers, asked = self.vicinities[point], gradient.reshape(-1), places.reshape(-1)
        if self.limits is None and self.beside:
            return
        if self.limits is None and self.held is not None:
            # what nan_to_num puts in hangs on the dtype, its slope does not
            for at, limit in self.held[point].slopes[name].items():
                if asked[at]:
                    yield "branch" if vicinity.is_limit(name, numbers[at], limit) else None
            return
        if self.limits is None:
            rounding = rounding_beside(gradient.dtype, vicinity.size(name))
            tends = vicinity.tends_to(name, gradient.double(), rounding)
            yield "limit" if bool((tends | ~places).all()) else None
            return
        for at, limit in self.limits[point].slopes[name].items():
            found = numbers[at]
            if not asked[at] or (self.beside and limit.kind != "limit"):
                continue
            if limit.kind == "limit":
                yield "limit" if vicinity.is_limit(name, found, limit) else None
            elif limit.kind != "sides":
                yield None
            elif self.held and vicinity.is_limit(name, found, self.held[point].slopes[name][at]):
                yield "branch"
            elif not constructed and self._is_subgradient(self.limits[0], limit, found, vicinity.size(name)):
                yield "subgradient"
            else:
                yield None

    def _is_subgradient(self, limits: Limits, limit: Limit, found: torch.Tensor, size: float) -> bool:
        """Whether a gradient is the middle or a side of a kink of a function that is continuous there."""
        if not limit.is_bounded or not all(self.has_value(limits)):
            return False
        if any(value.kind != "limit" for value in limits.value.ravel()):
            return False
        return all(
            any(near_number(found, number, size) for number in (one, other, (one + other) / 2) if number == number)
            for one, other in limit.pairs
        )

    def has_value(self, limits: Limits) -> list[bool]:
        """For each number of the value whether the original has it in float64. limits: at the first point."""
        original = self.points[0].wide
        return [False] * limits.value.size if original is None else original.value.isfinite().reshape(-1).tolist()

    def _has_the_value(self, value: torch.Tensor) -> bool:
        """Whether a value is the limit of the original's wherever the original has none."""
        if self.limits is None:
            return True
        known = self.has_value(self.limits[0])
        for at, limit in enumerate(self.limits[0].value.ravel()):
            if known[at] or (self.beside and limit.kind != "limit"):
                continue
            sides = [side for pair in limit.pairs for side in pair if side == side]
            if limit.kind in ("undefined", "unknown"):
                return False
            if not all(near_number(value.reshape(-1)[at], side, 1.0) for side in sides):
                return False
        return True

    @cached_property
    def slopes(self) -> dict[str, torch.Tensor]:
        """The true gradients with the first cotangent, in float64; NaN where they are not known or do not exist."""
        known = {name: slopes.clone() for name, slopes in self.points[0].slopes.items()}
        for name, limits in (self.limits[0].slopes if known and self.bad and self.limits else {}).items():
            for at, limit in limits.items():
                held = self.held[0].slopes[name][at] if limit.kind == "sides" and self.held else limit
                known[name].view(-1)[at] = math.nan if held.value is None else float(held.value)
        return known

    @cached_property
    def limits(self) -> list[Limits] | None:
        """For each point the limits of value and slopes as the differentiated inputs move; None without a reference.

        What is not defined then has those as all inputs move, infinite constants included.
        """
        found = self._limits(self.points[0].bound.wrt)
        if found is None or not any(one.has_undefined for one in found):
            return found
        floating = [name for name, leaf in self.points[0].leaves.items() if leaf.is_floating_point()]
        wider = self._limits(floating, finite_constants=True)
        return found if wider is None else [one.completed_by(other) for one, other in zip(found, wider, strict=True)]

    @cached_property
    def held(self) -> list[Limits] | None:
        """The limits inside the branches that are selected at the point."""
        return self._limits(self.points[0].bound.wrt, hold_conditions=True)

    def _limits(
        self, moved: Sequence[str], *, hold_conditions: bool = False, finite_constants: bool = False
    ) -> list[Limits] | None:
        from gradcli.numerics.reference.limits import limits  # mpmath costs 0.2 s

        point, elements = self.points[0], self._sample()
        if elements is None:
            return None
        try:
            return limits(
                point.bound.program,
                {name: array(leaf.detach()) for name, leaf in point.leaves.items()},
                elements,
                moved=moved,
                cotangents=[None if one.cotangent is None else array(one.cotangent) for one in self.points],
                hold_conditions=hold_conditions,
                finite_constants=finite_constants,
            )
        except NoReference:
            return None

    @property
    def is_complete(self) -> bool:
        """Whether every bad element was looked at."""
        sample = self._sample() or {}
        return all(len(sample.get(name, ())) == int(elements.sum()) for name, elements in self.bad.items())

    def _sample(self) -> dict[str, list[int]] | None:
        """The bad elements of each input, or as many as there is time for; None if there is none for any."""
        count = max(sum(leaf.numel() for leaf in self.points[0].leaves.values()), 1)
        most = (BUDGET // (LINES * count) - 1) // 2
        found = {name: elements.reshape(-1).nonzero().reshape(-1).tolist() for name, elements in self.bad.items()}
        if is_elementwise_sum(self.points[0].bound.program) and LINES * count <= BUDGET:
            return found  # all elements are moved at once
        if most < 1:
            return None
        each = max(most // max(len(found), 1), 1)
        return {name: at[:: -(-len(at) // each)] for name, at in found.items()}


def _broken(outcome: Outcome | None) -> dict[str, torch.Tensor]:
    """For each input whose gradient is not finite, where it is not."""
    gradients = {} if outcome is None or outcome.gradients is None else outcome.gradients
    broken = {name: ~torch.isfinite(one) for name, one in gradients.items() if one is not None}
    return {name: elements for name, elements in broken.items() if elements.any()}


def _gradient(outcome: Outcome | None, name: str, leaf: torch.Tensor) -> torch.Tensor:
    gradient = None if outcome is None else outcome.gradient_of(name)
    return torch.zeros_like(leaf) if gradient is None else gradient.detach()
