"""Curves as braille dots, with axes that can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gradcli.render.blocks import Plot
from gradcli.render.braille import Grid
from gradcli.render.curves import Axis, limits_of, lines_of, power_labels, round_ticks, tick_labels
from gradcli.render.layout import GAP, Line
from gradcli.render.text import as_charset, one_line, shortened, visible, width_of, wrapped
from gradcli.render.view import View
from gradcli.results.phrasing import number

_WIDTH = 72
NARROWEST = 24
_HEIGHT = 10
_TONES = 6
_SHADES = {"saturated": "░", "dead": "▓", "wrong in kind": "▓"}


def plot_lines(plot: Plot, view: View, *, height: int = _HEIGHT, legend: bool = True) -> list[Line]:
    """The plot at the width of the terminal; nothing where there is no finite point or no room.

    height: lines of the curves. legend: with what stands below the axis; without, only stretches of the plot's own do.
    """
    width = min(view.width or _WIDTH, _WIDTH)
    curves = lines_of(plot)
    limits = limits_of(curves)
    if limits is None or width < NARROWEST:
        return []
    x_axis, y_axis = limits
    marks = tuple(mark for mark in plot.marks if x_axis.low <= mark <= x_axis.high)
    labels = _labels(y_axis, height, plot.logarithmic)
    margin = max(map(len, labels.values()))
    grid = Grid(max(8, width - margin - 2), height)
    for mark in marks:
        grid.upright(float(x_axis.places(np.asarray(mark))), "quiet")
    touched = [
        grid.curve(
            x_axis.places(line.x),
            np.clip(y_axis.places(line.y), -2, 3),  # what is cut off leaves the plot, at no cost
            _tone(color_of(plot, place)),
            dashed=series.dashed,
        )
        for place, (series, line) in enumerate(zip(plot.series, curves, strict=True))
    ]
    if len(touched) > 1:
        for place, cells in enumerate(touched):
            grid.letter(cells, (place + 0.5) / len(touched), _letters(plot)[place], _tone(color_of(plot, place)))
    lines: list[Line] = [((line, "bold"),) for line in wrapped(one_line(plot.title or ""), width) if line]
    for row, spans in enumerate(grid.lines()):
        edge = f"{labels[row]:>{margin}} ┤" if row in labels else " " * (margin + 1) + "│"
        lines.append(((edge, "quiet"), *spans))
    lines += floor_lines(x_axis, margin + 1, grid.columns, plot.x_ticks)
    if legend or plot.name:
        lines += _shade_lines(plot, x_axis, margin, grid.columns)
    if legend:
        lines += legend_lines([*_entries(plot), (f"over {visible(plot.x_name)}", "quiet"), *_signs(plot, marks)], width)
    return [tuple((as_charset(text, view.charset), tone) for text, tone in line) for line in lines]


def common_legend(plots: Sequence[Plot], width: int, charset: str) -> list[Line]:
    """One legend for plots of the same functions that stand beside each other."""
    marks = plots[0].marks
    own = tuple(shade for plot in plots if plot.name for shade in plot.shades)
    kinks = _signs(replace(plots[0], shades=own), marks)
    names = f"from the left: {', '.join(visible(plot.y_name) for plot in plots)}"
    lines = [*legend_lines(_entries(plots[0]), width), *legend_lines([(names, "quiet"), *kinks], width)]
    return [tuple((as_charset(text, charset), tone) for text, tone in line) for line in lines]


def numbers_of(plot: Plot) -> tuple[int, ...]:
    """Which functions the curves belong to."""
    return tuple(number_of(plot, place) for place in range(len(plot.series)))


def number_of(plot: Plot, place: int) -> int:
    """Which function of several a curve belongs to."""
    number = plot.series[place].number
    return place if number is None else number


def color_of(plot: Plot, place: int) -> int:
    """The number of a curve's colour: a function has one in all its plots, plots of different things have different."""
    return plot.colors_before + number_of(plot, place)


def _tone(number: int) -> str:
    return f"curve {number % _TONES + 1}"


def _letters(plot: Plot) -> list[str]:
    """A letter for each curve: its name, where all names are letters."""
    names = [series.name for series in plot.series]
    if all(len(name) == 1 and name.isalpha() and name.isascii() for name in names) and len({*names}) == len(names):
        return names
    return [chr(ord("a") + number_of(plot, place) % 26) for place in range(len(names))]


def _labels(axis: Axis, height: int, logarithmic: bool) -> dict[int, str]:
    """The label of each row that has one."""
    ticks = round_ticks(axis.low, axis.high, max(2, height // 2))
    texts = power_labels(ticks) if logarithmic else tick_labels(ticks)
    return {height - 1 - _dot(axis, tick, height * 4) // 4: text for tick, text in zip(ticks, texts, strict=True)}


def _dot(axis: Axis, value: float, dots: int) -> int:
    return round(float(axis.places(np.asarray(value))) * (dots - 1))


def floor_lines(axis: Axis, margin: int, columns: int, labelled: Sequence[tuple[float, str]] = ()) -> list[Line]:
    """The x axis, and under it the labels that do not touch each other."""
    ticks = [tick for tick, _ in labelled] or round_ticks(axis.low, axis.high, 5 if columns >= 40 else 3)
    texts = [text for _, text in labelled] or tick_labels(ticks)
    edge = ["─"] * columns
    labels = [" "] * (margin + columns + 2)
    free_from = 0
    for tick, label in zip(ticks, texts, strict=True):
        column = _dot(axis, tick, columns * 2) // 2
        start = max(0, min(margin + 1 + column - len(label) // 2, margin + 1 + columns - len(label)))
        if start < free_from:
            continue
        edge[column] = "┬"
        labels[start : start + len(label)] = label
        free_from = start + len(label) + len(GAP)
    return [((" " * margin + "└" + "".join(edge), "quiet"),), (("".join(labels).rstrip(), "quiet"),)]


def _shade_lines(plot: Plot, axis: Axis, margin: int, columns: int) -> list[Line]:
    """Under the axis, one line for each function that is saturated or dead somewhere."""
    lines: list[Line] = []
    for place, series in enumerate(plot.series):
        number = color_of(plot, place)
        cells = [" "] * columns
        for shade in plot.shades:
            if shade.of == series.name and shade.stop >= axis.low and shade.start <= axis.high:
                start, stop = (
                    _dot(axis, min(max(edge, axis.low), axis.high), columns) for edge in (shade.start, shade.stop)
                )
                cells[start : stop + 1] = _SHADES[shade.state] * (stop + 1 - start)
        if any(cell != " " for cell in cells):
            letter = _letters(plot)[place] if len(plot.series) > 1 else ""
            lines.append(((f"{letter:>{margin}}  ", "quiet"), ("".join(cells).rstrip(), _tone(number))))
    return lines


def _entries(plot: Plot) -> list[tuple[str, str]]:
    """Which curve is which."""
    entries = []
    for place, (letter, series) in enumerate(zip(_letters(plot), plot.series, strict=True)):
        alone = len(plot.series) == 1 or letter == series.name
        name = visible(series.name)
        entries.append((name if alone else f"{letter} {name}", _tone(color_of(plot, place))))
    return entries


def _signs(plot: Plot, marks: tuple[float, ...]) -> list[tuple[str, str]]:
    """What the shades mean, and where the marks are."""
    names = {series.name for series in plot.series}
    states = {shade.state for shade in plot.shades if shade.of in names}
    signs = [(f"{sign} {state}", "quiet") for state, sign in _SHADES.items() if state in states]
    if marks:
        noun = "kink" if len(marks) == 1 else "kinks"
        signs.append((f"┊ {noun} at " + ", ".join(map(number, marks)), "quiet"))
    return signs


def legend_lines(entries: list[tuple[str, str]], width: int) -> list[Line]:
    """Entries of a legend beside each other; one longer than a line is shortened."""
    lines: list[list[tuple[str, str]]] = [[]]
    for text, tone in entries:
        used = sum(width_of(piece) for piece, _ in lines[-1])
        if lines[-1] and used + len(GAP) + width_of(text) > width:
            lines.append([])
        lines[-1].append((GAP + shortened(text, width - len(GAP)), tone))
    return [tuple(line) for line in lines]
