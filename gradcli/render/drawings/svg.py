"""The graph of a trace as an SVG that stands alone: our own layout, light and dark, the same bytes each time."""

from __future__ import annotations

from itertools import pairwise
from typing import BinaryIO

from gradcli.render.drawings.markup import STYLE
from gradcli.render.drawings.sheet import HEAD, ArrowShape, BoxShape, Sheet, Text, sheet_of
from gradcli.render.text import escaped
from gradcli.render.view import Answer, View


def write(answer: Answer, view: View, stream: BinaryIO) -> None:
    """The whole picture.  Raises OutputError where there is no graph."""
    stream.write(text(answer, view).encode())


def text(answer: Answer, view: View) -> str:
    """The picture of a trace as a file of its own: with the expression above and the findings below."""
    return written(sheet_of(answer, view, alone=True))


def drawing(answer: Answer, view: View) -> str:
    """The boxes and arrows alone, to stand within a page that says the rest."""
    return written(sheet_of(answer, view, alone=False))


def written(sheet: Sheet) -> str:
    """A picture as SVG."""
    described, width, height = escaped(sheet.title), _n(sheet.width), _n(sheet.height)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="gradcli-graph" role="img" aria-label="{described}" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f"<title>{described}</title>",
        f"<style>{STYLE}</style>",
        '<rect class="ground" width="100%" height="100%"/>',
        *map(_line, sheet.above),
        f'<g transform="translate({_n(sheet.origin[0])} {_n(sheet.origin[1])})">',
        *map(_arrow, sheet.arrows),
        *map(_box, sheet.boxes),
        "</g>",
        *map(_line, sheet.below),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _box(shape: BoxShape) -> str:
    kind = " ".join(filter(None, ("box", shape.box.role, shape.box.mark)))
    edges = f'x="{_n(shape.x)}" y="{_n(shape.y)}" width="{_n(shape.width)}" height="{_n(shape.height)}"'
    return "\n".join(
        (
            f'<g class="{kind}"><title>{escaped(shape.box.expression)}</title>',
            f'<rect {edges} rx="{shape.radius:g}"/>',
            *map(_line, shape.lines),
            "</g>",
        )
    )


def _arrow(shape: ArrowShape) -> str:
    (x, y), tip = shape.points[0], shape.tip
    path = f"M{_n(x)} {_n(y)}"
    for (x0, y0), (x1, y1) in pairwise(shape.points):
        middle = _n((y0 + y1) / 2)
        path += f"V{_n(y1)}" if x0 == x1 else f"C{_n(x0)} {middle} {_n(x1)} {middle} {_n(x1)} {_n(y1)}"
    head = f"M{_n(tip[0])} {_n(tip[1])}l{_n(-HEAD / 2)} {_n(-HEAD)}h{_n(HEAD)}z"
    kind = "arrow spreads" if shape.spreads else "arrow"
    return f'<g class="{kind}"><path class="line" d="{path}"/><path class="head" d="{head}"/></g>'


def _line(line: Text) -> str:
    return f'<text class="{line.style}" x="{_n(line.x)}" y="{_n(line.y)}">{escaped(line.text)}</text>'


def _n(value: float) -> str:
    """A coordinate, to a tenth."""
    return f"{round(value, 1) + 0.0:g}" if abs(value) < 1e5 else f"{value:.1f}"
