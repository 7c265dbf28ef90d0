"""Curves in panels above each other, over one x axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from gradcli.render.blocks import Plot, Shade
from gradcli.render.curves import Axis, Line, limits_of, lines_of
from gradcli.render.pictures.axes import Ruler, across, minus, up
from gradcli.render.pictures.lettering import Lettering
from gradcli.render.plot import color_of

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Told apart by eyes of every kind.  Source: Okabe and Ito (2008), Color Universal Design."""
_DASHES: tuple[tuple[float, ...], ...] = ((), (6, 2), (2, 1.5), (7, 2, 2, 2), (10, 3), (4, 1.5, 1, 1.5, 1, 1.5))
_SHADE = {"saturated": ("#f1f1f1", ""), "dead": ("#f1f1f1", "///"), "wrong in kind": ("#fbe3dc", "")}
_WIDTH, _PANEL, _ROW = 8.0, 2.7, 0.2
_NARROW, _NARROW_PANEL = 4.6, 2.0
"""Inches, on a page that may be read on a phone."""
_LEGEND_COLUMNS = 52
"""Letters in a line of the legend above narrow panels."""
_KINKS_WRITTEN = 4
_LEGEND_ROWS = 13
_POINTS_MARKED = 60


def figure(
    plots: Sequence[Plot], title: str, lettering: Lettering, own: Sequence[Plot] = (), *, narrow: bool = False
) -> Figure:
    """One panel a plot; where several functions are shaded, a panel that says which is flat where.

    own: the same plots with the user's own points alone, which are marked on the curves.
    narrow: one legend above the panels, instead of one beside each.
    """
    shaded = _shaded_curves(plots)
    rows = len(shaded) if len(plots[0].series) > 1 else 0
    width, panel = (_NARROW, _NARROW_PANEL) if narrow else (_WIDTH, _PANEL)
    heights = [panel] * len(plots) + ([0.35 + rows * _ROW] if rows else [])
    drawn = Figure(figsize=(width, 0.6 + sum(heights)), layout="constrained")
    panels = drawn.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0].tolist()
    x_ruler = Ruler.of(_x_axis(plots))
    legends: list[_Legend] = []
    explained = next((number for number, plot in enumerate(plots) if plot.shades), 0)
    for number, (plot, axes) in enumerate(zip(plots, panels, strict=False)):
        points = own[number] if number < len(own) and len(own[number].series) == len(plot.series) else None
        legends.append(_panel(axes, plot, x_ruler, lettering, points, shade=not rows, named=number == explained))
        _kinks(axes, plot, x_ruler, written=number == 0)
    if rows:
        legends.append(_strips(panels[-1], shaded, plots, x_ruler, lettering))
    if narrow:
        _above(drawn, legends)
    else:
        for axes, legend in zip(panels, legends, strict=True):
            _beside(axes, legend)
    across(panels[-1], x_ruler, plots[0].x_name, lettering, room=0.02, labelled=plots[0].x_ticks)
    if title:
        drawn.suptitle(lettering.title(title), fontsize=11)
    return drawn


_Legend = dict[str, Line2D | Patch]
"""What is drawn how, by what it is called."""


def _beside(axes: Axes, legend: _Legend) -> None:
    if legend:
        columns = -(-len(legend) // _LEGEND_ROWS)
        axes.legend(
            [*legend.values()],
            [*legend],
            loc="upper left",
            bbox_to_anchor=(1.0, 1.0),
            handlelength=3.2,
            ncols=columns,
        )


def _above(drawn: Figure, legends: Sequence[_Legend]) -> None:
    """One legend for all panels: that of the first with several curves, and what is shaded how."""
    curves = next((one for one in legends if any(isinstance(handle, Line2D) for handle in one.values())), {})
    patches = {name: handle for one in legends for name, handle in one.items() if isinstance(handle, Patch)}
    legend = curves | patches
    if legend:
        columns = max(1, min(len(legend), _LEGEND_COLUMNS // (max(map(len, legend)) + 6)))
        drawn.legend([*legend.values()], [*legend], loc="outside upper center", handlelength=2.4, ncols=columns)


def _x_axis(plots: Sequence[Plot]) -> Axis:
    """The x axis that shows every panel."""
    found = [limits[0] for plot in plots if (limits := limits_of(lines_of(plot))) is not None]
    return Axis(min(axis.low for axis in found), max(axis.high for axis in found))


def _panel(
    axes: Axes, plot: Plot, x_ruler: Ruler, lettering: Lettering, own: Plot | None, *, shade: bool, named: bool
) -> _Legend:
    """Curves and what they are; the stretches of a single function behind them, which one panel's legend explains."""
    lines = lines_of(plot)
    limits = limits_of(lines)
    assert limits is not None
    y_ruler = Ruler.of(limits[1])
    handles: list[Line2D | Patch] = []
    for place, line in enumerate(lines):
        handles.append(_curve(axes, color_of(plot, place), line, x_ruler, y_ruler))
        points = own or plot
        if points.x.size <= _POINTS_MARKED:
            _points(axes, color_of(plot, place), lines_of(points)[place], x_ruler, y_ruler)
    labels = [lettering.text(series.name) for series in plot.series]
    if len(labels) == 1:  # the title and the axis say what it is
        handles, labels = [], []
    states = _shade(axes, plot.shades, x_ruler) if shade else []
    if named:
        handles += states
        labels += [str(state.get_label()) for state in states]
    up(axes, y_ruler, plot.y_name or plot.series[0].name, lettering, logarithmic=plot.logarithmic)
    return dict(zip(labels, handles, strict=True))


def _curve(axes: Axes, number: int, line: Line, x_ruler: Ruler, y_ruler: Ruler) -> Line2D:
    """A line with gaps; a point between two gaps is a dot."""
    color = COLORS[number % len(COLORS)]
    x, y = x_ruler.drawn(line.x), y_ruler.drawn(line.y)
    dashes = _DASHES[(number + number // len(COLORS)) % len(_DASHES)]
    (drawn,) = axes.plot(x, y, color=color, linewidth=1.7, dashes=dashes or (None, None), gid=f"curve-{number + 1}")
    there = np.isfinite(x) & np.isfinite(y)
    beside = np.concatenate([[False], there[:-1]]) | np.concatenate([there[1:], [False]])
    alone = there & ~beside
    if alone.any():
        axes.plot(x[alone], y[alone], color=color, linestyle="", marker="o", markersize=4.5, label="_")
    return drawn


def _points(axes: Axes, number: int, line: Line, x_ruler: Ruler, y_ruler: Ruler) -> None:
    """The user's own points, on the curve that goes through them."""
    x, y = x_ruler.drawn(line.x), y_ruler.drawn(line.y)
    axes.plot(x, y, color=COLORS[number % len(COLORS)], linestyle="", marker="o", markersize=4, label="_")


def _shade(axes: Axes, shades: Sequence[Shade], ruler: Ruler) -> list[Patch]:
    """Stretches over the whole height, and their entries in the legend."""
    seen = []
    for shade in shades:
        fill, hatch = _SHADE[shade.state]
        low, high = ruler.drawn(shade.start), ruler.drawn(shade.stop)
        axes.axvspan(float(low), float(high), facecolor=fill, hatch=hatch, edgecolor="#d4d4d4", linewidth=0, zorder=0)
        if shade.state not in seen:
            seen.append(shade.state)
    return [
        Patch(facecolor=_SHADE[state][0], hatch=_SHADE[state][1], edgecolor="#b0b0b0", linewidth=0.5, label=state)
        for state in seen
    ]


def _kinks(axes: Axes, plot: Plot, ruler: Ruler, *, written: bool) -> None:
    """Dashed lines; their places stand above the first panel, as many as there is room for."""
    low, high = ruler.axis.low, ruler.axis.high
    marks = [mark for mark in plot.marks if low <= mark <= high]
    free_from = -1.0
    for mark in marks:
        axes.axvline(float(ruler.drawn(mark)), color="#555555", linewidth=0.9, dashes=(3, 3), zorder=1)
        share = float(ruler.axis.places(np.asarray(mark)))
        at = minus(f"{mark + 0.0:.4g}")  # no -0
        word = f"kink at {at}" if len(marks) <= _KINKS_WRITTEN else at
        if written and share >= free_from:
            place = (float(ruler.drawn(mark)), 1.02)
            axes.annotate(
                word, place, xycoords=axes.get_xaxis_transform(), ha="center", va="bottom", fontsize=8, color="#444444"
            )
            free_from = share + 0.02 * len(word)


def _shaded_curves(plots: Sequence[Plot]) -> list[tuple[Plot, int]]:
    """The curves with a stretch, by plot and place: of the last plot that knows of one, and of all with their own."""
    found = [
        (plot, place)
        for plot in plots
        for place, series in enumerate(plot.series)
        if any(shade.of == series.name for shade in plot.shades)
    ]
    return [one for one in found if one[0].name or one[0] is found[-1][0]]


def _strips(
    axes: Axes, curves: Sequence[tuple[Plot, int]], plots: Sequence[Plot], ruler: Ruler, lettering: Lettering
) -> _Legend:
    """One bar a curve: where its slope is small, where it is zero by definition, where its answers are wrong."""
    seen, names = set(), []
    several = len({plot.name for plot, _ in curves}) > 1
    for row, (plot, place) in enumerate(curves):
        series, number = plot.series[place], color_of(plot, place)
        name = lettering.text(plots[0].series[number].name)
        names.append(f"{plot.name}, {name}" if several else name)
        color = COLORS[number % len(COLORS)]
        for shade in plot.shades:
            if shade.of == series.name:
                seen.add(shade.state)
                left, right = float(ruler.drawn(shade.start)), float(ruler.drawn(shade.stop))
                fill, hatch = ("white", "/////") if shade.state == "saturated" else (color, None)
                style = {"facecolor": fill, "hatch": hatch, "edgecolor": color, "linewidth": 0.8, "zorder": 2}
                axes.barh(row, right - left, 0.6, left, **style)  # type: ignore[arg-type]
    axes.set_ylim(len(curves) - 0.4, -0.6)
    axes.set_yticks(range(len(curves)), names)
    axes.grid(visible=False, axis="y")
    return {
        state: Patch(facecolor=fill, hatch=hatch, edgecolor="#777777", linewidth=0.8)
        for state, fill, hatch in (
            ("saturated", "white", "/////"),
            ("dead", "#777777", None),
            ("wrong in kind", "#777777", None),
        )
        if state in seen
    }
