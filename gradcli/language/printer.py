"""Expressions as Python text, with brackets only where precedence wants them.

A caller goes through a tree from the leaves up, and prints each node from the pieces of its children; it prints by
itself what it wants otherwise. Names and spaces that differ from one kind of text to the other are data, a Spelling.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gradcli.language import syntax
from gradcli.language.catalogue.rows import Row
from gradcli.language.syntax import Node

ANY, COMPARISON, OR, XOR, AND, SHIFT, SUM, PRODUCT, SIGN, POWER, ATOM = range(11)
"""How tightly the outermost operator of a text binds, loosest first: Python's precedence."""

_OPERATORS = {
    "add": ("+", SUM),
    "sub": ("-", SUM),
    "mul": ("*", PRODUCT),
    "div": ("/", PRODUCT),
    "floor_divide": ("//", PRODUCT),
    "remainder": ("%", PRODUCT),
    "matmul": ("@", PRODUCT),
    "pow": ("**", POWER),
    "bitwise_and": ("&", AND),
    "bitwise_xor": ("^", XOR),
    "bitwise_or": ("|", OR),
    "bitwise_left_shift": ("<<", SHIFT),
    "bitwise_right_shift": (">>", SHIFT),
    "lt": ("<", COMPARISON),
    "le": ("<=", COMPARISON),
    "gt": (">", COMPARISON),
    "ge": (">=", COMPARISON),
    "eq": ("==", COMPARISON),
    "ne": ("!=", COMPARISON),
}
_METHOD = "torch.Tensor."
_SIGNS = {"neg": "-", "positive": "+", "bitwise_not": "~"}


@dataclass(frozen=True)
class Piece:
    """A text, and how tightly its outermost operator binds."""

    text: str
    level: int = ATOM

    def at(self, level: int) -> str:
        """The text where at least `level` is wanted: in brackets if it binds more loosely."""
        return self.text if self.level >= level else f"({self.text})"


@dataclass(frozen=True)
class Spelling:
    """What differs from one kind of text to the other.

    tight: operators without a space on each side.
    prefix: what stands before the names of dtypes and of the numbers inf and nan.
    paths: functions by PyTorch's path, with what stands for the beginning of it; None for the name as it was written.
    """

    tight: frozenset[str] = frozenset({"pow"})
    prefix: str = ""
    paths: tuple[tuple[str, str], ...] | None = None

    def function(self, row: Row, written: str) -> str:
        """What a function is called."""
        path = written if self.paths is None else row.torch
        for beginning, short in self.paths or ():
            path = path.replace(beginning, short)
        return path


def printed(node: Node, parts: Sequence[Piece], spelling: Spelling, *, options: Sequence[str] = ()) -> Piece:
    """A node, from the pieces of its children in their order. options: further arguments of a call, `dim=0`."""
    match node:
        case syntax.Literal(value=value):
            return Piece(repr(value)) if value is None or isinstance(value, str) else number(value, spelling)
        case syntax.Name(name=name):
            return Piece(name)
        case syntax.DtypeName(name=name):
            return Piece(f"{spelling.prefix}{name}")
        case syntax.Dots():
            return Piece("...")
        case syntax.Numbers(values=values):
            return numbers(values, spelling)
        case syntax.Sequence(bracketed=bracketed):
            return listed([part.text for part in parts], bracketed=bracketed)
        case syntax.Starred():
            return Piece(f"*{parts[0].at(OR)}")
        case syntax.Slice():
            return Piece(_slice(node, iter(parts)))
        case syntax.Unary(operator=operator):
            return unary(operator, parts[0])
        case syntax.Binary(operator=operator):
            return binary(operator, *parts, spelling=spelling)
        case syntax.Attribute(name=name):
            return Piece(f"{parts[0].at(ATOM)}.{name}")
        case syntax.Index(index=index):
            several = isinstance(index, syntax.Sequence) and not index.bracketed and index.items
            return Piece(f"{parts[0].at(ATOM)}[{parts[1].text[1:-1] if several else parts[1].text}]")
        case syntax.Call(function=row, written=written, receiver=receiver, keywords=keywords):
            last = len(parts) - len(keywords)
            named = [f"{name}={part.text}" for (name, _), part in zip(keywords, parts[last:], strict=True)]
            path = spelling.function(row, written) if receiver is None else f"{_METHOD}{written}"
            return called(path, parts[:last], [*named, *options])


def number(value: complex | float, spelling: Spelling) -> Piece:
    """A number; what Python cannot write is called nan or inf."""
    if isinstance(value, bool | int):
        return Piece(repr(value), SIGN if value < 0 else ATOM)
    if isinstance(value, complex):
        return Piece(f"complex({number(value.real, spelling).text}, {number(value.imag, spelling).text})")
    is_negative = math.copysign(1.0, value) < 0 and not math.isnan(value)
    text = repr(value) if math.isfinite(value) else f"{'-' * is_negative}{spelling.prefix}{repr(value).lstrip('-')}"
    return Piece(text, SIGN if is_negative else ATOM)


def numbers(values: object, spelling: Spelling) -> Piece:
    """A number, or a nested list of numbers."""
    if isinstance(values, list | tuple):
        return listed([numbers(item, spelling).text for item in values], bracketed=isinstance(values, list))
    assert isinstance(values, complex | float)
    return number(values, spelling)


def listed(items: Sequence[str], *, bracketed: bool) -> Piece:
    """A list, or a tuple."""
    inside = ", ".join(items)
    return Piece(f"[{inside}]" if bracketed else f"({inside}{',' * (len(items) == 1)})")


def called(path: str, arguments: Sequence[Piece], named: Iterable[str] = ()) -> Piece:
    """The call of a function by its path; `torch.Tensor.add_` is a method of the first argument."""
    if path.startswith(_METHOD):
        receiver, *arguments = arguments
        path = f"{receiver.at(ATOM)}.{path.removeprefix(_METHOD)}"
    return Piece(f"{path}({', '.join([*(part.text for part in arguments), *named])})")


def unary(operator: str, operand: Piece) -> Piece:
    """A sign before an operand."""
    return Piece(f"{_SIGNS[operator]}{operand.at(SIGN)}", SIGN)


def binary(operator: str, left: Piece, right: Piece, *, spelling: Spelling) -> Piece:
    """An operator between two operands."""
    symbol, level = _OPERATORS[operator]
    before, after = _sides(operator)
    symbol = symbol if operator in spelling.tight else f" {symbol} "
    return Piece(f"{left.at(before)}{symbol}{right.at(after)}", level)


def is_operator(name: str) -> bool:
    """Whether a function of two operands is written with an operator between them."""
    return name in _OPERATORS


def symbol_of(operator: str) -> str:
    """`+` for add."""
    return _OPERATORS[operator][0]


def level_of(node: Node) -> int:
    """How tightly the text of a node binds."""
    match node:
        case syntax.Binary(operator=operator):
            return _OPERATORS[operator][1]
        case syntax.Unary():
            return SIGN
        case syntax.Literal(value=int() | float() as value) if value < 0:
            return SIGN
        case _:
            return ATOM


def wanted_level(parent: Node | None, child: Node) -> int:
    """How tightly a text must bind to stand where `child` does."""
    match parent:
        case syntax.Binary(operator=operator):
            return _sides(operator)[child is parent.right]
        case syntax.Unary():
            return SIGN
        case syntax.Call(receiver=receiver):
            return ATOM if child is receiver else ANY
        case syntax.Attribute():
            return ATOM
        case syntax.Index(operand=operand):
            return ATOM if child is operand else ANY
        case syntax.Starred():
            return OR
        case _:
            return ANY


def _sides(operator: str) -> tuple[int, int]:
    """How tightly the operands on both sides must bind."""
    level = _OPERATORS[operator][1]
    if operator == "pow":  # binds to the right, and more tightly than a sign on its left
        return ATOM, SIGN
    return level + (level == COMPARISON), level + 1  # a < b < c means something else


def _slice(node: syntax.Slice, parts: Iterator[Piece]) -> str:
    start, stop, step = ("" if part is None else next(parts).text for part in (node.start, node.stop, node.step))
    return f"{start}:{stop}" + (f":{step}" if node.step is not None else "")
