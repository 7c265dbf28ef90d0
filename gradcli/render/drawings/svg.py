"""The graph of a trace as an SVG that stands alone: our own layout, light and dark, the same bytes each time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from gradcli.render.drawings.layout import Layout, Point, lay_out
from gradcli.render.drawings.markup import STYLE
from gradcli.render.drawings.model import Arrow, Box, Graph, graph_of, trace_of
from gradcli.render.text import escaped, one_line, shortened, visible, width_of, wrapped
from gradcli.render.view import Answer, View
from gradcli.render.views.grad import place
from gradcli.results import TraceResult

_COLUMN = 7.3
"""Width of a character: monospaced fonts take up to 0.605 of their size, which is 12."""
_LINE = 17.0
_PADDING = 12.0
_MARGIN = 24.0
_NARROWEST = 64
"""Columns of text above and below a small graph."""
_NAMES = 10
"""Columns of `gradient` and a gap."""
_HEAD = 8.0
_LEGEND = "gradient: what reached this part from the output; slope: the part's own derivative by its first operand."
_SPREADS = "A red arrow carried a NaN or an infinity, in a value down or in a gradient up."


@dataclass(frozen=True)
class _Text:
    """A line of text by its class, and where it begins."""

    style: str
    text: str
    x: float
    y: float


def write(answer: Answer, view: View, stream: BinaryIO) -> None:
    """The whole picture.  Raises OutputError where there is no graph."""
    stream.write(text(answer, view).encode())


def text(answer: Answer, view: View) -> str:
    """The picture of a trace as a file of its own: with the expression above and the findings below."""
    result = trace_of(answer)
    graph = graph_of(result, view.precision)
    above = [
        ("heading", one_line(result.expression)),
        ("quiet", f"{place(result.setting, result.inputs)}, seed {result.setting.seed}"),
    ]
    return _picture(graph, _Frame([*above, *_left_out(graph)], _below(result, graph)), one_line(result.expression))


def drawing(answer: Answer, view: View) -> str:
    """The boxes and arrows alone, to stand within a page that says the rest."""
    result = trace_of(answer)
    graph = graph_of(result, view.precision)
    below = [("quiet", _SPREADS)] if any(arrow.spreads for arrow in graph.arrows) else []
    return _picture(graph, _Frame(_left_out(graph), below), one_line(result.expression))


@dataclass(frozen=True)
class _Frame:
    """Paragraphs above and below the graph, each with its class."""

    above: Sequence[tuple[str, str]]
    below: Sequence[tuple[str, str]]


def _below(result: TraceResult, graph: Graph) -> list[tuple[str, str]]:
    lines = [
        (finding.severity, f"{finding.severity}[{finding.code}]: {finding.message}") for finding in result.findings
    ]
    if result.raised is not None:
        lines += [("error", f"PyTorch raised {result.raised.type}:"), ("error", result.raised.message)]
    return [*lines, *([("quiet", "")] if lines else []), *(("quiet", line) for line in _explanations(graph))]


def _left_out(graph: Graph) -> list[tuple[str, str]]:
    return [] if graph.note is None else [("warning", graph.note)]


def _explanations(graph: Graph) -> Iterator[str]:
    if any(name == "gradient" for box in graph.boxes for name, _ in box.facts):
        yield _LEGEND
    if any(arrow.spreads for arrow in graph.arrows):
        yield _SPREADS


def _picture(graph: Graph, frame: _Frame, title: str) -> str:
    sizes = {box.number: _size(box) for box in graph.boxes}
    layout = lay_out(sizes, [(arrow.start, arrow.end) for arrow in graph.arrows])
    width = max(layout.width, _NARROWEST * _COLUMN)
    columns = int(width / _COLUMN)
    above = [(style, shortened(visible(line), columns)) for style, line in frame.above]
    below = [
        (style, piece)
        for style, text in frame.below
        for line in text.split("\n")
        for piece in wrapped(visible(line), columns)
    ]
    top = _MARGIN + len(above) * _LINE + (_LINE if above else 0)
    floor = top + layout.height + _LINE
    height = floor + len(below) * _LINE + _MARGIN
    left = _MARGIN + (width - layout.width) / 2
    described = escaped(f"graph of {shortened(title, 240)}")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="gradcli-graph" role="img" aria-label="{described}" '
        f'width="{_n(width + 2 * _MARGIN)}" height="{_n(height)}" '
        f'viewBox="0 0 {_n(width + 2 * _MARGIN)} {_n(height)}">',
        f"<title>{described}</title>",
        f"<style>{STYLE}</style>",
        '<rect class="ground" width="100%" height="100%"/>',
        *(_line(_Text(style, line, _MARGIN, top - (len(above) - n) * _LINE)) for n, (style, line) in enumerate(above)),
        f'<g transform="translate({_n(left)} {_n(top)})">',
        *(_arrow(arrow, layout) for arrow in graph.arrows),
        *(_box(box, sizes[box.number], layout.centres[box.number]) for box in graph.boxes),
        "</g>",
        *(_line(_Text(style, line, _MARGIN, floor + (n + 1) * _LINE)) for n, (style, line) in enumerate(below)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _size(box: Box) -> tuple[float, float]:
    lines = [box.title, box.operation, *(f"{'':{_NAMES}}{value}" for _, value in box.facts)]
    lines += filter(None, (box.more, box.remark))
    return max(map(width_of, lines)) * _COLUMN + 2 * _PADDING, len(lines) * _LINE + 1.5 * _PADDING


def _box(box: Box, size: tuple[float, float], centre: Point) -> str:
    left, top = centre[0] - size[0] / 2, centre[1] - size[1] / 2
    lines = [_Text("name", box.title, 0, 0), _Text("quiet", box.operation, 0, 0)]
    for name, value in box.facts:
        lines += [_Text("quiet", name, 0, 0), _Text("value", value, _NAMES * _COLUMN, 0)]
    lines += [_Text("quiet", box.more, 0, 0)] if box.more else []
    lines += [_Text("remark", box.remark, 0, 0)] if box.remark else []
    written = []
    row = 0
    for line in lines:
        row += line.x == 0
        baseline = top + 0.75 * _PADDING + row * _LINE - 5
        written.append(_line(_Text(line.style, line.text, left + _PADDING + line.x, baseline)))
    round_ = 16 if box.role == "input" else 5
    kind = " ".join(filter(None, ("box", box.role, box.mark)))
    return "\n".join(
        (
            f'<g class="{kind}"><title>{escaped(box.expression)}</title>',
            f'<rect x="{_n(left)}" y="{_n(top)}" width="{_n(size[0])}" height="{_n(size[1])}" rx="{round_}"/>',
            *written,
            "</g>",
        )
    )


def _arrow(arrow: Arrow, layout: Layout) -> str:
    points = layout.routes[arrow.start, arrow.end]
    x, y = points[-1]
    path = f"M{_n(points[0][0])} {_n(points[0][1])}"
    ends = [*points[1:-1], (x, y - _HEAD / 2)]
    for (x0, y0), (x1, y1) in zip(points, ends, strict=False):
        middle = _n((y0 + y1) / 2)
        curve = f"C{_n(x0)} {middle} {_n(x1)} {middle} {_n(x1)} {_n(y1)}"
        path += f"V{_n(y1)}" if _n(x0) == _n(x1) else curve
    head = f"M{_n(x)} {_n(y)}l{_n(-_HEAD / 2)} {_n(-_HEAD)}h{_n(_HEAD)}z"
    kind = "arrow spreads" if arrow.spreads else "arrow"
    return f'<g class="{kind}"><path class="line" d="{path}"/><path class="head" d="{head}"/></g>'


def _line(line: _Text) -> str:
    return f'<text class="{line.style}" x="{_n(line.x)}" y="{_n(line.y)}">{escaped(line.text)}</text>'


def _n(value: float) -> str:
    """A coordinate, to a tenth."""
    return f"{round(value, 1):g}" if abs(value) < 1e5 else f"{value:.1f}"
