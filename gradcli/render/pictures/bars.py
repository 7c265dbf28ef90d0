"""Numbers as bars, and the matrix of their derivatives as colours beside them."""

from __future__ import annotations

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradcli.render.blocks import Bars
from gradcli.render.pictures.axes import minus
from gradcli.render.pictures.curves import COLORS
from gradcli.render.pictures.lettering import Lettering

_SIZE, _NARROW = (8.0, 3.9), (4.6, 6.6)
_MOST_HEIGHTS, _MOST_CELLS = 8, 5
"""Bars whose heights are written above them, and rows whose numbers stand in their cells."""
_MOST_APART = 60
_NAMES_DOWN, _LETTERS_ACROSS = 24, 36
"""Names below each other, and letters of those beside each other, for which there is room: other names are left out."""
_COLOURS = "RdBu_r"
"""Blue below zero and red above it, which eyes of every kind tell apart; white is zero."""
_NO_VALUE = "#a6a6a6"


def figure(bars: Bars, title: str, lettering: Lettering, *, narrow: bool = False) -> Figure:
    """The bars, and the matrix beside them or, in a narrow picture, below them."""
    drawn = Figure(figsize=_NARROW if narrow else _SIZE, layout="constrained")
    if narrow:
        above, below = drawn.subplots(2, 1, height_ratios=[2, 3])
    else:
        above, below = drawn.subplots(1, 2)
    _bars(above, bars, lettering)
    _matrix(drawn, below, bars, lettering)
    if title:
        drawn.suptitle(lettering.title(title), fontsize=11)
    return drawn


def _bars(axes: Axes, bars: Bars, lettering: Lettering) -> None:
    places = np.arange(len(bars.names))
    heights = np.where(np.isfinite(bars.values), bars.values, 0.0)
    axes.set_axisbelow(True)
    # without a gap between them, many bars are an area and not a pattern of dots
    axes.bar(places, heights, 0.7 if len(places) <= _MOST_APART else 1.0, color=COLORS[0], snap=False)
    axes.grid(visible=False, axis="x")
    axes.axhline(0, color="#444444", linewidth=0.8)
    axes.set_ylabel(lettering.text(bars.name))
    places_named = _named(bars.names, _across(bars.names))
    axes.set_xticks(places_named, [lettering.text(bars.names[place]) for place in places_named])
    if len(bars.names) <= _MOST_HEIGHTS:
        axes.margins(y=0.12)
        for place, value, height in zip(places.tolist(), bars.values.tolist(), heights.tolist(), strict=True):
            axes.annotate(
                _number(value),
                (place, height),
                xytext=(0, -3 if height < 0 else 3),
                textcoords="offset points",
                ha="center",
                va="top" if height < 0 else "bottom",
                fontsize=8,
            )


def _matrix(drawn: Figure, axes: Axes, bars: Bars, lettering: Lettering) -> None:
    """White is zero, and both signs have the same depth of colour at the same size."""
    values = np.ma.masked_invalid(bars.matrix)
    largest = float(np.abs(values).max()) if values.count() else 0.0
    colours = matplotlib.colormaps[_COLOURS].with_extremes(bad=_NO_VALUE)
    mesh = axes.imshow(values, cmap=colours, vmin=-(largest or 1.0), vmax=largest or 1.0, interpolation="nearest")
    axes.grid(visible=False)
    rows, columns = _named(bars.names, _NAMES_DOWN), _named(bars.columns, _across(bars.columns))
    axes.set_yticks(rows, [lettering.text(f"d{bars.names[row]}") for row in rows])
    axes.set_xticks(columns, [lettering.text(f"/d{bars.columns[column]}") for column in columns])
    axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
    bar = drawn.colorbar(mesh, ax=axes, shrink=0.85, pad=0.02)
    if largest:
        ticks = [-largest, -largest / 2, 0.0, largest / 2, largest]
        bar.set_ticks(ticks, labels=list(map(_number, ticks)))
    else:
        bar.set_ticks([0.0], labels=["0"])
    if len(bars.names) <= _MOST_CELLS:
        for row, column in np.ndindex(*values.shape):
            value = float(bars.matrix[row, column])
            dark = bool(largest) and abs(value) > 0.6 * largest
            colour = "white" if dark else "black"
            axes.text(column, row, _number(value), ha="center", va="center", fontsize=8, color=colour)


def _across(names: tuple[str, ...]) -> int:
    """How many names fit beside each other."""
    return max(1, _LETTERS_ACROSS // (max(map(len, names)) + 3))


def _named(names: tuple[str, ...], most: int) -> range:
    """The places of the names that are written: all, or as many that are equally far from each other."""
    return range(0, len(names), -(-len(names) // most))


def _number(value: float) -> str:
    return minus(f"{value + 0.0:.3g}")
