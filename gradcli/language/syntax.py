"""The nodes of the expression language; every node keeps its span in the user's text.

A program is a list of statements and the expression that is its value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from gradcli.exceptions import Span
from gradcli.language.catalogue.rows import Row


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a truth value, None or a text argument such as 'mean'."""

    value: int | float | complex | bool | str | None
    span: Span


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, or one of the constants pi, e, inf, nan while nothing else has that name."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class DtypeName:
    """A PyTorch dtype written as torch.float64 or float64."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list or tuple: a tensor where a tensor is wanted, sizes or dimensions where those are.

    bracketed: written with [ ]; as an index, x[[0, 2]] takes two rows and x[0, 2] one element.
    """

    items: tuple[Node, ...]
    bracketed: bool
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A long list of plain numbers, a tuple where it stands without brackets: what a Sequence of Literals would be."""

    values: list[object] | tuple[object, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Starred:
    """`*x.unbind(0)` among arguments or in a list: the items of a sequence, or the slices of a tensor."""

    operand: Node
    span: Span


@dataclass(frozen=True, slots=True)
class Unary:
    """`-x`, `+x`, `~x`; operator is PyTorch's name for it: neg, positive, bitwise_not."""

    operator: str
    operand: Node
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    """`x + y` and its kin; operator is PyTorch's name: add, sub, mul, matmul, gt, ..."""

    operator: str
    left: Node
    right: Node
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the catalogue; `receiver` is x in `x.sum(...)`, written as the user wrote it."""

    function: Row
    written: str
    receiver: Node | None
    arguments: tuple[Node, ...]
    keywords: tuple[tuple[str, Node], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Attribute:
    """`x.T`, `x.shape`, `linalg.svd(x).S`."""

    operand: Node
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Slice:
    """`start:stop:step` between brackets."""

    start: Node | None
    stop: Node | None
    step: Node | None
    span: Span


@dataclass(frozen=True, slots=True)
class Dots:
    """`...` between brackets."""

    span: Span


@dataclass(frozen=True, slots=True)
class Index:
    """`x[0]`, `x[:, 1]`, `x[x > 0]`; several indices stand in a Sequence without brackets."""

    operand: Node
    index: Node
    span: Span


Node = (
    Literal | Name | DtypeName | Sequence | Numbers | Starred | Unary | Binary | Call | Attribute | Slice | Dots | Index
)


@dataclass(frozen=True, slots=True)
class Assign:
    """`h = tanh(x)`."""

    target: str
    value: Node
    span: Span


@dataclass(frozen=True, slots=True)
class AssignIndex:
    """`y[0] = 1`: an in-place change of y."""

    target: Index
    value: Node
    span: Span


@dataclass(frozen=True, slots=True)
class Update:
    """`y += 1`, `y[0] *= 2`: in place, as PyTorch does it."""

    operator: str
    target: Name | Index
    value: Node
    span: Span


@dataclass(frozen=True, slots=True)
class Evaluate:
    """An expression evaluated for its effect: `y.mul_(2)`."""

    value: Node
    span: Span


Statement = Assign | AssignIndex | Update | Evaluate


@dataclass(frozen=True)
class Program:
    """The whole text: statements, the result, and the names that the text leaves open, in order of appearance.

    followed: the inputs by which derivatives inside the text are taken, directly or through a name.
    """

    text: str
    statements: tuple[Statement, ...]
    result: Node
    free_names: tuple[str, ...]
    followed: tuple[str, ...] = ()

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Every node, in order of evaluation; walked once for all who ask what a program does."""
        return tuple(node for root in roots(self) for node in postorder(root))


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below, in order of evaluation."""
    match node:
        case Literal() | Name() | DtypeName() | Dots() | Numbers():
            return ()
        case Sequence(items=items):
            return items
        case Unary(operand=operand) | Attribute(operand=operand) | Starred(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return (left, right)
        case Call(receiver=receiver, arguments=arguments, keywords=keywords):
            first = () if receiver is None else (receiver,)
            return (*first, *arguments, *(value for _, value in keywords))
        case Slice(start=start, stop=stop, step=step):
            return tuple(part for part in (start, stop, step) if part is not None)
        case Index(operand=operand, index=index):
            return (operand, index)


def is_typed(node: Node) -> bool:
    """Whether a value is written in numbers, or as a name, and not computed."""
    match node:
        case Sequence(items=items):
            return all(map(is_typed, items))
        case Unary(operand=operand):
            return is_typed(operand)
        case Literal(value=value):
            return value not in (float("inf"), float("-inf"))  # 1e400 was typed, and is no infinity on paper
        case _:
            return isinstance(node, Name | Numbers)


def with_children(node: Node, parts: tuple[Node, ...]) -> Node:
    """The node with other nodes directly below, as many as `children` gives."""
    match node:
        case Literal() | Name() | DtypeName() | Dots() | Numbers():
            return node
        case Sequence():
            return replace(node, items=parts)
        case Unary() | Attribute() | Starred():
            return replace(node, operand=parts[0])
        case Binary():
            return replace(node, left=parts[0], right=parts[1])
        case Call():
            first = 0 if node.receiver is None else 1
            names = [name for name, _ in node.keywords]
            last = len(parts) - len(names)
            return replace(
                node,
                receiver=parts[0] if first else None,
                arguments=parts[first:last],
                keywords=tuple(zip(names, parts[last:], strict=True)),
            )
        case Slice():
            rest = iter(parts)
            start, stop, step = (None if part is None else next(rest) for part in (node.start, node.stop, node.step))
            return Slice(start, stop, step, node.span)
        case Index():
            return replace(node, operand=parts[0], index=parts[1])


def postorder(node: Node) -> Iterator[Node]:
    """Every node below and including `node`, arguments before what uses them; a loop, not a recursion."""
    stack: list[tuple[Node, bool]] = [(node, False)]
    while stack:
        current, expanded = stack.pop()
        if expanded:
            yield current
            continue
        stack.append((current, True))
        stack.extend((child, False) for child in reversed(children(current)))


def roots(program: Program) -> Iterator[Node]:
    """The topmost expressions of a program, in order of evaluation."""
    for statement in program.statements:
        yield statement.value
        if isinstance(statement, AssignIndex | Update):
            yield statement.target
    yield program.result
