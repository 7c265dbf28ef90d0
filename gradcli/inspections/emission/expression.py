"""An expression as PyTorch source: what the evaluator called, with the arguments that it passed.

The evaluator is watched while it runs: where a number or a list became a tensor, the source says which one. What was
not reached, since PyTorch raised before it, is written as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch

from gradcli.inspections.emission import literals
from gradcli.inspections.emission.literals import PROGRAM
from gradcli.language import syntax
from gradcli.language.catalogue import GRAD
from gradcli.language.names import CONSTANTS
from gradcli.language.printer import ATOM, Piece, called, listed, number, printed
from gradcli.language.syntax import Node, children, postorder
from gradcli.numerics import scalars
from gradcli.numerics.calls import RECEIVER, Argument, Prepared, Spread, is_method_path, prepare, spread
from gradcli.numerics.evaluate import Observed
from gradcli.numerics.literals import Context, to_tensor

UNKNOWN = object()
"""The value of what was not evaluated."""

Named = Callable[[Node, str, object], str | None]
"""Given a node, its source and its value: the variable that holds it from now on, None for none."""


@dataclass
class Writer:
    """Watches an evaluation, then writes it down.

    names: the user's names that mean something else in a program, and what they are called there.
    """

    context: Context
    names: dict[str, str] = field(default_factory=dict)
    named: Named | None = None
    _values: dict[int, object] = field(default_factory=dict)
    _operands: dict[int, list[object]] = field(default_factory=dict)
    _sources: dict[int, Piece] = field(default_factory=dict)

    def __call__(self, node: Observed, value: object, operands: list[object]) -> None:
        """The observer that the evaluator calls."""
        self._values[id(node)] = value
        self._operands[id(node)] = list(operands)

    def stopped_at(self, node: Node | None, operands: Sequence[object]) -> None:
        """The node that PyTorch refused, with what it was given."""
        if node is not None and len(operands) == len(children(node)):
            self._operands.setdefault(id(node), list(operands))

    def name(self, name: str) -> str:
        return self.names.get(name, name)

    def source(self, root: Node) -> Piece:
        """One expression; a loop, for expressions of any depth."""
        for node in postorder(root):
            written = self._written(node)
            if self.named is not None and node is not root:
                variable = self.named(node, written.text, self._values.get(id(node), UNKNOWN))
                written = written if variable is None else Piece(variable)
            self._sources[id(node)] = written
        return self._sources[id(root)]

    def tensor(self, root: Node) -> Piece:
        """One expression where a tensor is wanted."""
        source, value = self.source(root), self._values.get(id(root), UNKNOWN)
        return self._converted(root, value, source, ())

    def operand(self, root: Node, *, beside: Node) -> str:
        """One expression beside a tensor: a number stays a number, a list becomes a tensor of the other's dtype."""
        source, value = self.source(root), self._values.get(id(root), UNKNOWN)
        like = [self._values.get(id(beside), UNKNOWN)]
        return source.text if scalars.is_number(value) else self._converted(root, value, source, like).text

    def is_list(self, node: Node) -> bool:
        """Whether a list was found there."""
        return isinstance(self._values.get(id(node)), list)

    def _written(self, node: Node) -> Piece:
        value = self._values.get(id(node), UNKNOWN)
        parts = [self._sources[id(child)] for child in children(node)]
        operands = self._operands.get(id(node), [UNKNOWN] * len(parts))
        if _is_folded(node, value, operands):
            assert scalars.is_number(value)
            return number(value, PROGRAM)
        match node:
            case syntax.Name(name=name):
                return self._name(name, value)
            case syntax.Literal(value=literal) if scalars.is_number(literal):
                return number(scalars.bounded(literal), PROGRAM)
            case syntax.Binary():
                return printed(node, self._operands_of(node, parts, operands), PROGRAM)
            case syntax.Call():
                return self._call(node, parts, operands)
            case _:
                return printed(node, parts, PROGRAM)

    def _name(self, name: str, value: object) -> Piece:
        if name in CONSTANTS and (value is UNKNOWN or value is CONSTANTS[name]):
            return Piece(f"torch.{name}")
        return Piece(self.name(name))

    def _operands_of(self, node: syntax.Binary, parts: list[Piece], operands: list[object]) -> list[Piece]:
        """Both sides of an operator: a number beside a tensor stays one, but in a product of matrices."""
        return [
            part
            if scalars.is_number(operand) and node.operator != "matmul"
            else self._converted(child, operand, part, operands)
            for child, operand, part in zip(children(node), operands, parts, strict=True)
        ]

    def _call(self, node: syntax.Call, parts: list[Piece], operands: list[object]) -> Piece:
        path = node.function.torch
        if any(operand is UNKNOWN for operand in operands):
            first = len(parts) - len(node.keywords)
            named = {name: part for (name, _), part in zip(node.keywords, parts[first:], strict=True)}
            leading = [named.pop(RECEIVER)] if not first and is_method_path(path) and RECEIVER in named else []
            keywords = [f"{name}={part.text}" for name, part in named.items()]
            return called(path, [*leading, *parts[:first]], keywords)
        operands, known = list(operands), dict(self._tensors(node, operands))
        if node.receiver is not None and not isinstance(operands[0], torch.Tensor):
            receiver = to_tensor(operands[0], node.receiver.span, self.context)
            known[id(receiver)] = self._converted(node.receiver, operands[0], parts[0], ())
            operands[0] = receiver
        if node.function.name == GRAD:
            return _derivative(operands, parts)
        call = prepare(node, operands, self.context)
        positional = self._starred(node, call, operands, parts) or [self._argument(a, known) for a in call.positional]
        keywords = [f"{name}={self._argument(a, known).text}" for name, a in call.keywords.items()]
        return called(path, positional, keywords)

    def _starred(
        self, node: syntax.Call, call: Prepared, operands: list[object], parts: list[Piece]
    ) -> list[Piece] | None:
        """The positional arguments as they stand, where one has a star and PyTorch was given just what it was given."""
        starred = any(isinstance(operand, Spread) for operand in operands)
        given = spread(operands[: len(operands) - len(node.keywords)])
        same = len(given) == len(call.positional) and all(
            one is argument.passed for one, argument in zip(given, call.positional, strict=True)
        )
        return parts[: len(operands) - len(node.keywords)] if starred and same else None

    def _argument(self, argument: Argument, known: dict[int, Piece]) -> Piece:
        given, passed = argument.given, argument.passed
        if argument.parameter.kind == "tensors" and isinstance(given, list | tuple) and isinstance(passed, list):
            if id(given) in known and all(one is other for one, other in zip(given, passed, strict=True)):
                return known[id(given)]
            items = [self._passed(one, other, known) for one, other in zip(given, passed, strict=True)]
            return listed([item.text for item in items], bracketed=True)
        return self._passed(given, passed, known)

    def _passed(self, given: object, passed: object, known: dict[int, Piece]) -> Piece:
        if isinstance(passed, torch.Tensor):
            return known[id(passed)] if id(passed) in known else self._built(given, passed.dtype, known)
        if scalars.is_number(passed):
            return number(scalars.bounded(passed), PROGRAM)
        if isinstance(passed, list | tuple):
            items = [self._passed(item, item, known).text for item in passed]
            return listed(items, bracketed=isinstance(passed, list))
        if isinstance(passed, torch.dtype):
            return Piece(literals.dtype_source(passed))
        return Piece("..." if passed is ... else repr(passed))

    def _tensors(self, node: Node, operands: Sequence[object]) -> Iterator[tuple[int, Piece]]:
        """The source of every tensor among the operands, those in a list included."""
        for child, operand in zip(children(node), operands, strict=True):
            if isinstance(child, syntax.Sequence) and id(child) in self._operands:
                yield from self._tensors(child, self._operands[id(child)])
                if any(isinstance(item, syntax.Starred) for item in child.items):
                    yield id(operand), self._sources[id(child)]
            elif isinstance(child, syntax.Starred):
                yield from _items(operand, self._sources[id(child.operand)])
            else:
                yield from _items(operand, self._sources[id(child)])

    def _converted(self, node: Node, value: object, source: Piece, like: Sequence[object]) -> Piece:
        """The source of a tensor: what is none becomes one as the evaluator makes it."""
        if value is UNKNOWN or not (scalars.is_number(value) or isinstance(value, list | tuple)):
            return source
        dtype = to_tensor(value, node.span, self.context, like=[item for item in like if item is not UNKNOWN]).dtype
        listed = isinstance(node, syntax.Sequence) and isinstance(value, list | tuple)
        known = dict(self._tensors(node, self._operands[id(node)]) if listed else _items(value, source))
        return self._built(value, dtype, known)

    def _built(self, value: object, dtype: torch.dtype, known: dict[int, Piece]) -> Piece:
        """A number or a nested list as a tensor; tensors inside are stacked."""
        if isinstance(value, torch.Tensor):
            return known[id(value)]
        if isinstance(value, list | tuple) and _holds_tensor(value):
            if id(value) in known:
                return Piece(f"torch.stack({known[id(value)].text})")
            return Piece(f"torch.stack([{', '.join(self._built(item, dtype, known).text for item in value)}])")
        return Piece(literals.numbers(value, dtype, self.context.dtype))


def _items(value: object, source: Piece) -> Iterator[tuple[int, Piece]]:
    """The source of a tensor, or of every tensor in a list."""
    if isinstance(value, torch.Tensor):
        yield id(value), source
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            yield from _items(item, Piece(f"{source.at(ATOM)}[{place}]"))


def _is_folded(node: Node, value: object, operands: Sequence[object]) -> bool:
    """Whether a node is arithmetic on plain numbers: then its result is written."""
    if not isinstance(node, syntax.Unary | syntax.Binary | syntax.Call) or not scalars.is_number(value):
        return False
    return bool(operands) and all(map(scalars.is_number, operands))


def _holds_tensor(value: object) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_holds_tensor, value))
    return isinstance(value, torch.Tensor)


def _derivative(operands: Sequence[object], parts: Sequence[Piece]) -> Piece:
    """The call of torch.autograd.grad; zeros where nothing leads from the inputs to the output, which it refuses."""
    output, inputs = operands
    single = isinstance(inputs, torch.Tensor)
    if isinstance(output, torch.Tensor) and not output.requires_grad:
        if single:
            return Piece(f"torch.zeros_like({parts[1].text})")
        names = parts[1].text.strip("[](), ").split(", ")  # the parser lets nothing but names through
        return Piece(f"({', '.join(f'torch.zeros_like({name})' for name in names)},)")
    scalar = parts[0].text if isinstance(output, torch.Tensor) and output.ndim == 0 else f"{parts[0].at(ATOM)}.sum()"
    call = f"torch.autograd.grad({scalar}, {parts[1].text}, create_graph=True, materialize_grads=True)"
    return Piece(f"{call}[0]" if single else call)
