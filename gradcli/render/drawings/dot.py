"""The graph of a trace in DOT, the language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from gradcli.render.drawings.model import Graph, graph_of, trace_of
from gradcli.render.text import one_line, shortened
from gradcli.render.view import Answer, View

_COLOURS = {
    "input": 'fillcolor="#ddf4ff", color="#0969da"',
    "operation": 'fillcolor="#f6f8fa", color="#818b98"',
    "output": 'fillcolor="#dafbe1", color="#1a7f37", peripheries=2',
    "found": 'fillcolor="#fff8c5", color="#9a6700", penwidth=2',
    "born": 'fillcolor="#ffebe9", color="#cf222e", penwidth=3',
    "raised": 'fillcolor="#ffebe9", color="#cf222e", penwidth=3, style="filled,dashed"',
}
_SPREADING = ' [color="#cf222e", penwidth=2]'
_LONGEST = 100
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "&": "&amp;"})  # Graphviz reads HTML entities in every label


def write(answer: Answer, view: View, stream: BinaryIO) -> None:
    """The whole graph.  Raises OutputError where there is none."""
    stream.write(text(answer, view).encode())


def text(answer: Answer, view: View) -> str:
    """The graph of a trace, inputs at the top."""
    result = trace_of(answer)
    graph = graph_of(result, view.precision)
    return "\n".join(_lines(graph, shortened(one_line(result.expression), _LONGEST))) + "\n"


def _lines(graph: Graph, title: str) -> Iterator[str]:
    yield "digraph trace {"
    label = _quoted([title] if graph.note is None else [title, graph.note], end="n")
    yield f"  graph [label={label}, labelloc=t, charset=utf8, rankdir=TB];"
    yield '  graph [fontname="monospace", fontsize=12];'
    yield '  node [shape=box, style="filled,rounded", fontname="monospace", fontsize=11, fontcolor="#1f2328"];'
    yield '  edge [color="#818b98"];'
    for box in graph.boxes:
        yield f"  s{box.number} [label={_quoted(box.lines, end='l')}, {_COLOURS[box.mark or box.role]}];"
    for arrow in graph.arrows:
        yield f"  s{arrow.start} -> s{arrow.end}{_SPREADING if arrow.spreads else ''};"
    yield "}"


def _quoted(lines: Sequence[str], end: str) -> str:
    """A quoted string; `end` is how each line ends: `n` centred, `l` to the left."""
    return f'"{"".join(f"{line.translate(_ESCAPES)}{chr(92)}{end}" for line in lines)}"'
