"""What a plot shows, before anything is drawn: curves in order, broken where they jump, and the limits of both axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gradcli.render.blocks import Plot, Series

_ENOUGH_TO_JUDGE = 100
"""With fewer points a steep stretch cannot be told from a jump."""
_STEEPER = 8
"""A step this many times larger than the slopes at both of its ends explain is a jump."""
_VISIBLE = 1e-3
"""Smaller jumps than this share of the range are rounding."""
_CUT_OFF = 5
"""Beside a pole, the axis ends where nine tenths of the values are, if the rest is this many times farther."""

_SMALLEST_SPAN = 1e-300
"""Among denormal numbers there are no round ones."""


@dataclass(frozen=True, eq=False)
class Line:
    """One curve in the order of x. NaN interrupts it: where there is no value, and between the sides of a jump.

    pole: whether it may go far beyond what is worth seeing.
    """

    x: np.ndarray
    y: np.ndarray
    pole: bool = False


@dataclass(frozen=True)
class Axis:
    """Limits, and where values lie between them. Halves and scales first: 1e308 - -1e308 must not overflow."""

    low: float
    high: float

    def places(self, values: np.ndarray) -> np.ndarray:
        scale = max(abs(self.low), abs(self.high))
        low = self.low / scale
        return np.asarray((values / scale - low) / (self.high / scale - low))


def lines_of(plot: Plot) -> list[Line]:
    """The curves of a plot; of a logarithmic one, the powers of ten."""
    x = with_gaps(plot.x)
    order = np.argsort(x, kind="stable")
    return [_line(x[order], _values(series, plot.logarithmic)[order], series) for series in plot.series]


def limits_of(lines: Sequence[Line]) -> tuple[Axis, Axis] | None:
    """What both axes must show; None where there is no finite point."""
    x = np.concatenate([line.x for line in lines])
    y = np.concatenate([line.y for line in lines])
    shown = np.isfinite(x) & np.isfinite(y)
    if not shown.any():
        return None
    seen = y[shown]
    if any(line.pole for line in lines):
        seen = seen[_near(seen)]
    # where there is no value the axis goes on all the same: a gap at its end must be seen
    return _limits(x[np.isfinite(x)], pad=0.0), _limits(seen, pad=0.04)


def jumps(x: np.ndarray, y: np.ndarray, slope: np.ndarray) -> tuple[float, ...]:
    """Between which of many points a function jumps: its slopes there explain neither the size nor the sign of the
    step. Poles are among them, and the ends of where it has a value: PyTorch's slope may go on beyond them."""
    x, y, slope = with_gaps(x), with_gaps(y), np.array(slope, dtype=np.float64).reshape(-1)
    if len(x) < _ENOUGH_TO_JUDGE or not np.isfinite(y).any():
        return ()
    order = np.argsort(x, kind="stable")
    x, y, slope = x[order], y[order], slope[order]
    with np.errstate(invalid="ignore", over="ignore"):
        step = np.diff(y)
        explained = np.diff(x) * np.maximum(abs(slope[:-1]), abs(slope[1:]))
        too_large = abs(step) > _STEEPER * explained
        against = (np.sign(slope[:-1]) == np.sign(slope[1:])) & (np.sign(step) == -np.sign(slope[1:]))
        visible = abs(step) > _VISIBLE * (np.nanmax(y) / 2 - np.nanmin(y) / 2)
        apart = (too_large | (against & (abs(step) > explained / _STEEPER))) & visible
    apart |= np.isfinite(y[:-1]) != np.isfinite(y[1:])
    found = np.flatnonzero(apart)
    return tuple((x[found] / 2 + x[found + 1] / 2).tolist())


def with_gaps(values: np.ndarray) -> np.ndarray:
    """float64 values in one dimension, NaN where there is nothing to draw."""
    plain = np.array(values, dtype=np.float64).reshape(-1)
    plain[~np.isfinite(plain)] = np.nan
    return plain


def _values(series: Series, logarithmic: bool) -> np.ndarray:
    y = with_gaps(series.y)
    if not logarithmic:
        return y
    positive = np.where(y > 0, y, np.nan)
    return np.asarray(np.log10(positive))


def _line(x: np.ndarray, y: np.ndarray, series: Series) -> Line:
    """The curve with a gap behind every point after which it jumps."""
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.zeros(max(len(x) - 1, 0), dtype=bool)
        for at in series.breaks:
            apart |= _apart(x, y, at)
    behind = np.flatnonzero(apart) + 1
    pole = bool(series.breaks) or bool(np.isinf(np.asarray(series.y, dtype=np.float64)).any())
    return Line(np.insert(x, behind, np.nan), np.insert(y, behind, np.nan), pole and len(x) >= _ENOUGH_TO_JUDGE)


def _apart(x: np.ndarray, y: np.ndarray, at: float) -> np.ndarray:
    """Which steps to the next point cross the jump. A point that lies on it belongs to the nearer side, if any."""
    first, second = x[:-1], x[1:]
    apart = (first < at) & (at < second)
    on_it = np.flatnonzero(x == at)
    if on_it.size == 0 or on_it[0] == 0 or on_it[-1] == len(x) - 1:
        return np.asarray(apart)
    before, after = on_it[0] - 1, on_it[-1]
    left, right = abs(y[before + 1] - y[before]), abs(y[after + 1] - y[after])
    apart[before] = not left <= right / 2
    apart[after] = not right <= left / 2
    return np.asarray(apart)


def _near(values: np.ndarray) -> np.ndarray:
    """Which values an axis beside a pole shows."""
    low, high = (float(edge) for edge in np.quantile(values, [0.05, 0.95]))
    room = high / 2 - low / 2
    near = (values >= low - room) & (values <= high + room)
    farthest = max(float(values.max()) - high, low - float(values.min()))
    return near if farthest > _CUT_OFF * room else np.ones(len(values), dtype=bool)


def _limits(values: np.ndarray, pad: float) -> Axis:
    """From the smallest to the largest value and a little more; a single value lies in the middle."""
    low, high = float(values.min()), float(values.max())
    half = high / 2 - low / 2
    if half <= max(abs(low), abs(high)) * 1e-12:
        room = abs(high) / 2 or 1.0
        below, above = room, 1.1 * room  # in the very middle it would lie between two lines of text
    else:
        below = above = pad * half * 2
    largest = float(np.finfo(np.float64).max)
    return Axis(max(low - below, -largest), min(high + above, largest))


def round_ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` multiples of 1, 2 or 5 times a power of ten, within the limits."""
    span = high - low
    if not (math.isfinite(span) and span > _SMALLEST_SPAN):
        return [low, high]
    exponent = math.floor(math.log10(span / max(1, most)))
    for step in (factor * 10.0 ** (exponent + more) for more in (0, 1, 2) for factor in (1, 2, 5)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            return [float(f"{number * step:.15g}") for number in range(first, last + 1)]
    return [low, high]


def tick_labels(ticks: list[float]) -> list[str]:
    """The fewest digits with which the labels are true and differ."""
    gap = min((abs(b - a) for a, b in pairwise(ticks)), default=abs(ticks[0]) if ticks else 0.0)
    for digits in range(3, 17):
        labels = [f"{tick + 0.0:.{digits}g}" for tick in ticks]  # no -0
        near = all(abs(float(label) - tick) <= gap / 50 for label, tick in zip(labels, ticks, strict=True))
        if near and len(set(labels)) == len(set(ticks)):
            return labels
    return [repr(tick + 0.0) for tick in ticks]


def power_labels(exponents: list[float]) -> list[str]:
    """Labels of an axis that goes by powers of ten: `1e-06`, or `3.16e-06` between them."""
    return [f"{10.0**exponent:.3g}" if -300 < exponent < 300 else f"1e{exponent:g}" for exponent in exponents]
