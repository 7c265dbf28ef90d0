"""The picture of a trace as shapes and lines of text with their places: what an SVG and a PNG are drawn from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradcli.render.drawings.layout import Layout, Point, lay_out
from gradcli.render.drawings.model import Arrow, Box, Graph, graph_of, trace_of
from gradcli.render.text import one_line, shortened, visible, width_of, wrapped
from gradcli.render.view import Answer, View
from gradcli.render.views.setting import footer, place
from gradcli.results import TraceResult

HEAD = 8.0
"""Length and width of the head of an arrow."""
_COLUMN = 7.3
"""Width of a character: monospaced fonts take up to 0.605 of their size, which is 12."""
_LINE = 17.0
_PADDING = 12.0
_MARGIN = 24.0
_NARROWEST = 64
"""Columns of text above and below a small graph."""
_NAMES = 10
"""Columns of `gradient` and a gap."""
_LEGEND = "gradient: what reached this part from the output; slope: the part's own derivative by its first operand."
_SPREADS = "A red arrow carried a NaN or an infinity, in a value down or in a gradient up."


@dataclass(frozen=True)
class Text:
    """A line of text by its class, and where it begins."""

    style: str
    text: str
    x: float
    y: float


@dataclass(frozen=True)
class BoxShape:
    """A box with its lines of text; radius: of its corners."""

    box: Box
    x: float
    y: float
    width: float
    height: float
    radius: float
    lines: tuple[Text, ...]


@dataclass(frozen=True)
class ArrowShape:
    """A line through points, which bends between two that are not above each other, and where its head ends."""

    points: tuple[Point, ...]
    tip: Point
    spreads: bool


@dataclass(frozen=True)
class Sheet:
    """A whole picture. The coordinates of arrows and boxes count from the origin; all are rounded to a tenth."""

    title: str
    width: float
    height: float
    above: tuple[Text, ...]
    origin: Point
    arrows: tuple[ArrowShape, ...]
    boxes: tuple[BoxShape, ...]
    below: tuple[Text, ...]


def sheet_of(answer: Answer, view: View, *, alone: bool) -> Sheet:
    """The picture of a trace. alone: with the expression above and the findings below, as in a file of its own.

    Raises OutputError where there is no graph.
    """
    result = trace_of(answer)
    graph = graph_of(result, view.precision)
    above = [] if graph.note is None else [("warning", graph.note)]
    if alone:
        setting = ", ".join([place(result.setting, result.inputs), *(note.text for note in footer(result.setting))])
        above = [("heading", one_line(result.expression)), ("quiet", setting), *above]
        below = _findings_and_legend(result, graph)
    else:
        below = [("quiet", line) for line in _explanations(graph) if line != _LEGEND]
    return _sheet(graph, one_line(result.expression), above, below)


def framed(graph: Graph, title: str) -> Sheet:
    """The picture of a graph that is no trace, to stand within a page that says the rest."""
    return _sheet(graph, title, [], [("quiet", line) for line in _explanations(graph) if line != _LEGEND])


def _findings_and_legend(result: TraceResult, graph: Graph) -> list[tuple[str, str]]:
    lines = [
        (finding.severity, f"{finding.severity}[{finding.code}]: {finding.message}") for finding in result.findings
    ]
    if result.raised is not None:
        lines += [("error", f"PyTorch raised {result.raised.type}:"), ("error", result.raised.message)]
    return [*lines, *([("quiet", "")] if lines else []), *(("quiet", line) for line in _explanations(graph))]


def _explanations(graph: Graph) -> Iterator[str]:
    if any(name == "gradient" for box in graph.boxes for name, _ in box.facts):
        yield _LEGEND
    if any(arrow.spreads for arrow in graph.arrows):
        yield _SPREADS


def _sheet(graph: Graph, title: str, over: Sequence[tuple[str, str]], under: Sequence[tuple[str, str]]) -> Sheet:
    """The graph between paragraphs of text, each with its class."""
    sizes = {box.number: _size(box) for box in graph.boxes}
    layout = lay_out(sizes, [(arrow.start, arrow.end) for arrow in graph.arrows])
    width = max(layout.width, _NARROWEST * _COLUMN)
    columns = int(width / _COLUMN)
    above = [(style, shortened(visible(line), columns)) for style, line in over]
    below = [
        (style, piece)
        for style, text in under
        for line in text.split("\n")
        for piece in wrapped(visible(line), columns)
    ]
    top = _MARGIN + len(above) * _LINE + (_LINE if above else 0)
    floor = top + layout.height + _LINE
    return Sheet(
        f"graph of {shortened(title, 240)}",
        _tenth(width + 2 * _MARGIN),
        _tenth(floor + len(below) * _LINE + _MARGIN),
        tuple(_text(style, line, _MARGIN, top - (len(above) - n) * _LINE) for n, (style, line) in enumerate(above)),
        (_tenth(_MARGIN + (width - layout.width) / 2), _tenth(top)),
        tuple(_arrow(arrow, layout) for arrow in graph.arrows),
        tuple(_box(box, sizes[box.number], layout.centres[box.number]) for box in graph.boxes),
        tuple(_text(style, line, _MARGIN, floor + (n + 1) * _LINE) for n, (style, line) in enumerate(below)),
    )


def _size(box: Box) -> Point:
    lines = [box.title, box.operation, *(f"{'':{_NAMES}}{value}" for _, value in box.facts)]
    lines += filter(None, (box.more, box.remark))
    return max(map(width_of, lines)) * _COLUMN + 2 * _PADDING, len(lines) * _LINE + 1.5 * _PADDING


def _box(box: Box, size: Point, centre: Point) -> BoxShape:
    left, top = centre[0] - size[0] / 2, centre[1] - size[1] / 2
    rows: list[list[tuple[str, str]]] = [[("name", box.title)], [("quiet", box.operation)]]
    rows += [[("quiet", name), ("value", value)] for name, value in box.facts]
    rows += [[("quiet", box.more)]] if box.more else []
    rows += [[("remark", box.remark)]] if box.remark else []
    lines = tuple(
        _text(style, text, left + _PADDING + column * _NAMES * _COLUMN, top + 0.75 * _PADDING + row * _LINE - 5)
        for row, texts in enumerate(rows, 1)
        for column, (style, text) in enumerate(texts)
    )
    corner = (_tenth(left), _tenth(top))
    return BoxShape(box, *corner, _tenth(size[0]), _tenth(size[1]), 16 if box.role == "input" else 5, lines)


def _arrow(arrow: Arrow, layout: Layout) -> ArrowShape:
    points = layout.routes[arrow.start, arrow.end]
    x, y = points[-1]
    bends = (*points[:-1], (x, y - HEAD / 2))
    return ArrowShape(tuple((_tenth(x), _tenth(y)) for x, y in bends), (_tenth(x), _tenth(y)), arrow.spreads)


def _text(style: str, text: str, x: float, y: float) -> Text:
    return Text(style, text, _tenth(x), _tenth(y))


def _tenth(value: float) -> float:
    return round(value, 1)
