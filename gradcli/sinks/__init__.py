"""Answers as files: one row an ending, one function a format; a file appears whole or not at all.

A sink is a function of an answer, a view and a binary stream. What the format could not hold as it was comes back as a
sentence, or None. It raises OutputError where the answer has nothing that the format could hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, BinaryIO

from gradcli.sinks.formats import SINKS

if TYPE_CHECKING:
    from gradcli.render.view import Answer, View
    from gradcli.sinks.targets import Target

__all__ = ["Write", "save", "writer"]

Write = Callable[["Answer", "View", BinaryIO], str | None]

_FORMATS = {".json": "json", ".ndjson": "ndjson", ".csv": "csv", ".md": "markdown"}
"""The format of the view, where the file is text."""

_GRAPHS = {
    ".svg": "gradcli.render.drawings.svg.write",
    ".png": "gradcli.render.drawings.figure.write_png",
    ".pdf": "gradcli.render.drawings.figure.write_pdf",
}
"""The function where the answer is a graph and not a curve."""


def save(answer: Answer, view: View, targets: Sequence[Target]) -> list[str]:
    """Write an answer into every target, all of them or none; what had to be changed on the way, in sentences.

    Raises OutputError; the files that were there before are then as they were.
    """
    from gradcli.sinks.files import together

    remarks: list[str | None] = []
    with together(targets) as places:
        for place in places:
            write, fitting = writer(place.target.ending, answer), _fitting(view, place.target)
            with place.writing() as stream:
                remarks.append(write(answer, fitting, stream))
    return _distinct(remarks)


def writer(ending: str, answer: Answer) -> Write:
    """The function of a format; what has no ending is text."""
    is_graph = getattr(answer, "kind", None) == "trace" and ending in _GRAPHS
    module, _, function = (_GRAPHS[ending] if is_graph else SINKS[ending or ".json"]).rpartition(".")
    write: Write = getattr(import_module(module), function)
    return write


def _fitting(view: View, target: Target) -> View:
    """The view of a file: no terminal's width and colour; a target without an ending keeps the format asked for."""
    return replace(view, format=_FORMATS.get(target.ending, view.format), width=None, color=False, charset="utf-8")


def _distinct(remarks: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(remark for remark in remarks if remark is not None))
