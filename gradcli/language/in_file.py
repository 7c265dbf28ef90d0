"""`model.py:loss` as a subject: a function of the user's, from a file or given, with the values of its parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gradcli.exceptions import UsageError
from gradcli.language.request import Binding, Request, Value, is_binding, read, read_binding, read_value
from gradcli.language.subject import IN_FILE


@dataclass(frozen=True)
class FunctionRequest:
    """A function, a module or a class of a file, and the values of its parameters.

    function: the one that a caller in Python gives, which is in no file that would have to be run.
    points: values for its first parameters, which a given function alone takes without their names.
    files: files of tensors by the words for them, for the parameters that have the names of these tensors.
    """

    subject: str
    file: str
    name: str
    bindings: tuple[Binding, ...]
    function: Callable[..., Any] | None = None
    points: tuple[Value, ...] = ()
    files: Mapping[str, Value] = field(default_factory=dict)


def read_subject(
    subject: str,
    words: Sequence[str],
    *,
    command: str,
    sources: Mapping[str, Value] | None = None,
    emits: bool = False,
    functions: Mapping[str, Callable[..., Any]] | None = None,
) -> Request | FunctionRequest:
    """The request that a subject and the words behind it make, of an expression or of a file.  Raises GradcliError.

    emits: whether a program is to be written, which the file already is.
    functions: those that a caller in Python gives, by the subjects that stand for them.
    """
    function = (functions or {}).get(subject)
    if function is not None:
        points = tuple(read_value(word, sources) for word in words if not is_binding(word))
        return FunctionRequest(subject, "", subject, _bindings(words, sources), function, points)
    match = IN_FILE.fullmatch(subject.strip())
    if match is None:
        return read(subject, words, command=command, sources=sources)
    if emits:
        raise UsageError("--emit writes expressions as programs", hint=f"{match['file']} is one already.")
    files = {word: value for word, value in (sources or {}).items() if word in words and value.tensors is not None}
    point = next((word for word in words if not is_binding(word) and word not in files), None)
    if point is not None:
        raise UsageError(f"'{point}' has no name that it belongs to", hint=f"Write NAME=VALUE: x={point}")
    return FunctionRequest(subject.strip(), match["file"], match["name"], _bindings(words, sources), files=files)


def _bindings(words: Sequence[str], sources: Mapping[str, Value] | None) -> tuple[Binding, ...]:
    bindings = tuple(read_binding(word, sources) for word in words if is_binding(word))
    names = [binding.name for binding in bindings]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise UsageError(f"'{repeated}' is given twice", hint="Give each name once.")
    return bindings


def is_in_file(subject: str) -> bool:
    """Whether a subject names something of a file."""
    return IN_FILE.fullmatch(subject.strip()) is not None
