"""What is written at a place: the operator or the call, its operands, and the name that the result is given."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from gradcli.model.place import Place, Source
from gradcli.recording.program.places import end_of, offset

_SWAPPED = (ast.Add, ast.Mult, ast.BitAnd, ast.BitOr, ast.BitXor)
"""`2 * x` is the multiplication of x by 2: PyTorch is told of the tensor first."""


@dataclass(frozen=True)
class Written:
    """An expression of a program.

    called: the last name of what is called, `softmax`; None for an operator.
    is_statement: whether it is none, but a statement, such as a loop over what a library gives.
    parts: the expressions of the operands with their places. assigned: the name that its value is given.
    """

    place: Place
    called: str | None = None
    is_operator: bool = False
    parts: tuple[tuple[ast.expr, Place], ...] = ()
    assigned: str | None = None
    is_statement: bool = False

    def is_typed(self, position: int) -> bool:
        """Whether an operand is written as a number."""
        return position < len(self.parts) and isinstance(self.parts[position][0], ast.Constant | ast.UnaryOp)

    def place_of(self, position: int) -> Place:
        """Where an operand stands; the whole, where that is not known."""
        return self.parts[position][1] if position < len(self.parts) else self.place


@cache
def written_at(place: Place) -> Written:
    """What is written at a place."""
    found = _nodes(place.source).get(place.span)
    if found is None:
        return Written(place, is_statement=bool(place.text))
    node, assigned = found
    parts = tuple((part, _place(part, place)) for part in _operands(node))
    called = None
    if isinstance(node, ast.Call):
        called = getattr(node.func, "attr", getattr(node.func, "id", None))
    is_operator = not isinstance(node, ast.Call | ast.Subscript | ast.Attribute)
    return Written(place, called, is_operator, parts, assigned)


@cache
def parsed(source: Source) -> ast.Module:
    """The syntax tree of a file; an empty one of what is no Python."""
    try:
        return ast.parse(source.text)
    except SyntaxError:
        return ast.Module([], [])


@cache
def names_in(source: Source) -> frozenset[str]:
    """The names that a file has for anything."""
    return frozenset(node.id for node in ast.walk(parsed(source)) if isinstance(node, ast.Name))


@cache
def _nodes(source: Source) -> dict[tuple[int, int], tuple[ast.AST, str | None]]:
    """Every expression and every `x += y` of a file by its span, with the name that its value is given."""
    tree = parsed(source)
    found: dict[tuple[int, int], tuple[ast.AST, str | None]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.expr | ast.AugAssign):
            found.setdefault(_span(node, source), (node, None))
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name() | ast.Attribute() as target], value=value):
                found[_span(value, source)] = value, ast.unparse(target)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                found[_span(value, source)] = value, ast.unparse(target)
            case ast.AugAssign(target=target):
                found[_span(node, source)] = node, ast.unparse(target)
    return found


def _span(node: ast.expr | ast.stmt, source: Source) -> tuple[int, int]:
    return offset(source.text, node.lineno, node.col_offset), end_of(node, source.text)


def _place(node: ast.expr, whole: Place) -> Place:
    return Place(whole.source, *_span(node, whole.source), whole.function)


def _operands(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions that an operation reads, in the order of PyTorch's arguments."""
    match node:
        case ast.Call(func=function, args=arguments, keywords=keywords):
            if isinstance(function, ast.Attribute) and not _is_module(function.value):
                yield function.value
            yield from arguments
            yield from (keyword.value for keyword in keywords)
        case ast.BinOp(left=ast.Constant() as left, op=operator, right=right) if isinstance(operator, _SWAPPED):
            yield from (right, left)
        case ast.BinOp(left=left, right=right) | ast.Compare(left=left, comparators=[right]):
            yield from (left, right)
        case ast.UnaryOp(operand=operand) | ast.Attribute(value=operand):
            yield operand
        case ast.Subscript(value=value, slice=index):
            yield from (value, index)
        case ast.AugAssign(target=target, value=value):
            yield from (target, value)


def _is_module(node: ast.expr) -> bool:
    """Whether it is a module of functions by the name that it usually has: `torch.linalg`, `F`, `nn.functional`."""
    if not isinstance(node, ast.Name | ast.Attribute):
        return False
    name = ast.unparse(node)
    return name in _MODULES or name.startswith("torch.")


_MODULES = frozenset({"torch", "F", "functional", "nn.functional", "autograd", "linalg", "special", "func"})
