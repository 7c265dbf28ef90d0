"""A function of two scalars as a heat map, with lines of equal value and the arrows of its gradient."""

from __future__ import annotations

import math

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from gradcli.render.blocks import Field
from gradcli.render.curves import Axis, tick_labels
from gradcli.render.fields import Arrow, Scale, arrows_of, scale_of, share_without_slope, spread_over, torn
from gradcli.render.pictures.axes import Ruler, across, minus, up
from gradcli.render.pictures.lettering import Lettering
from gradcli.render.stationary import stationary_of

_SIZE, _NARROW = (8.0, 7.4), (4.6, 4.9)
_ARROWS = 15
_ARROW_INCHES = 0.28
_ARROW = ((-1.0, 0.08), (0.4, 0.08), (0.4, 0.28), (1.0, 0.0), (0.4, -0.28), (0.4, -0.08), (-1.0, -0.08), (-1.0, 0.08))
"""The outline that stands for all arrows in the legend."""
_LEVELS = 12
_NO_VALUE = "#a6a6a6"
_POINTS = {"minimum": "o", "maximum": "s", "saddle": "X"}
_WRITTEN = 2
Handle = Line2D | Patch


def figure(field: Field, title: str, lettering: Lettering, *, narrow: bool = False) -> Figure:
    """The field in a square, with a bar of its colours and a legend below it. narrow: for a phone."""
    scale = scale_of(field)
    assert scale is not None
    drawn = Figure(figsize=_NARROW if narrow else _SIZE, layout="constrained")
    axes = drawn.subplots()
    axes.set_box_aspect(1)
    axes.grid(visible=False)
    x_ruler, y_ruler = (Ruler.of(Axis(float(axis[0]), float(axis[-1]))) for axis in (field.x, field.y))
    _heat(drawn, axes, field, scale, x_ruler, y_ruler)
    handles = [*_arrows(axes, field, x_ruler, y_ruler), *_stationary(axes, field, x_ruler, y_ruler), *_gaps(field)]
    across(axes, x_ruler, field.x_name, lettering)
    up(axes, y_ruler, field.y_name, lettering, most=9)
    for axis, ruler, set_limits in ((field.x, x_ruler, axes.set_xlim), (field.y, y_ruler, axes.set_ylim)):
        drawn_axis = ruler.drawn(axis)  # half a cell beyond the outermost points: their colours are whole squares
        set_limits(
            float(drawn_axis[0] - (drawn_axis[1] - drawn_axis[0]) / 2),
            float(drawn_axis[-1] + (drawn_axis[-1] - drawn_axis[-2]) / 2),
        )
    if handles:
        drawn.legend(handles=handles, loc="outside lower center", ncols=_columns(handles, 52 if narrow else 100))
    if title:
        drawn.suptitle(lettering.title(title), fontsize=11)
    return drawn


def _heat(drawn: Figure, axes: Axes, field: Field, scale: Scale, x_ruler: Ruler, y_ruler: Ruler) -> None:
    """Colours, lines of equal value, and what they mean."""
    shown = np.ma.masked_invalid(np.where(np.isfinite(field.values), scale.bent(field.values), np.nan))
    low, high = scale.bent(np.array([scale.low, scale.high])).tolist()
    x, y = x_ruler.drawn(field.x), y_ruler.drawn(field.y)
    colors = matplotlib.colormaps["viridis"].with_extremes(bad=_NO_VALUE)
    # as an image: in an SVG every cell would be a shape of its own
    mesh = axes.pcolormesh(x, y, shown, cmap=colors, vmin=low, vmax=high, shading="nearest", rasterized=True)
    ticks = scale.ticks(9)
    finite = field.values[np.isfinite(field.values)]
    beyond = (bool(finite.min() < scale.low), bool(finite.max() > scale.high))
    extend = {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}[beyond]
    bar = drawn.colorbar(mesh, ax=axes, shrink=0.85, pad=0.02, extend=extend)
    places = scale.bent(np.array(ticks, dtype=np.float64))
    words = tick_labels(ticks) if scale.knee is None else [f"{tick + 0.0:g}" for tick in ticks]
    bar.set_ticks(places.tolist(), labels=list(map(minus, words)))
    if shown.count() and float(shown.min()) < float(shown.max()):
        levels = places if scale.knee is None else np.linspace(low, high, _LEVELS)
        inside = [level for level in levels.tolist() if float(shown.min()) < level < float(shown.max())]
        if inside:
            whole = np.ma.masked_where(torn(field), shown)
            axes.contour(x, y, whole, levels=inside, colors="white", linewidths=0.7, alpha=0.75, linestyles="solid")


def _arrows(axes: Axes, field: Field, x_ruler: Ruler, y_ruler: Ruler) -> list[Handle]:
    """The gradient on a coarser grid; none where it is zero or not finite."""
    rows, columns = spread_over(len(field.y), _ARROWS), spread_over(len(field.x), _ARROWS)
    arrows = list(arrows_of(field, rows, columns))
    if not arrows:
        return []
    wide, high = (float(axis[-1] / 2 - axis[0] / 2) for axis in (field.x, field.y))
    shortest, longest = min(arrow.length for arrow in arrows), max(arrow.length for arrow in arrows)
    # the direction on the paper, where both axes are as long as each other
    turns = np.array([math.atan2(arrow.dy / arrow.length / high, arrow.dx / arrow.length / wide) for arrow in arrows])
    lengths = _ARROW_INCHES * np.array([_share(arrow, shortest, longest) for arrow in arrows])
    drawn = axes.quiver(
        x_ruler.drawn(np.array([field.x[arrow.column] for arrow in arrows])),
        y_ruler.drawn(np.array([field.y[arrow.row] for arrow in arrows])),
        lengths * np.cos(turns),
        lengths * np.sin(turns),
        units="inches",
        scale_units="inches",
        scale=1,
        width=0.022,
        pivot="middle",
        color="white",
        edgecolor="black",
        linewidth=0.6,
        zorder=3,
        clip_on=False,
    )
    drawn.set_in_layout(False)  # its bounds are those of far longer arrows
    word = (
        f"gradient, |∇f| from {shortest:.3g} to {longest:.3g}"
        if shortest < longest
        else f"gradient, |∇f| = {longest:.3g}"
    )
    style = {"color": "white", "marker": _ARROW, "markersize": 17, "markeredgecolor": "black"}
    return [Line2D([], [], linestyle="", markeredgewidth=0.6, label=word, **style)]  # type: ignore[arg-type]


def _share(arrow: Arrow, shortest: float, longest: float) -> float:
    """From 0.45 to 1: an arrow shows first of all where it points."""
    if longest / shortest < 1.001:
        return 1.0
    return 0.45 + 0.55 * math.log(arrow.length / shortest) / math.log(longest / shortest)


def _stationary(axes: Axes, field: Field, x_ruler: Ruler, y_ruler: Ruler) -> list[Handle]:
    """Places without a slope, by what they are."""
    points = stationary_of(field)
    handles: list[Handle] = []
    for kind, marker in _POINTS.items():
        found = [point for point in points if point.kind == kind]
        if not found:
            continue
        x = x_ruler.drawn(np.array([point.x for point in found]))
        y = y_ruler.drawn(np.array([point.y for point in found]))
        style = {"marker": marker, "markersize": 9, "markerfacecolor": "#D55E00", "markeredgecolor": "white"}
        axes.plot(x, y, linestyle="", zorder=4, clip_on=False, **style)  # type: ignore[arg-type]
        step = max(abs(field.x[-1] - field.x[0]), abs(field.y[-1] - field.y[0])) * 1e-4
        places = ", ".join(f"({_near(point.x, step)}, {_near(point.y, step)})" for point in found)
        word = f"{kind} near {places}" if len(found) <= _WRITTEN else f"{len(found)} {_plural(kind)}"
        handles.append(Line2D([], [], linestyle="", label=word, **style))  # type: ignore[arg-type]
    return handles


def _near(value: float, step: float) -> str:
    """A coordinate with as many digits as the grid can tell."""
    return f"{0.0 if abs(value) < step else value:.3g}"


def _plural(kind: str) -> str:
    return {"minimum": "minima", "maximum": "maxima", "saddle": "saddles"}[kind]


def _gaps(field: Field) -> list[Handle]:
    """What is grey, and where there is no slope."""
    total = field.values.size
    counts = {"nan": int(np.isnan(field.values).sum()), "inf": int(np.isinf(field.values).sum())}
    words = [f"{name} at {count:,} of {total:,} points" for name, count in counts.items() if count]
    handles: list[Handle] = [Patch(facecolor=_NO_VALUE, label=", ".join(words))] if words else []
    flat = share_without_slope(field)
    if flat > 1:
        handles.append(Patch(facecolor="none", label=f"gradient 0 at {flat:,} of {total:,} points"))
    return handles


def _columns(handles: list[Handle], letters: int) -> int:
    """How many entries of the legend fit beside each other in a line of so many letters."""
    longest = max(len(str(handle.get_label())) for handle in handles)
    return max(1, min(len(handles), letters // (longest + 8)))
