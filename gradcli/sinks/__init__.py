"""Answers as files: one row an ending, one function a format; a file appears whole or not at all.

A sink is a function of an answer, a view and a binary stream. What the format could not hold as it was comes back as a
sentence, or None. It raises OutputError where the answer has nothing that the format could hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, BinaryIO

from gradcli.errors import OutputError

if TYPE_CHECKING:
    from gradcli.render.view import Answer, View
    from gradcli.sinks.targets import Target

__all__ = ["SINKS", "Write", "check_available", "is_picture", "save"]

Write = Callable[["Answer", "View", BinaryIO], str | None]

SINKS = {
    ".json": "gradcli.sinks.text.write",
    ".ndjson": "gradcli.sinks.text.write",
    ".csv": "gradcli.sinks.text.write",
    ".md": "gradcli.sinks.text.write",
    ".npy": "gradcli.sinks.arrays.write_npy",
    ".npz": "gradcli.sinks.arrays.write_npz",
    ".pt": "gradcli.sinks.arrays.write_pt",
    ".safetensors": "gradcli.sinks.safetensors.write",
    ".parquet": "gradcli.sinks.parquet.write",
    ".py": "gradcli.sinks.text.write_program",
    ".svg": "gradcli.render.pictures.write_svg",
    ".png": "gradcli.render.pictures.write_png",
    ".mmd": "gradcli.render.drawings.mermaid.write",
    ".dot": "gradcli.render.drawings.dot.write",
    ".html": "gradcli.render.page.write",
}
"""The function that makes each kind of file; only the module that is used is imported."""

_FORMATS = {".json": "json", ".ndjson": "ndjson", ".csv": "csv", ".md": "markdown"}
"""The format of the view, where the file is text."""

_GRAPHS = {".svg": "gradcli.render.drawings.svg.write", ".png": "gradcli.render.drawings.png.write"}
"""The function where the answer is a graph and not a curve."""

_TENSORS = frozenset((".npy", ".npz", ".pt", ".safetensors"))
_TABLES = ".json, .ndjson, .csv, .md or .parquet"
_WITHOUT_TENSORS = frozenset(("check", "errors", "functions"))
"""Commands whose answers are tables."""

_WITH_PROGRAM = ("grad", "loss", "softmax", "trace", "retain-demo", "errors")
"""Commands that --emit torch writes as a program."""

_PICTURES = frozenset((".svg", ".png", ".html"))
"""What wants the denser answer that curves are drawn from."""

_NEEDS = {".parquet": ("pyarrow", "parquet"), ".png": ("matplotlib", "plot")}
"""The library behind a format, and the extra that brings it."""


def is_picture(ending: str) -> bool:
    """Whether curves are drawn into a file of this kind."""
    return ending in _PICTURES


def check_available(ending: str, command: str = "") -> None:
    """Raises OutputError where the format's library is not installed, or holds nothing that the command answers."""
    if not ending:
        return
    if ending in _TENSORS and command in _WITHOUT_TENSORS:
        raise OutputError(
            f"'{command}' answers with no tensors, and a {ending} file holds nothing else", hint=f"Choose {_TABLES}."
        )
    if ending == ".py" and command not in _WITH_PROGRAM:
        raise OutputError(
            f"'{command}' has no program; {', '.join(_WITH_PROGRAM[:-1])} and {_WITH_PROGRAM[-1]} have one",
            hint=f"Choose {_TABLES}.",
        )
    library, extra = _NEEDS.get(ending, ("gradcli", ""))
    if find_spec(library) is None:
        raise OutputError(f"{ending} files need {library}", hint=f"Install it: pip install 'gradcli[{extra}]'.")
    if not _exists(SINKS[ending].rpartition(".")[0]):
        raise OutputError(f"{ending} files cannot be written by this version", hint="Choose another ending.")


def save(answer: Answer, view: View, targets: Sequence[Target]) -> list[str]:
    """Write an answer into every target, all of them or none; what had to be changed on the way, in sentences.

    Raises OutputError; the files that were there before are then as they were.
    """
    from gradcli.sinks.files import together

    remarks: list[str | None] = []
    with together(targets) as places:
        for place in places:
            write, fitting = _writer(place.target.ending, answer), _fitting(view, place.target)
            with place.writing() as stream:
                remarks.append(write(answer, fitting, stream))
    return _distinct(remarks)


def _writer(ending: str, answer: Answer) -> Write:
    """The function of a format; what has no ending is text."""
    is_graph = getattr(answer, "kind", None) == "trace" and ending in _GRAPHS
    module, _, function = (_GRAPHS[ending] if is_graph else SINKS[ending or ".json"]).rpartition(".")
    write: Write = getattr(import_module(module), function)
    return write


def _fitting(view: View, target: Target) -> View:
    """The view of a file: no terminal's width and colour; a target without an ending keeps the format asked for."""
    return replace(view, format=_FORMATS.get(target.ending, view.format), width=None, color=False, charset="utf-8")


def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package around it
        return False


def _distinct(remarks: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(remark for remark in remarks if remark is not None))
