"""Curves as braille dots, with axes that can be read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradcli.render.blocks import Plot
from gradcli.render.braille import Grid
from gradcli.render.layout import GAP, Line
from gradcli.render.text import as_charset, one_line, visible, width_of, wrapped
from gradcli.render.ticks import round_ticks, tick_labels
from gradcli.render.view import View

_WIDTH = 72
_NARROWEST = 24
_HEIGHT = 10
_TONES = 6


@dataclass(frozen=True)
class _Axis:
    """Limits, and where values lie between them. Halves and scales first: 1e308 - -1e308 must not overflow."""

    low: float
    high: float

    def places(self, values: np.ndarray) -> np.ndarray:
        scale = max(abs(self.low), abs(self.high))
        low = self.low / scale
        return np.asarray((values / scale - low) / (self.high / scale - low))

    def dot(self, value: float, dots: int) -> int:
        return round(float(self.places(np.asarray(value))) * (dots - 1))


def plot_lines(plot: Plot, view: View) -> list[Line]:
    """The plot at the width of the terminal; nothing where there is no finite point or no room."""
    width = min(view.width or _WIDTH, _WIDTH)
    order = np.argsort(np.asarray(plot.x, dtype=np.float64), axis=None, kind="stable")
    x = _with_gaps(plot.x)[order]
    curves = [_with_gaps(series.y)[order] for series in plot.series]
    shown = np.isfinite(x) & np.isfinite(curves).any(axis=0)
    x_axis = _limits(x[shown], pad=0.0)
    y_axis = _limits(np.concatenate([y[shown] for y in curves]), pad=0.04)
    if x_axis is None or y_axis is None or width < _NARROWEST:
        return []
    marks = tuple(mark for mark in plot.marks if x_axis.low <= mark <= x_axis.high)
    ticks = round_ticks(y_axis.low, y_axis.high, 5)
    rows = [_HEIGHT - 1 - y_axis.dot(tick, _HEIGHT * 4) // 4 for tick in ticks]
    labels = dict(zip(rows, tick_labels(ticks), strict=True))
    margin = max(map(len, labels.values()))
    grid = Grid(max(8, width - margin - 2), _HEIGHT)
    for mark in marks:
        grid.upright(float(x_axis.places(np.asarray(mark))), "quiet")
    touched = [
        grid.curve(x_axis.places(x), y_axis.places(y), _tone(number), dashed=series.dashed)
        for number, (series, y) in enumerate(zip(plot.series, curves, strict=True))
    ]
    if len(touched) > 1:
        for number, cells in enumerate(touched):
            grid.letter(cells, (number + 0.5) / len(touched), _letter(number), _tone(number))
    lines: list[Line] = [((line, "bold"),) for line in wrapped(one_line(plot.title or ""), width) if line]
    for row, spans in enumerate(grid.lines()):
        edge = f"{labels[row]:>{margin}} ┤" if row in labels else " " * (margin + 1) + "│"
        lines.append(((edge, "quiet"), *spans))
    lines += _floor(x_axis, margin + 1, grid.columns)
    lines += _legend(plot, marks, width)
    return [tuple((as_charset(text, view.charset), tone) for text, tone in line) for line in lines]


def _tone(number: int) -> str:
    return f"curve {number % _TONES + 1}"


def _letter(number: int) -> str:
    return chr(ord("a") + number % 26)


def _with_gaps(values: np.ndarray) -> np.ndarray:
    """float64 values in one dimension, NaN where there is nothing to draw."""
    plain = np.array(values, dtype=np.float64).reshape(-1)
    plain[~np.isfinite(plain)] = np.nan
    return plain


def _limits(values: np.ndarray, pad: float) -> _Axis | None:
    """From the smallest to the largest value and a little more; a single value lies in the middle."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return None
    low, high = float(finite.min()), float(finite.max())
    half = high / 2 - low / 2
    if half <= max(abs(low), abs(high)) * 1e-12:
        room = abs(high) / 2 or 1.0
        below, above = room, 1.1 * room  # in the very middle it would lie between two lines of text
    else:
        below = above = pad * half * 2
    largest = float(np.finfo(np.float64).max)
    return _Axis(max(low - below, -largest), min(high + above, largest))


def _floor(axis: _Axis, margin: int, columns: int) -> list[Line]:
    """The x axis, and under it the labels that do not touch each other."""
    ticks = round_ticks(axis.low, axis.high, 5 if columns >= 40 else 3)
    edge = ["─"] * columns
    labels = [" "] * (margin + columns + 2)
    free_from = 0
    for tick, label in zip(ticks, tick_labels(ticks), strict=True):
        column = axis.dot(tick, columns * 2) // 2
        start = max(0, min(margin + 1 + column - len(label) // 2, margin + 1 + columns - len(label)))
        if start < free_from:
            continue
        edge[column] = "┬"
        labels[start : start + len(label)] = label
        free_from = start + len(label) + len(GAP)
    return [((" " * margin + "└" + "".join(edge), "quiet"),), (("".join(labels).rstrip(), "quiet"),)]


def _legend(plot: Plot, marks: tuple[float, ...], width: int) -> list[Line]:
    """Which curve is which, and where the marks are; as many on a line as fit."""
    several = len(plot.series) > 1
    entries = [
        (f"{_letter(number)} {visible(series.name)}" if several else visible(series.name), _tone(number))
        for number, series in enumerate(plot.series)
    ]
    entries.append((f"over {visible(plot.x_name)}", "quiet"))
    if marks:
        entries.append(("┊ kink at " + ", ".join(f"{mark:.6g}" for mark in marks), "quiet"))
    lines: list[list[tuple[str, str]]] = [[]]
    for text, tone in entries:
        used = sum(width_of(piece) for piece, _ in lines[-1])
        if lines[-1] and used + len(GAP) + width_of(text) > width:
            lines.append([])
        lines[-1].append((GAP + text, tone))
    return [tuple(line) for line in lines]
