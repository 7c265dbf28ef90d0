"""What a field shows, before anything is drawn: the scale of its colours, its arrows, its stationary points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gradcli.render.blocks import Bars, Drawing, Field
from gradcli.render.curves import limits_of, lines_of, round_ticks

_LOPSIDED = 0.35
"""Where the middle one of the values lies farther from the middle of the range than this share of it, as in the valley
of Rosenbrock's function, an even scale would show nothing."""
_NARROW = 0.04
"""The same where half of the values take less than this share of the range."""
_FAR = 1000
"""Beyond the usual sizes by more than this, values are no part of the scale: beside a pole nothing else would show."""
_LARGEST = float(np.finfo(np.float64).max)


@dataclass(frozen=True)
class Scale:
    """Values as shares from 0 to 1. With a knee, evenly up to it and by powers of ten beyond it, on both sides of zero.

    cut: whether values lie beyond the limits.
    """

    low: float
    high: float
    knee: float | None = None
    cut: bool = False

    def places(self, values: np.ndarray) -> np.ndarray:
        """Shares; beyond the limits 0 or 1, NaN for NaN."""
        low, high = self.bent(np.array([self.low, self.high]))
        return np.asarray(np.clip((self.bent(np.asarray(values, dtype=np.float64)) - low) / (high - low), 0, 1))

    def bent(self, values: np.ndarray) -> np.ndarray:
        """Values as they lie on the scale, before it is stretched to 0 and 1."""
        with np.errstate(over="ignore", invalid="ignore"):
            if self.knee is None:
                return np.asarray(values / max(abs(self.low), abs(self.high)))
            return np.asarray(np.sign(values) * np.log1p(np.abs(values) / self.knee))

    def ticks(self, most: int) -> list[float]:
        """Round numbers on an even scale, powers of ten on a bent one."""
        if self.knee is None:
            return round_ticks(self.low, self.high, most)
        largest = max(abs(self.low), abs(self.high))
        exponents = np.arange(np.floor(np.log10(self.knee)), np.floor(np.log10(largest)) + 1)
        step = max(1, -(-len(exponents) * (1 + (self.low < 0 < self.high)) // most))
        powers = [10.0**exponent for exponent in exponents[::-1][::step]]
        kept: list[float] = []
        for tick in (0.0, *(sign * power for power in powers for sign in (1, -1))):
            place = float(self.places(np.array(tick)))
            apart = all(abs(place - float(self.places(np.array(other)))) > 0.04 for other in kept)
            if self.low <= tick <= self.high and apart:
                kept.append(tick)
        return sorted(kept)


@dataclass(frozen=True)
class Arrow:
    """The direction of steepest ascent at a place; `length` is the gradient's norm."""

    row: int
    column: int
    dx: float
    dy: float
    length: float


def scale_of(field: Field) -> Scale | None:
    """The scale for the finite values of a field; None if there is none."""
    finite = field.values[np.isfinite(field.values)]
    if finite.size == 0:
        return None
    low, high = float(finite.min()), float(finite.max())
    if low == high:
        room = abs(low) / 2 or 1.0
        return Scale(max(low - room, -_LARGEST), min(high + room, _LARGEST))
    sizes = np.abs(finite[finite != 0])
    common = min(float(np.quantile(sizes, 0.95)), _LARGEST / 10) * 10
    cut = float(sizes.max()) > _FAR * common
    if cut:
        low, high = max(low, -common), min(high, common)
    quarters = np.quantile(np.unique(np.clip(finite, low, high)), [0.25, 0.5, 0.75]) / 2
    first, middle, third = ((quarters - low / 2) / (high / 2 - low / 2)).tolist()
    if abs(middle - 0.5) < _LOPSIDED and third - first > _NARROW and not cut:
        return Scale(low, high)
    knee = max(float(np.quantile(sizes, 0.1)), max(-low, high) * 1e-6)
    return Scale(low, high, knee, cut)


def arrows_of(field: Field, rows: np.ndarray, columns: np.ndarray) -> Iterator[Arrow]:
    """The gradient at the crossings of some rows and columns, where it is finite and not zero."""
    if field.dx is None or field.dy is None:
        return
    for row in rows.tolist():
        for column in columns.tolist():
            dx, dy = float(field.dx[row, column]), float(field.dy[row, column])
            if np.isfinite(dx) and np.isfinite(dy) and (dx or dy):
                yield Arrow(row, column, dx, dy, float(np.hypot(dx, dy)))


def spread_over(count: int, most: int) -> np.ndarray:
    """At most `most` numbers below `count`, evenly spread, with the same room on both sides."""
    step = -(-count // most)
    kept = count // step
    return np.arange(kept) * step + (count - 1 - (kept - 1) * step) // 2


def torn(field: Field) -> np.ndarray:
    """The points beside which the value jumps, as at a branch cut: the slopes there do not explain the step."""
    found = np.zeros(field.values.shape, dtype=bool)
    if field.dx is None or field.dy is None:
        return found
    sides = ((field.values, field.dx, field.x, found), (field.values.T, field.dy.T, field.y, found.T))
    for values, slope, axis, marks in sides:
        with np.errstate(invalid="ignore", over="ignore"):
            explained = np.diff(axis) * np.maximum(abs(slope[:, :-1]), abs(slope[:, 1:]))
            step = np.diff(values, axis=1)
            spread = np.ptp(values[np.isfinite(values)])
            apart = (abs(step) > 8 * explained) & (abs(step) > spread / 20)
        marks[:, :-1] |= apart
        marks[:, 1:] |= apart
    return found


def share_without_slope(field: Field) -> int:
    """At how many points both slopes are exactly zero."""
    if field.dx is None or field.dy is None:
        return 0
    return int(np.sum((field.dx == 0) & (field.dy == 0)))


def has_values(drawing: Drawing) -> bool:
    """Whether there is anything finite to draw."""
    if isinstance(drawing, Bars):
        return bool(np.isfinite(drawing.values).any())
    return scale_of(drawing) is not None if isinstance(drawing, Field) else limits_of(lines_of(drawing)) is not None
