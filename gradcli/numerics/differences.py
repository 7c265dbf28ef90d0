"""Finite differences with error bars, in double precision: extrapolation to a step of zero, checked at smaller steps.

Source: Ridders (1982), Accurate computation of F'(x) and F'(x) F''(x); the noise as in Moré and Wild (2011),
Estimating computational noise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np

Function = Callable[[np.ndarray], np.ndarray]
"""Values at points; element i of the result belongs to point i."""

SMALLEST_SCALE = 1e-3
"""Points nearer to zero move as if they were this far from it, and then as far as they are, if that tells more."""
SIGNIFICANT = 1e-3
"""The part of a slope that its error bar may be for steps as small as a tiny point to be preferred."""

_SHRINK = 16.0
_COLUMNS = 4
_KINK_STEPS = 3
"""The smallest steps; from one to the next the gap between the sides of a smooth function falls by 16."""
_RESOLUTION = 1e-6
"""A value that moves in steps larger than this part of its whole change is a staircase, not rounded."""
_STAYS = (0.5, 8.0)
"""By how much the gap of a kink may change; that of |x|**0.5 grows by 4."""
_JUMPS = (15.0, 17.0)
_BLOW_UP = 2.0
_LARGE, _SMALL = 2.0**960, 2.0**-64


class _Steps(NamedTuple):
    """The numbers of a dtype, and the steps that tell the most in it, relative to the scale of a point.

    slopes: the small ones find out whether the large ones stepped over something. noise: they move rounding alone.
    """

    dtype: type[np.floating[Any]]
    slopes: tuple[float, ...]
    noise: tuple[float, ...]

    @property
    def eps(self) -> float:
        return float(np.finfo(self.dtype).eps)

    @property
    def tiny(self) -> float:
        return float(np.finfo(self.dtype).smallest_subnormal)

    def exact(self, points: np.ndarray, h: np.ndarray) -> np.ndarray:
        """A step that the points' neighbours differ by exactly."""
        step: np.ndarray = (points + h).astype(self.dtype).astype(np.float64) - points
        return step


_DOUBLE = _Steps(np.float64, tuple(2.0**-exponent for exponent in range(3, 30, 4)), (2.0**-33, 2.0**-36, 2.0**-40))
_SINGLE = _Steps(np.float32, (2.0**-3, 2.0**-7, 2.0**-11), (2.0**-13, 2.0**-15, 2.0**-17))


@dataclass(frozen=True)
class Differences:
    """Slopes with error bars, nan where the function has no values on both sides.

    kink: where the one-sided slopes stay apart as the step shrinks.
    left, right: the one-sided slopes; infinite where they grow without end, nan where the function jumps.
    one_sided_error: how far off the finite ones of them may be.
    """

    slope: np.ndarray
    error: np.ndarray
    kink: np.ndarray
    left: np.ndarray
    right: np.ndarray
    one_sided_error: np.ndarray

    def divided_by(self, factor: np.ndarray) -> Differences:
        """Those of the function before it was multiplied by a factor."""
        names = ("slope", "error", "left", "right", "one_sided_error")
        return replace(self, **{name: getattr(self, name) / factor for name in names})

    def where(self, chosen: np.ndarray, other: Differences) -> Differences:
        """These where `chosen` is true, and the other ones elsewhere."""
        pairs = ((getattr(self, field.name), getattr(other, field.name)) for field in fields(self))
        return Differences(*(np.where(chosen, mine, theirs) for mine, theirs in pairs))


@dataclass(frozen=True)
class _Probe:
    """Values around each point, a row for each step.  small: what they are multiplied by, so that sums stay finite."""

    step: np.ndarray
    below: np.ndarray
    here: np.ndarray
    above: np.ndarray
    noise: np.ndarray
    eps: float
    tiny: float
    small: np.ndarray | None = None

    @property
    def central(self) -> np.ndarray:
        central: np.ndarray = (self.above - self.below) / (2 * self.step)
        return central

    @property
    def slope_noise(self) -> np.ndarray:
        """How much of each quotient may be rounding."""
        rounding = self.eps * (np.abs(self.above) + np.abs(self.below)) + self.tiny
        noise: np.ndarray = (rounding + self.noise) / self.step
        return noise


def differences(
    function: Function, points: np.ndarray, *, around_zero: float = 0.0, single: bool = False, nearer: float = 1.0
) -> Differences:
    """The slope of `function` at each point, from central differences extrapolated to a step of zero.

    The error bar holds the extrapolation's own disagreement, the rounding of the function's values, and what smaller
    steps say otherwise: a kink or an oscillation between the steps widens it.
    around_zero: the size of the other inputs, as which a zero is moved where all points are zero.
    single: whether the function computes in float32. nearer: what part of the usual steps is taken.
    """
    numbers = _SINGLE if single else _DOUBLE

    def at_scale(scale: np.ndarray) -> Differences:
        return _at_scale(numbers, function, points, scale * nearer)

    sizes = np.abs(points)
    near = sizes < SMALLEST_SCALE
    with np.errstate(all="ignore"):
        found = at_scale(np.maximum(sizes, SMALLEST_SCALE))
        size_of_zero = min(np.fmax.reduce(sizes, axis=None, initial=0.0) or around_zero, SMALLEST_SCALE)
        if not (near & (size_of_zero > 0)).any():
            return found
        own = np.where(sizes > 0, sizes, size_of_zero)
        closer = at_scale(np.where(near, own, sizes))
        return closer.where(near & (closer.error < SIGNIFICANT * np.abs(closer.slope)), found)


def smallest(arrays: Iterable[np.ndarray]) -> float:
    """The size of the smallest number in these arrays that is not 0; 0 where there is none."""
    return min((float(np.abs(own[own != 0]).min()) for own in arrays if own.any()), default=0.0)


def _at_scale(steps: _Steps, function: Function, points: np.ndarray, scale: np.ndarray) -> Differences:
    probe = _probe(steps, function, points, scale)
    slope, error = _extrapolated(probe)
    left, right, one_sided_error, kink = _one_sided(probe)
    found = Differences(slope, error, kink, left, right, one_sided_error)
    return found if probe.small is None else found.divided_by(probe.small)


def _probe(steps: _Steps, function: Function, points: np.ndarray, scale: np.ndarray) -> _Probe:
    here, small = function(points), None
    if (np.abs(here) > _LARGE).any():
        small = np.where(np.abs(here) > _LARGE, _SMALL, 1.0)
        given, here = function, here * small
        function = lambda moved: given(moved) * small  # noqa: E731
    noise = np.zeros(points.shape)
    for relative in steps.noise:
        h = steps.exact(points, scale * relative)
        curvature = np.abs(function(points + h) - 2 * here + function(points - h))
        noise = np.fmax(noise, curvature)
    moves = np.array([steps.exact(points, scale * relative) for relative in steps.slopes])
    above = np.array([function(points + h) for h in moves])
    below = np.array([function(points - h) for h in moves])
    noise = np.fmax(noise, _resolution(above - here, below - here))
    return _Probe(moves, below, here, above, noise, steps.eps, steps.tiny, small)


def _resolution(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """The smallest change seen of a value that stays the same for some steps: there it may be rounded away."""
    changes = np.abs(np.concatenate([above, below]))
    flat = ((above == 0) & (below == 0)).any(axis=0)
    smallest = np.min(np.where(changes > 0, changes, np.inf), axis=0)
    rounded = flat & (smallest <= _RESOLUTION * np.fmax.reduce(changes, axis=0, initial=0))
    resolution: np.ndarray = np.where(rounded, smallest, 0.0)
    return resolution


def _extrapolated(probe: _Probe) -> tuple[np.ndarray, np.ndarray]:
    """The candidate of Ridders' tableau with the smallest error bar."""
    central, noise = probe.central, probe.slope_noise
    best = np.full(probe.here.shape, np.nan)
    smallest = np.full(probe.here.shape, np.inf)
    previous: list[np.ndarray] = []
    for rung, quotient in enumerate(central):
        row = [quotient]
        factor = _SHRINK**2
        for older in previous[:_COLUMNS]:
            row.append((row[-1] * factor - older) / (factor - 1))
            factor *= _SHRINK**2
            own = np.maximum(np.abs(row[-1] - row[-2]), np.abs(row[-1] - older)) + 2 * noise[rung]
            bar = np.maximum(own, _contradiction(row[-1], rung, central, noise))
            better = bar < smallest
            best = np.where(better, row[-1], best)
            smallest = np.where(better, bar, smallest)
        previous = row
    return best, np.where(np.isnan(best), np.nan, smallest)


def _contradiction(candidate: np.ndarray, rung: int, central: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """How far smaller steps are from the candidate, beyond their noise and beyond an error that falls as it should."""
    apart = np.abs(central[rung:] - candidate)
    allowed = apart[0] * _SHRINK ** -np.arange(len(apart)).reshape(-1, *[1] * candidate.ndim)
    beyond = apart - allowed - 4 * noise[rung:]
    worst: np.ndarray = np.max(np.where(np.isnan(beyond), np.inf, beyond), axis=0)
    return worst


def _one_sided(probe: _Probe) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Left and right slopes, how far off they may be, and where they stay apart as the step shrinks."""
    rungs = [*range(len(probe.step))][-_KINK_STEPS:]
    left, right = (probe.here - probe.below) / probe.step, (probe.above - probe.here) / probe.step
    gap = np.abs(right - left)[rungs]
    ratios = gap[1:] / gap[:-1]
    stays, jumps = (((low < ratios) & (ratios < high)).all(axis=0) for low, high in (_STAYS, _JUMPS))
    sizes = np.abs(left[rungs[-1]]) + np.abs(right[rungs[-1]])
    seen = (gap[-1] > 10 * probe.slope_noise[rungs[-1]]) & (gap[-1] > 1e-4 * sizes)
    rounding = probe.eps * (np.abs(probe.above[rungs[-1]]) + np.abs(probe.below[rungs[-1]]))
    jumps &= gap[-1] * probe.step[rungs[-1]] > 1000 * rounding
    slopes, errors = zip(*(_limit(side, probe.slope_noise, jumps) for side in (left, right)), strict=True)
    return (*slopes, np.fmax(*errors), (stays & seen) | jumps)


def _limit(sides: np.ndarray, noise: np.ndarray, jumps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A one-sided slope with its error: infinite where it grows, nan where the function jumps.

    Where it settles it is the quotient extrapolated to a step of zero at the step that is least in doubt.
    """
    grows = np.abs(sides[-1]) > _BLOW_UP * np.abs(sides[-2])
    straight = (_SHRINK * sides[1:] - sides[:-1]) / (_SHRINK - 1)
    best, smallest = sides[-1], np.full(jumps.shape, np.inf)
    for rung in range(2, len(sides)):
        candidate, earlier = straight[rung - 1], straight[rung - 2]
        bar = np.abs(candidate - earlier) + 2 * noise[rung]
        bar = np.fmax(bar, _contradiction(candidate, rung, sides, noise))
        better = bar < smallest
        best, smallest = np.where(better, candidate, best), np.where(better, bar, smallest)
    infinite = np.where(jumps, np.nan, np.copysign(np.inf, sides[-1]))
    error = np.where(grows | ~np.isfinite(smallest), 0.0, smallest)
    return np.where(grows, infinite, best), error
