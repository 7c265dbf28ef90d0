"""From difference quotients at several precisions to a slope: which are believed, and which need more digits."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from mpmath import mp

from gradcli.numerics.reference.reals import INF, NAN, NEGLIGIBLE, ZERO, finite
from gradcli.numerics.reference.slope import UNKNOWN, Real, Slope


@dataclass(frozen=True, slots=True)
class Level:
    """A precision and a step: `digits` of working precision, x moves by |x| * 10**-step, or 10**-step at 0.

    A small step needs twice its digits; what is left beyond is what cancellation inside the function may cost.
    doubt: summands that lie further apart than so many digits put what is measured here into doubt.
    """

    digits: int
    step: int
    doubt: int | None = None


def ladder(digits: int) -> tuple[Level, ...]:
    """The precisions to try.

    The first two settle whatever is smooth and not hidden. The third shows slopes down to 1e-345 beside values of
    size 1 (1 + erf(-30)), so zeros are believed from there on; the fourth moves far less, so that a kink is one. The
    last two move less than the least float64 number: nothing can hide beside zero. No two have the same difference of
    digits and step: one unit of rounding would look like the same slope at both.
    """
    return (
        Level(digits, digits // 3),
        Level(2 * digits, 2 * digits // 3, doubt=2 * digits - 2 * digits // 3 - digits // 2),
        Level(430, 30),
        Level(500, 60),
        Level(1300, 400),
        Level(1400, 430),
    )


ZERO_LEVEL = 2
FINE_LEVEL = 3
FINEST_LEVEL = 4
LAST_LEVEL = 5

_STRAIGHT = mp.mpf("1e-5")
_SAME_JUMP = mp.mpf("1e-6")
_GROWTH = mp.mpf("1.01")
"""How much more a quotient without a bound has at the last step than at the one before: log(log(1 / x)) grows so."""
_SMALL = mp.mpf("1e-20")
_POWER = 0.01
_SAME_POWER = 0.1
_SAME_LOGARITHM = 0.02


@dataclass(frozen=True, slots=True)
class Quotients:
    """Differences of one output by one input at one level; not finite on a side where the function is not.

    step: the distance moved.
    """

    step: Real
    left: Real
    right: Real

    @property
    def central(self) -> Real:
        return (self.left + self.right) / 2

    @property
    def jump(self) -> Real:
        return abs(self.right - self.left)

    @property
    def steepest(self) -> Real:
        return max(abs(self.left), abs(self.right))


def next_level(level: int, measured: Quotients) -> int:
    """Where to look after `level`: what is exactly flat, or broken, needs other digits than what is smooth."""
    if level > 0:
        return level + 1
    irregular = not finite(measured.jump) or measured.steepest == 0 or measured.jump > measured.steepest / 1000
    return ZERO_LEVEL if irregular else 1


def believed(history: dict[int, Quotients], *, x: Real, digits: int) -> Slope | None:
    """The slope that the quotients so far establish; None to ask for the next level.

    A side of it may be JUMPS: then the slope of that piece has still to be measured.
    """
    latest = max(history)
    new = history[latest]
    if not finite(new.left) and not finite(new.right):
        return UNKNOWN
    hides_zero = 0 < abs(x) < _SMALL  # a step relative to x is too short to show the slope of cos
    if latest >= (FINEST_LEVEL if hides_zero else ZERO_LEVEL) and new.steepest < NEGLIGIBLE:
        return Slope("smooth", ZERO)
    earlier = [history[level] for level in sorted(history, reverse=True)[1:]]
    same = mp.mpf(10) ** -(digits // 2)
    fine = latest >= (FINEST_LEVEL if abs(x) < _SMALL else FINE_LEVEL)
    for old in earlier:
        if _is_smooth(old, new, same, may_be_zero=fine):
            return Slope("smooth", new.central)
    if not fine or not earlier:
        return None
    old = earlier[0]
    left = _side(old.left, new.left, old, new, same)
    right = _side(old.right, new.right, old, new, same)
    if latest == LAST_LEVEL:
        nearer = sorted(history.values(), key=lambda quotients: -quotients.step)
        steps = [quotients.step for quotients in nearer]
        left = _unsettled([quotients.left for quotients in nearer], steps) if left is None else left
        right = _unsettled([quotients.right for quotients in nearer], steps) if right is None else right
    if left is None or right is None or (latest < FINEST_LEVEL and (left is JUMPS or right is JUMPS)):
        return None if latest < LAST_LEVEL else UNKNOWN
    return _joined(left, right)


def _is_smooth(old: Quotients, new: Quotients, same: Real, *, may_be_zero: bool) -> bool:
    """Whether two levels agree on one slope for both sides; that it is exactly zero is not believed early."""
    if not (finite(old.jump) and finite(new.jump)):
        return False
    central = new.central
    if abs(central - old.central) > same * abs(central) or (central == 0 and not may_be_zero):
        return False
    small, large = (new, old) if new.step < old.step else (old, new)
    return bool(small.jump <= _STRAIGHT * large.jump or new.jump <= same * abs(central))


class _Jumps:
    """On this side the function itself jumps: its slope has to be measured beside the point."""


JUMPS = _Jumps()
Side = Any
"""A number, an infinity, nan for a side without values, JUMPS, or None if unsettled."""


def _side(before: Real, now: Real, old: Quotients, new: Quotients, same: Real) -> Side:
    """What one side is from one step to the next."""
    if not finite(now):
        return NAN
    if abs(now) < NEGLIGIBLE:
        return ZERO
    if abs(now - before) <= same * abs(now):
        return now
    change = now * new.step
    if abs(change - before * old.step) <= _SAME_JUMP * abs(change):
        return JUMPS
    return None


def _unsettled(quotients: list[Real], steps: list[Real]) -> Side:
    """What the quotients of a side tend to that are never equal: zero or an infinity.

    quotients: from the longest step to the shortest.
    """
    if not all(map(finite, quotients[-3:])):
        return None
    if _vanishes(quotients[-3:], steps[-3:]):
        return ZERO
    before, now = quotients[-2:]
    limit = INF if now > 0 else -INF
    rises = all((later - one) * limit > 0 for one, later in pairwise(filter(finite, quotients)))
    return limit if rises and before != 0 and now / before >= _GROWTH else None


def _vanishes(quotients: list[Real], steps: list[Real]) -> bool:
    """Whether three quotients fall with their steps as a power of the step does, or as one over its logarithm.

    x**1.5 has the quotient step**0.5 at 0, x / log(x) has 1 / log(step): both tend to zero, and are never equal.
    """
    sizes, lengths = [mp.log(abs(q)) for q in quotients], [mp.log(step) for step in steps]
    before, now = ((sizes[k + 1] - sizes[k]) / (lengths[k + 1] - lengths[k]) for k in (0, 1))
    if now > _POWER:
        return bool(abs(before - now) < _SAME_POWER * now)
    weighted = [quotient * length for quotient, length in zip(quotients, lengths, strict=True)]
    apart = max(abs(one - weighted[-1]) for one in weighted)
    return bool(apart < _SAME_LOGARITHM * abs(weighted[-1]))


def _joined(left: Side, right: Side) -> Slope:
    if left is JUMPS or right is JUMPS:
        return Slope("kink", None, *(None if side != side else side for side in (left, right)))
    if left != left:
        return Slope("smooth", right)
    if right != right:
        return Slope("smooth", left)
    if left == right:
        return Slope("smooth", right)
    return Slope("kink", None, left, right)
