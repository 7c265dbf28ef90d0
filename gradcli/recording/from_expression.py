"""A tape of a typed expression: its steps are the sub-expressions, as the evaluator computes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from gradcli.language import syntax
from gradcli.language.names import CONSTANTS
from gradcli.model.place import Place, Source
from gradcli.numerics import evaluate
from gradcli.numerics.evaluate import Observed
from gradcli.numerics.literals import Context
from gradcli.recording.operation import ITEM, LEAF, Constant, Foreseen, Operation, short_name
from gradcli.recording.recorder import Recorder, tensors_in

_LEAF = Operation(name=LEAF)


class ExpressionRecorder(Recorder):
    """The evaluator's observer. A name that is read again is no new step."""

    def __init__(self, program: syntax.Program, in_place: bool) -> None:
        super().__init__(in_place)
        self._source = Source(program.text)
        self._by_node: dict[int, tuple[int, ...]] = {}
        self._read: dict[int, torch.Tensor] = {}

    def __call__(self, node: Observed, value: object, arguments: list[object]) -> None:
        """A node's value, and what it was computed from."""
        kept = [self.kept(argument) for argument in arguments]
        if isinstance(value, torch.Tensor):
            self._read[id(value)] = self._copy(value)
        tensors = tensors_in(value)
        is_name = isinstance(node, syntax.Name)
        operands = self.steps_of(value) if is_name else self.operands_of(node)
        if not tensors or (operands and is_name) or isinstance(node, syntax.Sequence):
            self._by_node[id(node)] = operands  # no step of its own: it is what its operands are
            self.last = operands[0] if len(operands) == 1 else None
            return
        place = Place(self._source, *node.span)
        if isinstance(node, syntax.Name):
            index = self.add(_LEAF, place, value, variable=node.name)
        else:
            operation = operation_of(node, self._source)
            if isinstance(node, syntax.Index | syntax.Attribute) and not self.steps[operands[0]].single:
                operation.name = ITEM
            index = self.add(operation, place, value, operands=operands, arguments=kept)
        self._by_node[id(node)] = (index,)

    def kept(self, value: object) -> object:
        """An argument as it was read: the evaluator tells it when the operation may have changed it."""
        read = self._read.get(id(value))
        return super().kept(value) if read is None else read

    def operands_of(self, node: Observed) -> tuple[int, ...]:
        """The steps whose values an operation reads; also one that raised, and so is no step itself."""
        by_node = self._by_node
        return tuple([index for child in _children(node) for index in by_node.get(id(child), ())])


@dataclass(eq=False, slots=True, kw_only=True)
class NodeOperation(Operation):
    """What a node of an expression does."""

    node: syntax.Node
    source: Source

    @property
    def places(self) -> Sequence[Place]:
        return [Place(self.source, *child.span) for child in syntax.children(self.node)]

    def constants(self, arguments: Sequence[object]) -> Sequence[Constant]:
        paired = zip(syntax.children(self.node), arguments, strict=False)
        return [
            _constant(node, number, self.source)
            for child, argument in paired
            for node, number in _numbers(child, argument)
        ]

    def apply(self, arguments: Sequence[object], context: Context) -> object:
        return evaluate.apply(self.node, list(arguments), context)

    def exact(self, arguments: Sequence[object]) -> np.ndarray[Any, Any] | None:
        from gradcli.numerics import reference  # mpmath takes a while to import

        children = syntax.children(self.node)
        arrays = {f"_{position}": array for position, array in enumerate(arguments) if isinstance(array, np.ndarray)}
        named = [
            syntax.Name(f"_{position}", child.span) if f"_{position}" in arrays else child
            for position, child in enumerate(children)
        ]
        node = syntax.with_children(self.node, tuple(named))
        try:
            return reference.value(syntax.Program(self.source.text, (), node, tuple(arrays)), arrays)
        except reference.NoReference:
            return None


@dataclass(eq=False, slots=True, kw_only=True)
class StatementOperation(Operation):
    """What `y[0] = 1` or `y *= 2` does. The evaluator does not tell its arguments."""

    statement: syntax.AssignIndex | syntax.Update
    source: Source

    @property
    def out_of_place(self) -> Operation | None:
        match self.statement:
            case syntax.Update(operator=operator, target=target, value=value, span=span):
                return operation_of(syntax.Binary(operator, target, value, span), self.source)
            case _:
                return None

    def constants(self, _arguments: Sequence[object]) -> Sequence[Constant]:
        number = _number(self.statement.value)
        return [] if number is None else [_constant(self.statement.value, number, self.source)]


def operation_of(node: Observed, source: Source) -> Operation:
    """The operation of a node, or of a statement that changes a tensor in place."""
    name, elementwise = operation_name(node), _is_elementwise(node)
    match node:
        case syntax.AssignIndex() | syntax.Update():
            return StatementOperation(name=name, elementwise=elementwise, infix=True, statement=node, source=source)
        case syntax.Call(function=row, keywords=keywords):
            words = tuple([word for word, _ in keywords])
            return NodeOperation(name=name, elementwise=elementwise, row=row, keywords=words, node=node, source=source)
        case _:
            infix = not isinstance(node, syntax.Index | syntax.Attribute)
            return NodeOperation(name=name, elementwise=elementwise, infix=infix, node=node, source=source)


def foreseen(program: syntax.Program) -> Iterator[Foreseen]:
    """Every operation of a program, without running it."""
    source = Source(program.text)
    assigned = {statement.target for statement in program.statements if isinstance(statement, syntax.Assign)}
    for statement in program.statements:
        if isinstance(statement, syntax.AssignIndex | syntax.Update):
            yield Foreseen(operation_of(statement, source), ())
    for node in program.nodes:
        if isinstance(node, syntax.Call | syntax.Binary | syntax.Unary):
            computed = tuple([_is_computed(child, assigned) for child in syntax.children(node)])
            yield Foreseen(operation_of(node, source), computed)


def operation_name(node: Observed) -> str:
    """PyTorch's name for what a node of the text does: `add`, `linalg.svd`, `mul_`."""
    match node:
        case syntax.Call(function=row):
            return short_name(row.torch)
        case syntax.Binary(operator=name) | syntax.Unary(operator=name):
            return name
        case syntax.Update(operator=name):
            return f"{name}_"
        case syntax.Index():
            return "index"
        case syntax.AssignIndex():
            return "index_put_"
        case syntax.Attribute(name=name):
            return name
        case _:
            return type(node).__name__.lower()


def _is_elementwise(node: Observed) -> bool:
    match node:
        case syntax.Binary(operator=operator) | syntax.Update(operator=operator):
            return operator != "matmul"
        case syntax.Unary():
            return True
        case syntax.Call(function=row):
            return row.elementwise
        case _:
            return False


def _is_computed(node: syntax.Node, assigned: AbstractSet[str]) -> bool:
    return node.name in assigned if isinstance(node, syntax.Name) else not isinstance(node, syntax.Literal)


def _children(node: Observed) -> tuple[syntax.Node, ...]:
    match node:
        case syntax.Update(target=target, value=value):
            return (target, value)
        case syntax.AssignIndex(target=target, value=value):
            return (target.operand, target.index, value)
        case _:
            return syntax.children(node)


def _numbers(node: syntax.Node, value: object) -> Iterator[tuple[syntax.Node, complex]]:
    """The numbers of an operand, with the nodes that write them: itself, or the items of a list."""
    if isinstance(value, list | tuple):
        items = node.items if isinstance(node, syntax.Sequence) else (node,) * len(value)
        for item, part in zip(items, value, strict=False):
            yield from _numbers(item, part)
    elif isinstance(value, int | float | complex) and not isinstance(value, bool):
        yield node, value


def _constant(node: syntax.Node, number: complex, source: Source) -> Constant:
    return Constant(number, Place(source, *node.span), syntax.is_typed(node))


def _number(node: syntax.Node) -> complex | None:
    """The plain number that a node writes; None where it is something else."""
    match node:
        case syntax.Literal(value=int() | float() | complex() as value):
            return value
        case syntax.Name(name=name) if isinstance(CONSTANTS.get(name), int | float):
            return CONSTANTS[name]
        case syntax.Unary(operator="neg", operand=operand):
            number = _number(operand)
            return None if number is None else -number
        case _:
            return None
