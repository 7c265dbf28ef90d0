"""Plots beside each other, or beside the table of their numbers, where the terminal is wide enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gradcli.render.blocks import Plot, Table
from gradcli.render.layout import GAP, Line, table_lines
from gradcli.render.plot import NARROWEST, common_legend, numbers_of, plot_lines
from gradcli.render.text import width_of
from gradcli.render.view import View

_WIDTH = 80
"""Columns where the stream has no width."""
_ROOMY = 36
"""Columns from which on a plot stands beside another one."""
_LOW, _HIGH = 6, 10
"""Lines of the curves of a plot that stands beside something: at least, at most."""
_BELOW = 4
"""Lines below the curves: the axis, its labels, a legend."""


def plots_beside_table(plots: Sequence[Plot], table: Table, view: View) -> list[Line]:
    """The table with the plots to its right; nothing where it leaves no room for them."""
    lines = table_lines(table, view)
    if () in lines:  # between rows whose columns are below each other
        return []
    width = max(map(_width, lines))
    room = ((view.width or _WIDTH) - width) // len(plots) - len(GAP)
    if room < NARROWEST:
        return []
    height = min(max(len(lines) - _BELOW, _LOW), _HIGH)
    drawn = [plot_lines(plot, replace(view, width=room), height=height) for plot in plots]
    return list(_beside([(lines, width), *((part, room) for part in drawn)])) if all(drawn) else []


def plots_in_rows(plots: Sequence[Plot], view: View) -> list[Line]:
    """Plots, as many beside each other as there is room for."""
    width = view.width or _WIDTH
    most = max(1, width // _ROOMY)
    lines: list[Line] = []
    for start in range(0, len(plots), most):
        row = _row(plots[start : start + most], view, width)
        lines += [(), *row] if lines and row else row
    return lines


def _row(plots: Sequence[Plot], view: View, width: int) -> list[Line]:
    """Plots beside each other; those of the same several functions have one legend."""
    if len(plots) == 1:
        return plot_lines(plots[0], view)
    room = (width + len(GAP)) // len(plots) - len(GAP)
    shared = len(plots[0].series) > 1 and len({numbers_of(plot) for plot in plots}) == 1
    drawn = [plot_lines(plot, replace(view, width=room), height=_LOW, legend=not shared) for plot in plots]
    lines = list(_beside([(part, room) for part in _level(drawn)]))
    return [*lines, *common_legend(plots, width, view.charset)] if shared and lines else lines


def _level(parts: Sequence[list[Line]]) -> list[list[Line]]:
    """Plots whose axes stand at the same height, however many lines their titles have."""
    titles = [sum(1 for line in part if line and line[0][1] == "bold") for part in parts]
    return [[()] * (max(titles) - title) + part for title, part in zip(titles, parts, strict=True)]


def _beside(parts: Sequence[tuple[list[Line], int]]) -> Iterator[Line]:
    """Columns of lines, each with its width."""
    for number in range(max(len(lines) for lines, _ in parts)):
        line: Line = ()
        begin = 0
        for lines, width in parts:
            if number < len(lines):
                line = (*line, (" " * (begin - _width(line)), "plain"), *lines[number])
            begin += width + len(GAP)
        yield line


def _width(line: Line) -> int:
    return sum(width_of(text) for text, _ in line)
