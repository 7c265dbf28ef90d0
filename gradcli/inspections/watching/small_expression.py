"""Operations of a program as an expression of gradcli's language, with the tensors that go in as its inputs."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from types import EllipsisType

import torch

from gradcli.diagnose.origins.elements import has_non_finite
from gradcli.diagnose.origins.parts import in_one_line
from gradcli.language import catalogue
from gradcli.language.catalogue.signature import signatures_of
from gradcli.language.dtypes import DTYPES
from gradcli.language.names import CONSTANTS, NAMESPACES
from gradcli.language.printer import ATOM, Piece, Spelling, binary, called, is_operator, listed, number
from gradcli.numerics.capture import dtype_name
from gradcli.recording.program.operations import CallOperation
from gradcli.recording.program.written import names_in
from gradcli.recording.tape import Step, Tape

_SPELLING = Spelling()
_OUTPUT = "_output"
"""How the name of what a function gives ends, where the program has none for it."""
_SAYING_NOTHING = ("input", "other", "self", "x")
"""What functions call their first tensors."""


class InexpressibleError(Exception):
    """An operation that gradcli's language does not have, or an argument that it cannot write."""


@dataclass(frozen=True)
class SmallExpression:
    """An expression with the tensors of its inputs, by name.

    names: what each of them is called, by its id. meanings: what those are that the program has under no such name.
    constant: the inputs that the program does not differentiate by.
    """

    text: str
    inputs: Mapping[str, torch.Tensor]
    names: Mapping[int, str]
    meanings: Mapping[str, str]
    constant: frozenset[str]

    @property
    def elements(self) -> int:
        """How many numbers go in."""
        return sum(tensor.numel() for tensor in self.inputs.values())

    @property
    def wrt(self) -> tuple[str, ...] | None:
        """The inputs to differentiate by; None where it is all of them that have a gradient, or none."""
        floating = [name for name, tensor in self.inputs.items() if tensor.is_floating_point()]
        found = tuple(name for name in floating if name not in self.constant)
        return found if found and len(found) < len(floating) else None


def small_expression(
    tape: Tape, step: Step, inner: Collection[int] = (), gradient: torch.Tensor | None = None
) -> SmallExpression:
    """The value of a step. inner: the numbers of the steps that are written out; the others' values are inputs.

    gradient: what is to reach the value: the expression is then the sum of their product.
    Raises InexpressibleError.
    """
    writer = _Writer(tape, frozenset(inner), gradient)
    piece = writer.call(step)
    if not step.single:
        piece = Piece(f"{piece.at(ATOM)}[{blamed_value(step)}]")
    if gradient is not None:
        name = Piece(writer.input_of(gradient, [], ["gradient"], "what arrives in the backward pass", is_constant=True))
        piece = called("sum", [binary("mul", piece, name, spelling=_SPELLING)])
    return SmallExpression(piece.text, writer.inputs, writer.names, writer.meanings, frozenset(writer.constant))


def blamed_value(step: Step) -> int:
    """Which of a step's values is the first that is not finite; 0 where all are."""
    broken = (which for which, value in enumerate(step.values) if has_non_finite(value))
    return next(broken, 0)


@dataclass
class _Writer:
    tape: Tape
    inner: Collection[int]
    gradient: torch.Tensor | None
    inputs: dict[str, torch.Tensor] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    meanings: dict[str, str] = field(default_factory=dict)
    constant: set[str] = field(default_factory=set)

    def call(self, step: Step) -> Piece:
        """An operation on its operands."""
        operation = step.operation
        if step.name == "index" and len(step.arguments) == 2:
            return self._indexed(step)
        name = step.name.removesuffix("_")
        row = operation.row if name == step.name else catalogue.find(name)
        if not isinstance(operation, CallOperation) or row is None:
            raise InexpressibleError(step.name)
        pieces = [self._piece(value, step, position) for position, value in enumerate(step.arguments)]
        if is_operator(name) and len(pieces) == 2 and not operation.keywords:
            sides = [number(int(one), _SPELLING) if isinstance(one, bool) else None for one in step.arguments]
            left, right = (side or piece for side, piece in zip(sides, pieces, strict=True))
            return binary(name, left, right, spelling=_SPELLING)
        by_position = len(pieces) - len(operation.keywords)
        by_name = {position: word for word, (position, _) in operation.named(step.arguments).items()}
        # a tensor is known by its place; what else is given says what it is, from the first such argument on
        first = next((at for at in range(1, by_position) if not _has_tensor(step.arguments[at])), by_position)
        if any(position not in by_name for position in range(first, by_position)):
            first = by_position
        words = {**by_name, **dict(enumerate(operation.keywords, start=by_position))}
        usual = {one.name: one.default for one in signatures_of(row)[0].parameters}
        named = [
            f"{words[position]}={pieces[position].text}"
            for position in range(first, len(pieces))
            if pieces[position].text.strip("'") != str(usual.get(words[position])).strip("'")
        ]
        return called(row.name if row.function else f"torch.Tensor.{row.name}", pieces[:first], named)

    def _indexed(self, step: Step) -> Piece:
        tensor, key = step.arguments
        assert isinstance(tensor, torch.Tensor)
        keys = key if isinstance(key, tuple) else (key,)
        texts = [self._key(one, step, at if isinstance(key, tuple) else None) for at, one in enumerate(keys)]
        return Piece(f"{self._tensor(tensor, step, 0).at(ATOM)}[{', '.join(texts)}]")

    def _key(self, key: object, step: Step, place: int | None) -> str:
        """One index. place: which one of several it is."""
        match key:
            case slice(start=start, stop=stop, step=stride):
                bounds = ["" if one is None else self._key(one, step, place) for one in (start, stop)]
                return ":".join(bounds if stride is None else [*bounds, self._key(stride, step, place)])
            case EllipsisType():
                return "..."
            case torch.Tensor():
                return self._tensor(key, step, 1, _part_of(step, place)).text
            case bool() | str() | float():
                raise InexpressibleError(step.name)
            case _:
                return self._piece(key, step, 1).text

    def input_of(
        self, tensor: torch.Tensor, own: Sequence[str], other: Sequence[str], meaning: str, *, is_constant: bool
    ) -> str:
        """The name of an input, which is the first that the language has room for: the program's own, or another.

        meaning: what is told of another one.
        """
        known = self.names.get(id(tensor))
        if known is not None:
            return known
        owned = next(filter(None, map(_as_name, own)), None)
        plain = owned or next(filter(None, map(_as_name, other)), "x")
        same = next((name for name, other in self.inputs.items() if other is tensor), None)
        name = same or next(one for one in chain([plain], (f"{plain}_{n}" for n in count(2))) if one not in self.inputs)
        self.inputs[name] = tensor
        self.names[id(tensor)] = name
        if owned is None or owned.endswith(_OUTPUT):
            self.meanings[name] = in_one_line(meaning)
        if is_constant:
            self.constant.add(name)
        return name

    def _piece(self, value: object, step: Step, position: int) -> Piece:
        match value:
            case torch.Tensor():
                return self._tensor(value, step, position)
            case torch.dtype():
                return Piece(dtype_name(value))
            case None | str() | bool():
                return Piece(repr(value))
            case int() | float() | complex():
                return number(value, _SPELLING)
            case list() | tuple():
                return listed([self._piece(one, step, position).text for one in value], bracketed=True)
        raise InexpressibleError(step.name)

    def _tensor(self, tensor: torch.Tensor, step: Step, position: int, text: str | None = None) -> Piece:
        """A tensor that is an operand of a step. text: what the program writes for it, where it is a part of one."""
        sources = self.tape.inputs(step)
        source = next((one for one in sources if any(own is tensor for own in one.values)), None)
        if source is not None and source.index in self.inner and source.single:
            return self.call(source)
        is_constant = source is None or not source.edges
        own = _own_names(step, source, position, text)
        meaning = source.text if source is not None else own[0] if own else step.text
        return Piece(self.input_of(tensor, own, _other_names(step, source, position), meaning, is_constant=is_constant))


def _own_names(step: Step, source: Step | None, position: int, text: str | None) -> list[str]:
    """What the program calls an operand: as it is written, and as it was before."""
    found = []
    operation = step.operation
    assert isinstance(operation, CallOperation)
    if not operation.inside and position < len(operation.written.parts):
        found.append(text or operation.written.place_of(position).text)
    if source is not None:
        found += [source.variable.partition(", line ")[0]] if source.variable else []
        found += [source.operation.assigned] if source.operation.assigned else []
    return found


def _other_names(step: Step, source: Step | None, position: int) -> list[str]:
    """What the function calls an operand, where the program calls nothing so; what made it."""
    operation = step.operation
    assert isinstance(operation, CallOperation)
    taken = {*_SAYING_NOTHING, *names_in(operation.written.place.source)}
    found = [word for word, (at, _) in operation.named(step.arguments).items() if at == position and word not in taken]
    return found if source is None or source.is_leaf else [*found, f"{source.name}()"]


def _part_of(step: Step, place: int | None) -> str | None:
    """What the program writes for one of several indices."""
    operation = step.operation
    assert isinstance(operation, CallOperation)
    index = operation.written.parts[1][0] if len(operation.written.parts) > 1 else None
    if place is None or not isinstance(index, ast.Tuple) or place >= len(index.elts):
        return None
    return ast.unparse(index.elts[place])


def _as_name(text: str) -> str | None:
    """`scale` of `self.scale`, `rows` of `rows[0]`, `model_output` of `model(x)`; None of what has no name."""
    try:
        node: ast.expr = ast.parse(text, mode="eval").body
    except SyntaxError:
        return None
    while isinstance(node, ast.Subscript):
        node = node.value
    is_call = isinstance(node, ast.Call)
    node = node.func if isinstance(node, ast.Call) else node
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    name = f"{name}{_OUTPUT}" if is_call and name else name
    name = re.sub(r"__+", "_", name).strip("_")
    if not name or keyword.iskeyword(name):
        return None
    return f"{name}_1" if name in CONSTANTS or name in NAMESPACES or name in DTYPES else name


def _has_tensor(value: object) -> bool:
    return isinstance(value, torch.Tensor) or (isinstance(value, list | tuple) and any(map(_has_tensor, value)))
