"""Stationary points of a field: isolated places where both slopes are zero, found between the points of its grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from gradcli.render.blocks import Field

_MOST = 40
_MOST_CELLS = 4000
_NODES = 4
"""Neighbours along each axis that a polynomial goes through: cubic slopes are exact, such as Rosenbrock's."""
_STEPS = 20
_ROUNDING = 1e-5
"""Steps of the grid that the rounding of float32 slopes may move a stationary point by."""

Kind = Literal["minimum", "maximum", "saddle"]


@dataclass(frozen=True)
class Stationary:
    """A place where both slopes are zero, and what the slopes around it make it."""

    x: float
    y: float
    kind: Kind


def stationary_of(field: Field) -> list[Stationary]:
    """The stationary points of a field; none if there are too many: then they are a line or an area."""
    if field.dx is None or field.dy is None:
        return []
    finite = np.abs(np.concatenate([field.dx[np.isfinite(field.dx)], field.dy[np.isfinite(field.dy)]]))
    largest = float(finite.max()) if finite.size else 0.0
    if largest == 0:
        return []
    dx, dy = field.dx / largest, field.dy / largest  # products of 1e300 would overflow
    cells = np.argwhere(_crossing(dx) & _crossing(dy))
    if len(cells) > _MOST_CELLS:
        return []
    found: list[Stationary] = []
    for row, column in cells.tolist():
        place = _zero(field, dx, dy, row, column)
        if place is not None and not any(_same(field, place, other) for other in found):
            found.append(place)
    return found if len(found) <= _MOST else []


def _crossing(slope: np.ndarray) -> np.ndarray:
    """Which cells of four neighbours a slope passes zero in, without being zero at all of them."""
    corners = np.stack([slope[:-1, :-1], slope[:-1, 1:], slope[1:, :-1], slope[1:, 1:]])
    with np.errstate(invalid="ignore"):
        passes = (corners.min(axis=0) <= 0) & (corners.max(axis=0) >= 0)
    return np.asarray(passes & np.isfinite(corners).all(axis=0) & (corners != 0).any(axis=0))


@dataclass(frozen=True, eq=False)
class _Polynomial:
    """A polynomial through a block of values, in steps of the grid from the block's first corner."""

    coefficients: np.ndarray

    @classmethod
    def through(cls, block: np.ndarray) -> _Polynomial:
        up, across = (
            np.linalg.inv(np.vander(np.arange(size, dtype=np.float64), increasing=True)) for size in block.shape
        )
        return cls(up @ block @ across.T)

    def at(self, across: float, up: float) -> tuple[float, float, float]:
        """The value, and its slopes along both axes."""
        rows, columns = self.coefficients.shape
        value = np.polynomial.polynomial
        powers_up, powers_across = up ** np.arange(rows), across ** np.arange(columns)
        slope_across = value.polyval(across, value.polyder(powers_up @ self.coefficients))
        slope_up = value.polyval(up, value.polyder(self.coefficients @ powers_across))
        return float(powers_up @ self.coefficients @ powers_across), float(slope_across), float(slope_up)


def _zero(field: Field, dx: np.ndarray, dy: np.ndarray, row: int, column: int) -> Stationary | None:
    """Where polynomials through both slopes around a cell are zero, if that is in the cell."""
    top, left = _block(row, dx.shape[0]), _block(column, dx.shape[1])
    blocks = [slope[top, left] for slope in (dx, dy)]
    if not all(np.isfinite(block).all() for block in blocks):
        return None
    polynomials = [_Polynomial.through(block) for block in blocks]
    across, up = column - left.start + 0.5, row - top.start + 0.5
    middle = across, up
    for _ in range(_STEPS):
        (f, f_across, f_up), (g, g_across, g_up) = (polynomial.at(across, up) for polynomial in polynomials)
        determinant = f_across * g_up - f_up * g_across
        if determinant == 0:
            return None
        step_across = (f * g_up - g * f_up) / determinant
        step_up = (g * f_across - f * g_across) / determinant
        across, up = across - step_across, up - step_up
        if not (abs(across - middle[0]) <= 2 and abs(up - middle[1]) <= 2):
            return None
    if max(abs(across - middle[0]), abs(up - middle[1])) > 0.5 + 1e-6 or max(abs(step_across), abs(step_up)) > 1e-6:
        return None
    x, y = _between(field.x, across + left.start), _between(field.y, up + top.start)
    wide, high = (float(axis[-1] - axis[0]) / (len(axis) - 1) for axis in (field.x, field.y))
    kind = _kind(f_across / wide, f_up / high, g_across / wide, g_up / high)
    return None if kind is None else Stationary(x, y, kind)


def _block(place: int, count: int) -> slice:
    """The neighbours of a cell, as even on both sides as the border allows."""
    size = min(_NODES, count)
    first = min(max(place - (size - 2) // 2, 0), count - size)
    return slice(first, first + size)


def _between(axis: np.ndarray, place: float) -> float:
    """The number at a place in steps of the grid; a grid line where only rounding keeps the place off it."""
    line = round(place)
    return float(np.interp(line if abs(place - line) < _ROUNDING else place, np.arange(len(axis)), axis))


def _kind(xx: float, xy: float, yx: float, yy: float) -> Kind | None:
    """What the second derivatives make of it; None where they do not fit each other, as around a branch cut."""
    if abs(xy - yx) > 0.2 * max(abs(xx), abs(yy), abs(xy), abs(yx)):
        return None
    if xx * yy - xy * yx < 0:
        return "saddle"
    return "minimum" if xx + yy > 0 else "maximum"


def _same(field: Field, one: Stationary, other: Stationary) -> bool:
    """Whether two places are the same one, found from two neighbouring cells."""
    wide, high = (float(axis[-1] - axis[0]) / (len(axis) - 1) for axis in (field.x, field.y))
    return abs(one.x - other.x) < wide / 2 and abs(one.y - other.y) < high / 2
