"""The truth of two sides over ranges: whose it is, and whether both have the same one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from gradcli.inspections.comparing.known import Known, by_arb
from gradcli.inspections.comparing.sides import ExpressionSide, Leaves, Side

_SAME = 2.0**-55
"""Two truths that Arb knows to 60 binary digits are one if they differ by less, relative to them."""
_NOTHING = 2.0**-1060


class TruthsOver:
    """The truths of both sides where the named inputs are ranges.

    Arb is asked of an expression of the one ranged input; 50 digits, at a few places, of any other expression.
    differ: whether two truths were found that are not one. held: which sides have a truth.
    """

    def __init__(self, sides: Sequence[Side], ranges: Sequence[str]) -> None:
        self.sides = [side if isinstance(side, ExpressionSide) else None for side in sides]
        self.ranges = tuple(ranges)
        self.differ = False
        self.held = [False, False]
        self.name = ranges[0] if len(ranges) == 1 else None
        self.bounded = [side is not None and {*side.bound.program.free_names} == {self.name} for side in self.sides]

    @property
    def of(self) -> Literal["both", "first", "second"] | None:
        """Whose truth there is."""
        first, second = self.held
        return "both" if first and second else "first" if first else "second" if second else None

    def everywhere(self, leaves: Leaves, name: str | None) -> Known | None:
        """By Arb at each place, of the first side that it bounds; of none where the sides have two truths."""
        for at in () if self.differ else range(2):
            found = self._by_arb(at, leaves, name)
            if found is not None:
                return found
        return None

    def at(self, leaves: Leaves, name: str | None, places: Sequence[int]) -> Known | None:
        """At some places, of the first side that has one; of none where the sides have two truths."""
        found = (self._at(side, leaves, name, places) for side in (() if self.differ else range(2)))
        return next((one for one in found if one is not None), None)

    def hold_together(self, leaves: Leaves, name: str | None, places: Sequence[int]) -> None:
        """Note which sides have a truth at some places, and whether these are two."""
        if not places or self.differ:
            return
        one, other = (self._at(side, leaves, name, places) for side in range(2))
        self.held = [found is not None or held for found, held in zip((one, other), self.held, strict=True)]
        self.differ = one is not None and other is not None and not _agree(one, other)

    def _at(self, at: int, leaves: Leaves, name: str | None, places: Sequence[int]) -> Known | None:
        some = {name: leaf[list(places)] if name in self.ranges else leaf for name, leaf in leaves.items()}
        return self._by_arb(at, some, name) or self._by_digits(at, some, name, len(places))

    def _by_arb(self, at: int, leaves: Leaves, name: str | None) -> Known | None:
        side = self.sides[at]
        if side is None or not self.bounded[at] or self.name is None:
            return None
        found = by_arb(side.bound.program, self.name, 0 if name is None else 1, leaves[self.name].cpu())
        self.bounded[at] = found is not None
        return found

    def _by_digits(self, at: int, leaves: Leaves, name: str | None, count: int) -> Known | None:
        side = self.sides[at]
        truth = None if side is None else side.truth(leaves)
        if truth is None:
            return None
        found = Known.nothing(count)
        if name is None:
            values = np.broadcast_to(truth.value, (count,)).tolist()
            found.put([None if one is None or one != one else one for one in values])
        elif name in truth.slopes:
            slopes = truth.slopes[name].tolist()
            found.put([slope.value if slope.kind == "smooth" else None for slope in slopes])
            found.kinks[:] = [slope.kind == "kink" for slope in slopes]
        else:  # the side has no such input
            found.truth[:] = 0.0
        return found


def _agree(one: Known, other: Known) -> bool:
    size = np.maximum(np.abs(one.truth), np.abs(other.truth))
    with np.errstate(invalid="ignore"):
        apart = np.abs((one.truth - other.truth) + (one.rest - other.rest)) > _SAME * size + _NOTHING
    both = one.is_known & other.is_known & np.isfinite(size)
    return not bool((apart & both).any() or (one.kinks != other.kinks).any())
