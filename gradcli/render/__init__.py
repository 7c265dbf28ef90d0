"""Answers as text: one renderer a format, over the blocks or the table of an answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from typing import TextIO

from gradcli.render.text import encodable
from gradcli.render.view import Answer, View

__all__ = ["FORMATS", "Answer", "View", "write"]

Renderer = Callable[[Answer, View], Iterator[str]]

FORMATS = {
    "table": "gradcli.render.terminal",
    "json": "gradcli.render.json",
    "ndjson": "gradcli.render.ndjson",
    "csv": "gradcli.render.csv",
    "markdown": "gradcli.render.markdown",
}
"""The module whose `render` writes each format; only the one that is used is imported."""


def write(answer: Answer, view: View, stream: TextIO) -> None:
    """Write an answer to a stream of text, in characters that the stream can hold."""
    charset = getattr(stream, "encoding", None) or "utf-8"
    fitting = view if view.charset == charset else replace(view, charset=charset)
    for piece in renderer(view.format)(answer, fitting):
        try:
            stream.write(piece)
        except UnicodeEncodeError:
            stream.write(_ascii_json(piece) if "json" in view.format else encodable(piece, charset))


def renderer(name: str) -> Renderer:
    """The `render` function of a format."""
    render: Renderer = import_module(FORMATS[name]).render
    return render


def _ascii_json(text: str) -> str:
    """The same JSON in ASCII: beyond it there are only characters of strings."""

    def escape(match: re.Match[str]) -> str:
        units = match[0].encode("utf-16-be")
        return "".join(f"\\u{units[place : place + 2].hex()}" for place in range(0, len(units), 2))

    return re.sub(r"[^\x00-\x7f]", escape, text)
