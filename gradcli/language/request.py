"""The words after a command: which is the subject, which are points, which bind a name.

Everything here can be said of the words alone; PyTorch is not needed to say it.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gradcli.exceptions import GradcliError, UnknownNameError, UsageError, did_you_mean, listed, nearest
from gradcli.language import syntax
from gradcli.language.dtypes import any_dtype
from gradcli.language.names import CONSTANTS, check_plain
from gradcli.language.parser import parse
from gradcli.language.subject import subject_text
from gradcli.language.syntax import Index, Literal, Name, Program
from gradcli.language.text import notation_hint

if TYPE_CHECKING:
    import numpy as np

_BINDING = re.compile(r"(?P<name>[^\W\d]\w*)(?::(?P<dtype>[\w.]*))?=(?P<value>(?!=).*)", re.DOTALL)
_ASSIGNED = re.compile(r"[^\W\d]\w*(:[\w.]*)?=\s*[^\W\d]\w*\s*=(?!=)")
_MOST_OF_EXAMPLE = 9
"""Numbers of an example."""
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_ASSIGNMENT = re.compile(r"=[^\S\n]*[^\s=]")


class TensorsByName(Protocol):
    """The tensors of a file. names: some or all of them, once one is asked for that there is not."""

    names: tuple[str, ...]

    def get(self, name: str) -> Value | None: ...


@dataclass(frozen=True)
class Value:
    """What a point or a name is given: an expression without free names, or numbers read elsewhere.

    dtype: the one that numbers bring along, None where they take that of the command.
    tensors: of a file that is given without a name. refusal: why it is no single tensor.
    """

    text: str
    program: Program | None = None
    numbers: np.ndarray | None = None
    dtype: str | None = None
    tensors: TensorsByName | None = None
    refusal: GradcliError | None = None

    @property
    def is_single(self) -> bool:
        """Whether it is one number, so that several of them are counted by their places."""
        several = syntax.Sequence | syntax.Numbers | syntax.Call
        return self.program is not None and not isinstance(self.program.result, several)

    @property
    def is_typed(self) -> bool:
        """Whether it was written in numbers, and neither computed nor read."""
        return self.program is not None and syntax.is_typed(self.program.result)


@dataclass(frozen=True)
class Binding:
    """`NAME=VALUE` or `NAME:DTYPE=VALUE`."""

    name: str
    value: Value
    dtype: str | None = None


@dataclass(frozen=True)
class Request:
    """A subject whose free names all have values: by `NAME=VALUE`, or by the points for the one name left open."""

    program: Program
    bindings: tuple[Binding, ...]
    points: tuple[Value, ...]
    variable: str | None

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs: in the order of the text, then those that the text does not use."""
        given = [binding.name for binding in self.bindings]
        used = [name for name in self.program.free_names if name in given or name == self.variable]
        return (*used, *(name for name in given if name not in used))


def is_binding(word: str) -> bool:
    """Whether a word is NAME=VALUE rather than a point, or a program such as `h=exp(x); h*2`.

    The value of a name may be a program too, `x=h = ones(3); h[0]`: it then begins with an assignment of its own.
    """
    if _BINDING.fullmatch(word) is None:
        return False
    return not _has_statements(_QUOTED.sub("", word).strip()) or _ASSIGNED.match(word) is not None


def _has_statements(text: str) -> bool:
    """Whether a text without quotes has a `;`, or an assignment and a line after it."""
    return ";" in text or _ASSIGNMENT.search(text.rpartition("\n")[0]) is not None


def read_value(text: str, sources: Mapping[str, Value] | None = None) -> Value:
    """A point or the right side of NAME=VALUE.  Raises ExpressionError, UnknownNameError."""
    if sources and text in sources:
        if (refusal := sources[text].refusal) is not None:
            raise refusal
        return sources[text]
    program = parse(text)
    if program.free_names:
        name = program.free_names[0]
        option = nearest(name, ["json", "help", "version", "device", "dtype", "seed", "format", "jacobian", "hessian"])
        hint = f"Did you mean --{option}?" if text.startswith("-") and option else None
        if hint is None and re.fullmatch(r"-[dtfop][A-Za-z]*\d+", text):
            hint = f"An option takes its value as the next word: {text[:2]} {text[2:]}"
        raise UnknownNameError(
            f"a value cannot use the name '{name}'",
            expression=text,
            span=_first_use(program, name),
            hint=hint
            or did_you_mean(name, CONSTANTS)
            or "Write numbers: 1, 1e-3, -inf, pi/2, [1, 2], linspace(0, 1, 5).",
        )
    return Value(text, program)


def read_binding(word: str, sources: Mapping[str, Value] | None = None) -> Binding:
    """`x=1,2` or `x:float16=1e4`.  Raises UsageError, ExpressionError."""
    match = _BINDING.fullmatch(word)
    if match is None:
        raise UsageError(f"'{word}' does not bind a name", hint="Write NAME=VALUE, for example x=1,2,3.")
    # Python's parser normalises identifiers in the same way
    name = unicodedata.normalize("NFKC", match["name"])
    check_plain(name, (0, len(match["name"])))
    if not match["value"].strip():
        raise UsageError(f"'{name}' is given no value", hint=f"Write {name}=1 or {name}=1,2,3.")
    dtype = None if match["dtype"] is None else any_dtype(match["dtype"])
    return Binding(name, read_value(match["value"], sources), dtype)


def read(subject: str, words: Sequence[str], *, command: str, sources: Mapping[str, Value] | None = None) -> Request:
    """The request that a subject and the words behind it make.

    Raises GradcliError where names stay open, points have no name to go to, or a word cannot be read.
    """
    bindings = tuple(read_binding(word, sources) for word in words if is_binding(word))
    files = [word for word in words if sources and word in sources and sources[word].tensors is not None]
    values = {word: read_value(word, sources) for word in words if not is_binding(word) and word not in files}
    names = [binding.name for binding in bindings]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise UsageError(f"'{repeated}' is given twice", hint="Give each name once.")
    program = parse(subject_text(subject, names), bound=names)
    open_names = [name for name in program.free_names if name not in names]
    found, used = bound_by_files(open_names, files, sources or {})
    points = tuple(
        values[word] if word in values else read_value(word, sources)
        for word in words
        if not is_binding(word) and word not in used
    )
    remark = what_files_hold(used, sources or {}) if len(found) < len(open_names) else ""
    return request(program, (*bindings, *found), points, command=command, subject=subject, remark=remark)


def bound_by_files(
    open_names: Sequence[str], files: Sequence[str], sources: Mapping[str, Value]
) -> tuple[list[Binding], list[str]]:
    """Each open name with the tensor of that name in a file, and the files that were asked.

    A file that holds a single tensor gives the points where one name is open, and is not asked.

    Raises UsageError for a name that two files hold.
    """
    asked = {word: sources[word] for word in files if open_names}
    if len(open_names) == 1:
        asked = {word: value for word, value in asked.items() if value.refusal is not None}
    found: list[Binding] = []
    for name in open_names:
        held = {word: tensor for word, value in asked.items() if value.tensors and (tensor := value.tensors.get(name))}
        if len(held) > 1:
            raise UsageError(
                f"'{name}' is in {listed(held)}", hint=f"Choose one: {name}={next(iter(held.values())).text}."
            )
        found += [Binding(name, tensor) for tensor in held.values()]
    if not found and len(open_names) == 1:
        return [], []
    return found, list(asked)


def what_files_hold(files: Sequence[str], sources: Mapping[str, Value]) -> str:
    """The names that files hold, for a hint."""
    held = [(word, sources[word].tensors) for word in files]
    return " ".join(f"{word} holds {listed(tensors.names)}." for word, tensors in held if tensors and tensors.names)


def request(
    program: Program,
    bindings: tuple[Binding, ...],
    points: tuple[Value, ...],
    *,
    command: str,
    subject: str,
    remark: str = "",
) -> Request:
    """The request of parts that have been read; raises UsageError as `read` does, with a remark in its hint."""
    given = [binding.name for binding in bindings]
    free_names = [name for name in program.free_names if name not in given]
    call = f"gradcli {command} {shlex.quote(subject)}"
    if points and len(free_names) == 1:
        return Request(program, bindings, points, free_names[0])
    if points and not free_names:
        raise UsageError(
            "there is no open name that the points could go to",
            expression=program.text,
            hint="Leave the points out, or use a name such as x in the expression.",
        )
    if free_names:
        is_one = len(free_names) == 1
        unused = [name for name in given if name not in program.free_names]
        meant = dict(zip(unused, free_names, strict=True)) if is_one and len(unused) == 1 else {}
        known = [f"{meant.get(own.name, own.name)}={shlex.quote(own.value.text)}" for own in bindings]
        values = {name: _enough(program, name, n) for n, name in enumerate(free_names, 1) if name not in meant.values()}
        example = " ".join([*known, *(f"{name}={value}" for name, value in values.items())])
        remark = f" {listed(unused)} is not in the expression." if len(unused) == 1 else f" {remark}".rstrip()
        if example == f"{free_names[0]}=1":
            example = "0 1 10"
        raise UsageError(
            f"{listed(free_names)} {'has no value' if is_one else 'have no values'}",
            expression=program.text,
            span=_first_use(program, free_names[0]),
            hint=_product(program.text, free_names) or f"Try: {call} {example}{'.' if remark else ''}{remark}",
        )
    return Request(program, bindings, (), None)


def _product(text: str, free_names: Sequence[str]) -> str | None:
    """A hint for x·y, which Python takes for one name."""
    return notation_hint(text) if any("·" in name for name in free_names) else None


def with_text(error: GradcliError, text: str, offset: int = 0) -> GradcliError:
    """The error, pointing into a longer text in which its expression begins at `offset`."""
    if error.span is not None:
        error.span = (error.span[0] + offset, error.span[1] + offset)
    error.expression = text
    return error


def _enough(program: Program, name: str, number: int) -> str:
    """An example of a name's value: a number, or as many as its indices reach."""
    reached = [
        node.index.value + 1 if node.index.value >= 0 else -node.index.value
        for node in program.nodes
        if isinstance(node, Index)
        and isinstance(node.operand, Name)
        and node.operand.name == name
        and isinstance(node.index, Literal)
        and isinstance(node.index.value, int)
    ]
    if not reached:
        return str(number)
    return ",".join(map(str, range(1, max(2, min(max(reached), _MOST_OF_EXAMPLE)) + 1)))  # one number has no index


def _first_use(program: Program, name: str) -> tuple[int, int] | None:
    uses = [node.span for node in program.nodes if isinstance(node, Name) and node.name == name]
    return min(uses, default=None)
