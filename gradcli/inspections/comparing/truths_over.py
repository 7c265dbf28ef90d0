"""The truth of two sides over ranges: whose it is, and whether both have the same one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from gradcli.inspections.comparing.known import Known, by_arb
from gradcli.inspections.comparing.rows import same
from gradcli.inspections.comparing.sides import ExpressionSide, Leaves, Side

_SAME = 2.0**-55
"""Two truths that Arb knows to 60 binary digits are one if they differ by less, relative to them."""
_NOTHING = 2.0**-1060


class TruthsOver:
    """The truths of both sides where the named inputs are ranges.

    Arb is asked of an expression of the one ranged input; 50 digits, at a few places, of any other expression.
    differ: whether two truths were found that are not one. were_compared: whether any were held against each other.
    """

    def __init__(self, sides: Sequence[Side], ranges: Sequence[str]) -> None:
        self.sides = [side if isinstance(side, ExpressionSide) else None for side in sides]
        self.ranges = tuple(ranges)
        self.differ = self.were_compared = False
        self.name = ranges[0] if len(ranges) == 1 else None
        self.bounded = [side is not None and {*side.bound.program.free_names} == {self.name} for side in self.sides]

    def everywhere(self, leaves: Leaves, name: str | None) -> Known | None:
        """By Arb at each place, of the first side that it bounds; of none where the sides have two truths."""
        for at in () if self.differ else range(2):
            found = self._by_arb(at, leaves, name)
            if found is not None:
                return found
        return None

    def at(self, leaves: Leaves, name: str | None, places: Sequence[int]) -> list[Any]:
        """By 50 digits at some places; None where there is no truth, or two slopes."""
        for side in () if self.differ else self.sides:
            found = None if side is None else self._by_digits(side, leaves, name, places)
            if found is not None:
                return found
        return [None] * len(places)

    @property
    def of(self) -> Literal["both", "first", "second"] | None:
        """Whose truth there may be."""
        held = [side is not None for side in self.sides]
        return "both" if all(held) else "first" if held[0] else "second" if held[1] else None

    def hold_together(self, leaves: Leaves, name: str | None, places: Sequence[int]) -> None:
        """Note whether the sides have two truths at some places. Where one has none, nothing is noted."""
        if self.of != "both" or not places or self.differ:
            return
        one, other = (self._by_arb(at, self._some(leaves, places), name) for at in range(2))
        if one is not None and other is not None:
            self.differ, self.were_compared = not _agree(one, other), True
            return
        first, second = (self._by_digits(side, leaves, name, places) for side in self.sides if side is not None)
        if first is not None and second is not None:
            self.were_compared = True
            pairs = zip(first, second, strict=True)
            self.differ = not all(mine is None or theirs is None or same(mine, theirs) for mine, theirs in pairs)

    def _some(self, leaves: Leaves, places: Sequence[int]) -> Leaves:
        """The inputs at some places; those that are in no range as they are."""
        return {name: leaf[list(places)] if name in self.ranges else leaf for name, leaf in leaves.items()}

    def _by_digits(
        self, side: ExpressionSide, leaves: Leaves, name: str | None, places: Sequence[int]
    ) -> list[Any] | None:
        truth = side.truth(self._some(leaves, places))
        if truth is None:
            return None
        if name is None:
            found = np.broadcast_to(truth.value, (len(places),)).tolist()
            return [None if one is None or one != one else one for one in found]
        if name not in truth.slopes:
            return [0] * len(places)
        return [slope.value if slope.kind == "smooth" else None for slope in truth.slopes[name].tolist()]

    def _by_arb(self, at: int, leaves: Leaves, name: str | None) -> Known | None:
        side = self.sides[at]
        if side is None or not self.bounded[at] or self.name is None:
            return None
        found = by_arb(side.bound.program, self.name, 0 if name is None else 1, leaves[self.name].cpu())
        self.bounded[at] = found is not None
        return found


def _agree(one: Known, other: Known) -> bool:
    size = np.maximum(np.abs(one.truth), np.abs(other.truth))
    with np.errstate(invalid="ignore"):
        apart = np.abs((one.truth - other.truth) + (one.rest - other.rest)) > _SAME * size + _NOTHING
    both = one.is_known & other.is_known & np.isfinite(size)
    return not bool((apart & both).any() or (one.kinks != other.kinks).any())
