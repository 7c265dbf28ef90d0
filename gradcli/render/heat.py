"""A field on a terminal: colours or shades for the values, arrows for the gradient."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gradcli.render.blocks import Field
from gradcli.render.curves import Axis, round_ticks, tick_labels
from gradcli.render.fields import Scale, arrows_of, scale_of, share_without_slope, spread_over
from gradcli.render.layout import Line
from gradcli.render.plot import floor_lines, legend_lines
from gradcli.render.stationary import stationary_of
from gradcli.render.text import as_charset
from gradcli.render.view import View

_WIDTH = 72
_NARROWEST = 24
_HEIGHT = 20
_ARROWS_ACROSS, _ARROWS_UP = 4, 2
"""Columns and lines from one arrow to the next."""

_COLORS = (53, 54, 55, 25, 31, 37, 43, 77, 113, 149, 185, 226)
"""From dark violet to yellow in the 256 colours of a terminal: as they get lighter, they also read in grey."""
_NO_COLOR = 240
_LIGHT_FROM = 6


@dataclass(frozen=True)
class _Signs:
    """The characters of a charset: shades from low to high, and arrows counterclockwise from the right."""

    shades: str
    arrows: str
    points: dict[str, str]


_UNICODE = _Signs("·░▒▓█", "→↗↑↖←↙↓↘", {"minimum": "○", "maximum": "●", "saddle": "×"})
_ASCII = _Signs(".:-=#", ">>^^<<vv", {"minimum": "o", "maximum": "O", "saddle": "x"})
"""Without slanted arrows, each goes to the next of the four."""
_GAP = "?"


def field_lines(field: Field, view: View) -> list[Line]:
    """The field at the width of the terminal; nothing where there is no finite value or no room."""
    width = min(view.width or _WIDTH, _WIDTH)
    scale = scale_of(field)
    if scale is None or width < _NARROWEST:
        return []
    signs = _signs(view.charset)
    labels = _row_labels(field)
    margin = max(map(len, labels.values()))
    columns = max(8, width - margin - 2)
    lines = _cells(field, scale, view, signs, labels, margin, columns)
    lines += floor_lines(Axis(float(field.x[0]), float(field.x[-1])), margin + 1, columns)
    lines += _legend(field, scale, view, signs, width)
    return [tuple((as_charset(text, view.charset), tone) for text, tone in line) for line in lines]


def heat_style(tone: str) -> str:
    """What a tone `heat FOREGROUND BACKGROUND` looks like; `-` for none."""
    _, foreground, background = tone.split()
    front = "" if foreground == "-" else f"color({foreground})"
    return front if background == "-" else f"{front or 'default'} on color({background})"


def _signs(charset: str) -> _Signs:
    try:
        (_UNICODE.shades + _UNICODE.arrows + "".join(_UNICODE.points.values()) + "▀").encode(charset)
    except UnicodeEncodeError:
        return _ASCII
    return _UNICODE


def _row_labels(field: Field) -> dict[int, str]:
    axis = Axis(float(field.y[0]), float(field.y[-1]))
    ticks = round_ticks(axis.low, axis.high, 7)
    return {_row(axis, tick): text for tick, text in zip(ticks, tick_labels(ticks), strict=True)}


def _row(axis: Axis, value: float) -> int:
    return _HEIGHT - 1 - _cell_at(float(axis.places(np.asarray(value))), _HEIGHT)


def _cell_at(share: float, count: int) -> int:
    """The cell, of `count`, at a share of the way; half-way between two it is the later one on every processor."""
    return math.floor(round(share * (count - 1), 6) + 0.5)


def _nearest(axis: np.ndarray, count: int) -> np.ndarray:
    """For each of `count` evenly spread places, the nearest value of an axis."""
    places = np.linspace(axis[0], axis[-1], count)
    after = np.clip(np.searchsorted(axis, places), 1, len(axis) - 1)
    before = after - 1
    return np.where(places - axis[before] <= axis[after] - places, before, after)


def _cells(
    field: Field, scale: Scale, view: View, signs: _Signs, labels: dict[int, str], margin: int, columns: int
) -> list[Line]:
    """The lines of the field itself; in colour each has two rows of values."""
    across = _nearest(field.x, columns)
    split = 2 if view.color and signs is _UNICODE else 1
    up = _nearest(field.y, _HEIGHT * split)[::-1]
    shown = scale.places(field.values)[np.ix_(up, across)]
    shown[~np.isfinite(field.values[np.ix_(up, across)])] = np.nan
    over = _over(field, signs, across, _nearest(field.y, _HEIGHT)[::-1], columns)
    lines: list[Line] = []
    for row in range(_HEIGHT):
        edge = f"{labels[row]:>{margin}} ┤" if row in labels else " " * (margin + 1) + "│"
        spans: list[tuple[str, str]] = [(edge, "quiet")]
        for column in range(columns):
            values = shown[row * split : (row + 1) * split, column]
            text, tone = _cell(values, over.get((row, column)), view, signs)
            if spans[-1][1] == tone:
                spans[-1] = (spans[-1][0] + text, tone)
            else:
                spans.append((text, tone))
        lines.append(tuple(spans))
    return lines


def _cell(values: np.ndarray, over: str | None, view: View, signs: _Signs) -> tuple[str, str]:
    """One character and its tone."""
    if not view.color:
        if over is not None:
            return over, "plain"
        value = float(values[0])
        shade = _GAP if math.isnan(value) else signs.shades[_step(value, len(signs.shades))]
        return shade, "plain"
    colors = [_NO_COLOR if math.isnan(value) else _COLORS[_step(value, len(_COLORS))] for value in values.tolist()]
    if over is None:
        return ("▀", f"heat {colors[0]} {colors[-1]}") if len(colors) > 1 else (" ", f"heat - {colors[0]}")
    light = not math.isnan(float(values[-1])) and _step(float(values[-1]), len(_COLORS)) >= _LIGHT_FROM
    return over, f"heat {16 if light else 231} {colors[-1]}"


def _step(share: float, count: int) -> int:
    return min(int(share * count), count - 1)


def _over(field: Field, signs: _Signs, across: np.ndarray, up: np.ndarray, columns: int) -> dict[tuple[int, int], str]:
    """What stands on the colours: arrows on a coarser grid, and the stationary points."""
    found: dict[tuple[int, int], str] = {}
    places = spread_over(columns, max(1, columns // _ARROWS_ACROSS))
    rows = spread_over(_HEIGHT, _HEIGHT // _ARROWS_UP)
    dx, dy = (None if slope is None else slope[np.ix_(up, across)] for slope in (field.dx, field.dy))
    picked = Field(field.name, field.x[across], field.y[up], field.values[np.ix_(up, across)], dx, dy)
    wide, high = float(field.x[-1] - field.x[0]), float(field.y[-1] - field.y[0])
    for arrow in arrows_of(picked, rows, places):
        # the direction on the screen, where a step along x is not as long as one along y; a line is two columns high
        turn = math.atan2(arrow.dy / arrow.length / high * _HEIGHT * 2, arrow.dx / arrow.length / wide * columns)
        found[arrow.row, arrow.column] = signs.arrows[round(turn / (math.pi / 4)) % 8]
    for point in stationary_of(field):
        up_to, along = (point.y - float(field.y[0])) / high, (point.x - float(field.x[0])) / wide
        row = _HEIGHT - 1 - _cell_at(up_to, _HEIGHT)
        found[row, _cell_at(along, columns)] = signs.points[point.kind]
    return found


def _legend(field: Field, scale: Scale, view: View, signs: _Signs, width: int) -> list[Line]:
    """The scale of the values, then what the signs mean."""
    low, high = f"{scale.low + 0.0:.4g}", f"{scale.high + 0.0:.4g}"  # no -0
    if view.color:
        room = min(len(_COLORS) * 2, max(len(_COLORS), width - len(low) - len(high) - 8))
        bar = [(" ", f"heat - {_COLORS[place * len(_COLORS) // room]}") for place in range(room)]
    else:
        bar = [(signs.shades, "plain")]
    lines: list[Line] = [((f"  {low} ", "quiet"), *bar, (f" {high}", "quiet"))]
    entries = [(f"{field.x_name} across, {field.y_name} up", "quiet")]
    if scale.knee is not None:
        entries.append(("by powers of ten", "quiet"))
    if field.dx is not None and field.dy is not None:
        entries.append((f"{signs.arrows[0]} gradient", "quiet"))
    kinds = [point.kind for point in stationary_of(field)]
    entries += [(f"{sign} {kind}", "quiet") for kind, sign in signs.points.items() if kind in kinds]
    entries += _counted(field, view)
    return [*lines, *legend_lines(entries, width)]


def _counted(field: Field, view: View) -> list[tuple[str, str]]:
    """How many values are not finite, and how many points have no slope."""
    total = field.values.size
    gaps = {"nan": int(np.isnan(field.values).sum()), "inf": int(np.isinf(field.values).sum())}
    words = [f"{name} at {count:,} of {total:,}" for name, count in gaps.items() if count]
    found = [(f"{'grey' if view.color else _GAP} {', '.join(words)} points", "quiet")] if words else []
    flat = share_without_slope(field)
    return [*found, (f"gradient 0 at {flat:,} of {total:,} points", "quiet")] if flat > 1 else found
