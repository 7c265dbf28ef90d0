"""The graph of a trace as a Mermaid flowchart, which GitHub, GitLab and notebooks draw."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from gradcli.render.drawings.model import Arrow, Box, Graph, graph_of, trace_of
from gradcli.render.view import Answer, View

_MARKUP = re.compile(r"[^\w ,.=()+/-]|_", re.ASCII)
"""Whatever Mermaid, its Markdown or its HTML could take for something else."""

_CLASSES = (
    "classDef input fill:#ddf4ff,stroke:#0969da,color:#1f2328",
    "classDef operation fill:#f6f8fa,stroke:#818b98,color:#1f2328",
    "classDef output fill:#dafbe1,stroke:#1a7f37,color:#1f2328,stroke-width:2px",
    "classDef found fill:#fff8c5,stroke:#9a6700,color:#1f2328,stroke-width:2px",
    "classDef born fill:#ffebe9,stroke:#cf222e,color:#1f2328,stroke-width:3px",
    "classDef raised fill:#ffebe9,stroke:#cf222e,color:#1f2328,stroke-width:3px,stroke-dasharray:6 3",
)
_SPREADING = "stroke:#cf222e,stroke-width:2px"


def write(answer: Answer, view: View, stream: BinaryIO) -> None:
    """The whole flowchart.  Raises OutputError where there is no graph."""
    stream.write(text(answer, view).encode())


def text(answer: Answer, view: View) -> str:
    """The flowchart of a trace, inputs at the top."""
    return "\n".join(_lines(graph_of(trace_of(answer), view.precision))) + "\n"


def _lines(graph: Graph) -> Iterator[str]:
    yield "flowchart TD"
    for box in graph.boxes:
        yield "    " + _box(box)
    if graph.note is not None:
        yield f'    note["{_escaped(graph.note)}"]'
    for arrow in graph.arrows:
        yield f"    {_arrow(arrow)}"
    spreading = [str(number) for number, arrow in enumerate(graph.arrows) if arrow.spreads]
    if spreading:
        yield f"    linkStyle {','.join(spreading)} {_SPREADING}"
    for line in _CLASSES:
        yield f"    {line}"


def _box(box: Box) -> str:
    opened, closed = ('(["', '"])') if box.role == "input" else ('["', '"]')
    label = "<br/>".join(map(_escaped, box.lines))
    return f"s{box.number}{opened}{label}{closed}:::{box.mark or box.role}"


def _arrow(arrow: Arrow) -> str:
    return f"s{arrow.start} {'==>' if arrow.spreads else '-->'} s{arrow.end}"


def _escaped(label: str) -> str:
    """Punctuation as the entity codes that Mermaid has for it; other scripts stay as they are.

    Mermaid breaks the line at a backslash and an n, however they are written: the reverse solidus looks the same.
    """
    label = label.replace("\\", "\u29f5")
    return _MARKUP.sub(lambda match: match[0] if ord(match[0]) > 0x7F else f"#{ord(match[0])};", label)
