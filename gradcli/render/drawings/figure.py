"""The graph of a trace as a PNG or a PDF: the picture by day, drawn by matplotlib."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, BinaryIO

from gradcli.render.drawings.layout import Point
from gradcli.render.drawings.markup import DAY
from gradcli.render.drawings.sheet import HEAD, ArrowShape, BoxShape, Sheet, Text, sheet_of
from gradcli.render.matplotlib_alone import settings
from gradcli.render.view import Answer, View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path

    from gradcli.render.pictures.lettering import Lettering

_UNITS_PER_INCH = 72
"""A unit of the picture is a point, and letters of 12 units are letters of 12 points."""
_DOTS_PER_INCH = 144
_MOST_DOTS, _LONGEST_SIDE = 40_000_000, 60_000
"""Larger pictures are drawn with fewer dots an inch; beyond 2^16 matplotlib draws none."""
_BOXES = {"input": "input", "output": "output", "found": "found", "born": "born", "raised": "born"}
_LETTERS = {"quiet": "quiet", "error": "born-text", "remark": "born-text", "warning": "found-text", "note": "note-text"}


def write_png(answer: Answer, view: View, stream: BinaryIO) -> None:
    """The whole picture.  Raises OutputError where there is no graph, or matplotlib is missing."""
    _write(answer, view, stream, "png", {"Software": "gradcli"})


def write_pdf(answer: Answer, view: View, stream: BinaryIO) -> None:
    """The whole picture, on a page of its size.  Raises OutputError as `write_png` does."""
    _write(answer, view, stream, "pdf", {"Creator": "gradcli", "CreationDate": None})


def _write(answer: Answer, view: View, stream: BinaryIO, format_: str, notes: dict[str, Any]) -> None:
    sheet = sheet_of(answer, view, alone=True)
    width, height = sheet.width, sheet.height
    # a dollar sign is a dollar sign; letters that can be selected
    with settings({"text.parse_math": False, "pdf.fonttype": 42}):
        from matplotlib.figure import Figure

        figure = Figure(figsize=(width / _UNITS_PER_INCH, height / _UNITS_PER_INCH), facecolor=DAY["ground"])
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
        axes.set_axis_off()
        _draw(sheet, axes)
        largest = min((_MOST_DOTS / width / height) ** 0.5, _LONGEST_SIDE / max(width, height))
        dots = min(_DOTS_PER_INCH, _UNITS_PER_INCH * largest)
        figure.savefig(stream, format=format_, dpi=dots, metadata=notes)


def _draw(sheet: Sheet, axes: Axes) -> None:
    """Everything in its order: what comes later hides what comes before."""
    from matplotlib import rcParams

    from gradcli.render.pictures.lettering import Lettering

    lettering = Lettering(keep=False)
    for line in sheet.above:
        _text(line, (0, 0), axes, lettering)
    for arrow in sheet.arrows:
        _arrow(arrow, sheet.origin, axes)
    for box in sheet.boxes:
        _box(box, sheet.origin, axes)
        for line in box.lines:
            _text(line, sheet.origin, axes, lettering, mark=box.box.mark)
    for line in sheet.below:
        _text(line, (0, 0), axes, lettering)
    for order, drawn in enumerate(axes.get_children()):
        drawn.set_zorder(order)
    with lettering.chosen():
        for text in axes.texts:
            text.set_fontfamily(["DejaVu Sans Mono", *rcParams["font.family"]])


def _text(line: Text, origin: Point, axes: Axes, lettering: Lettering, *, mark: str | None = None) -> None:
    tone = "found-text" if mark == "found" and line.style == "remark" else _LETTERS.get(line.style, "text")
    weight = "bold" if line.style in ("heading", "name", "remark") else "normal"
    x, y = origin[0] + line.x, origin[1] + line.y
    axes.text(x, y, lettering.text(line.text), size=12, weight=weight, color=DAY[tone])


def _box(shape: BoxShape, origin: Point, axes: Axes) -> None:
    from matplotlib.patches import FancyBboxPatch

    role = _BOXES.get(shape.box.mark or shape.box.role)
    corner, corners = (origin[0] + shape.x, origin[1] + shape.y), f"round,pad=0,rounding_size={shape.radius}"
    patch = FancyBboxPatch(corner, shape.width, shape.height, corners)
    patch.set(facecolor=DAY[role or "operation"], edgecolor=DAY[f"{role}-line" if role else "line"])
    patch.set(linewidth=2 if role and role != "input" else 1.2, linestyle="--" if shape.box.mark == "raised" else "-")
    axes.add_patch(patch)


def _arrow(shape: ArrowShape, origin: Point, axes: Axes) -> None:
    from matplotlib.patches import PathPatch

    colour = DAY["born-line" if shape.spreads else "line"]
    for path, is_head in ((_line(shape, origin), False), (_head(shape, origin), True)):
        patch = PathPatch(path, color=colour, fill=is_head)
        patch.set_linewidth(0 if is_head else 2.4 if shape.spreads else 1.4)
        axes.add_patch(patch)


def _line(shape: ArrowShape, origin: Point) -> Path:
    """Straight down, or bending from one point to the next."""
    from matplotlib.path import Path

    points, codes = [shape.points[0]], [Path.MOVETO]
    for (x0, y0), (x1, y1) in pairwise(shape.points):
        middle = round((y0 + y1) / 2, 1)
        points += [(x1, y1)] if x0 == x1 else [(x0, middle), (x1, middle), (x1, y1)]
        codes += [Path.LINETO] if x0 == x1 else [Path.CURVE4] * 3
    return Path([(origin[0] + x, origin[1] + y) for x, y in points], codes)


def _head(shape: ArrowShape, origin: Point) -> Path:
    from matplotlib.path import Path

    x, y = origin[0] + shape.tip[0], origin[1] + shape.tip[1]
    corners = [(x, y), (x - HEAD / 2, y - HEAD), (x + HEAD / 2, y - HEAD), (x, y)]
    return Path(corners, [Path.MOVETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY])
