"""Answers as text: one renderer a format, over the blocks or the table of an answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from typing import TextIO

from gradcli.render.text import encodable, harmless, in_units
from gradcli.render.view import Answer, View

__all__ = ["FORMATS", "Answer", "View", "write"]

Renderer = Callable[[Answer, View], Iterator[str]]

FORMATS = {
    "table": "terminal.render",
    "json": "json.render",
    "ndjson": "rows.json_rows",
    "csv": "rows.csv_rows",
    "markdown": "markdown.render",
}
"""The function of this package that writes each format; only the module that is used is imported."""
MACHINE_FORMATS = ("json", "ndjson", "csv")
"""Those that hold every character as it is."""


def write(answer: Answer, view: View, stream: TextIO) -> None:
    """Write an answer to a stream of text, in characters that the stream can hold."""
    charset = getattr(stream, "encoding", None) or "utf-8"
    fitting = view if view.charset == charset else replace(view, charset=charset)
    is_raw = view.format in MACHINE_FORMATS and stream.isatty()
    for piece in renderer(view.format)(answer, fitting):
        if is_raw:
            piece = harmless(piece)
        try:
            stream.write(piece)
        except UnicodeEncodeError:
            stream.write(_ascii_json(piece) if "json" in view.format else encodable(piece, charset))


def renderer(name: str) -> Renderer:
    """The function that writes a format."""
    module, _, function = FORMATS[name].partition(".")
    render: Renderer = getattr(import_module(f"{__name__}.{module}"), function)
    return render


def _ascii_json(text: str) -> str:
    """JSON in ASCII: other characters stand only within its strings, and become escapes there."""
    return re.sub(r"[^\x00-\x7f]", in_units, text)
