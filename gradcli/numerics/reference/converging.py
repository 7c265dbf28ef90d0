"""What a number tends to, from its values at three distances, each the square of the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from mpmath import mp

from gradcli.numerics.reference.reals import INF, NEGLIGIBLE, ZERO, finite
from gradcli.numerics.reference.slope import Real

SETTLED = mp.mpf("1e-9")
"""Relative error with which the last value is taken for the limit."""
SAME = mp.mpf("1e-8")
"""Relative difference between the limits of two sides below which they are one."""
SHRINKS = mp.mpf("0.1")
"""How much smaller the second change has to be than the first, and what tends to zero from step to step."""
GROWS = mp.mpf("1.2")
"""What grows by this factor from step to step, and does so three times, has no bound: a logarithm grows by 2."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The limit of one number at a point.

    limit: every side tends to `value`. sides: opposite sides tend to different numbers, one of which may be infinite.
    undefined: no side has values. unknown: some side did not settle.
    pairs: for each line through the point what the number tends to on its two sides; nan for a side without values.
    """

    kind: Literal["limit", "sides", "undefined", "unknown"]
    value: Real | None = None
    pairs: tuple[tuple[Real, Real], ...] = ()

    @property
    def is_bounded(self) -> bool:
        """Whether no side tends to an infinity."""
        return self.kind in ("limit", "sides") and all(
            finite(side) or side != side for pair in self.pairs for side in pair
        )


UNKNOWN = Limit("unknown")


def tends_to(value: Callable[[int], Real]) -> Real | None:
    """The limit of a sequence: finite, infinite, nan where it has no values; None where it did not settle.

    value: the number at 0, 1 or 2, asked for from the last one on, as long as those behind it settle nothing.
    """
    third = value(2)
    if not finite(third):
        return third
    second = value(1)
    if not finite(second):
        return None
    if max(abs(second), abs(third)) < NEGLIGIBLE:
        return ZERO  # exp(-1e30) grows from step to step as well
    last = abs(third - second)
    if last <= SETTLED * SETTLED * abs(third):
        return third
    first = value(0)
    if not finite(first):
        return None
    sizes = abs(first), abs(second), abs(third)
    if sizes[0] > 0 and sizes[1] <= SHRINKS * sizes[0] and sizes[2] * sizes[0] <= SHRINKS * sizes[1] * sizes[1]:
        return ZERO  # a power of the distance, which shrinks faster from square to square
    change = abs(second - first)
    # what is left of a power of the distance after the last step: its square, as the distance is squared each time
    if last <= SHRINKS * change and last * (last / change) ** 2 <= SETTLED * sizes[2]:
        return third
    if sizes[2] >= GROWS * sizes[1] >= GROWS * GROWS * sizes[0] and third * second > 0:
        return INF if third > 0 else -INF
    return None


def joined(pairs: Iterable[tuple[Real | None, Real | None]]) -> Limit:
    """One limit of what each line through the point tends to on its two sides; none is asked for behind an open one."""
    found = []
    for one, other in pairs:
        if one is None or other is None:
            return UNKNOWN
        found.append((one, other))
    settled = tuple(found)
    sides = [side for pair in settled for side in pair if side == side]
    if not sides:
        return Limit("undefined")
    if all(finite(side) and _same(side, sides[0]) for side in sides):
        return Limit("limit", sides[0], settled)
    return Limit("sides", None, settled)


def _same(one: Real, other: Real) -> bool:
    return bool(abs(one - other) <= SAME * max(abs(one), abs(other)))
