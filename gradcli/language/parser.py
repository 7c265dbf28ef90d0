"""Text to nodes: Python's own expression syntax, read with `ast`, never compiled or evaluated.

Everything that is not in the language is refused here, with the construct's name, its place and what to write instead.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from functools import lru_cache

from gradcli.errors import BoundError, ExpressionError, UnknownNameError
from gradcli.language import names
from gradcli.language.constructs import BINARY, COMPARISON, UNARY, refuse
from gradcli.language.syntax import (
    Assign,
    AssignIndex,
    Attribute,
    Binary,
    Call,
    Dots,
    DtypeName,
    Evaluate,
    Index,
    Literal,
    Name,
    Node,
    Program,
    Sequence,
    Slice,
    Statement,
    Unary,
    Update,
)
from gradcli.language.text import MAX_DEPTH, Source, too_deep

SHORT = 200
"""Characters of a text whose program is kept: with longer ones, what is kept would be large."""


def parse(text: str, *, bound: Collection[str] = ()) -> Program:
    """The program that `text` is; `bound` are names with values of their own, which hide constants and prefixes.

    Raises ExpressionError (syntax, names, arguments) or BoundError (length, depth), with the span of the place.
    """
    return _parse_short(text, frozenset(bound)) if len(text) <= SHORT else _parse(text, bound)


def _parse(text: str, bound: Collection[str]) -> Program:
    try:
        return _Reader(text, bound).program()
    except (ExpressionError, BoundError) as error:
        error.expression = text
        raise


_parse_short = lru_cache(maxsize=512)(_parse)
"""Points and subjects come again and again, in one request and in the next; a program never changes."""


class _Reader:
    """Turns one text into nodes, statement by statement."""

    def __init__(self, text: str, bound: Collection[str]) -> None:
        self.source = Source(text)
        self.known = set(bound)  # names with a value: bound by the user, or assigned so far
        self.assigned: set[str] = set()
        self.free: dict[str, None] = {}

    def program(self) -> Program:
        statements = self.source.statements()
        if not statements:
            raise ExpressionError("the expression is empty", hint="Write a function or an expression of x.")
        *before, last = statements
        read = tuple(self._statement(statement) for statement in before)
        if not isinstance(last, ast.Expr):
            target = self._statement(last)
            name = target.target if isinstance(target, Assign) else "y"
            raise ExpressionError(
                "the last statement must be an expression: it is the value that is differentiated",
                span=self.source.span(last),
                hint=f"Add '; {name}' or '; sum({name})' at the end." if isinstance(name, str) else None,
            )
        result = self._node(last.value)
        return Program(self.source.text, read, result, tuple(self.free))

    def _statement(self, statement: ast.stmt) -> Statement:
        span = self.source.span(statement)
        match statement:
            case ast.Expr(value=value):
                return Evaluate(self._node(value), span)
            case ast.Assign(targets=[ast.Name(id=name) as target], value=value):
                names.check_assignable(name, self.source.span(target))
                node = self._node(value)
                self.known.add(name)
                self.assigned.add(name)
                return Assign(name, node, span)
            case ast.Assign(targets=[ast.Subscript() as target], value=value):
                node = self._node(value)
                return AssignIndex(self._index_target(target), node, span)
            case ast.AugAssign(target=ast.Name() | ast.Subscript() as target, op=op, value=value):
                operator = BINARY.get(type(op))
                if operator is None:
                    raise refuse(op, span)
                node = self._node(value)
                place = self._node(target)
                assert isinstance(place, Name | Index)
                if isinstance(place, Name):
                    names.check_assignable(place.name, place.span)
                    self.known.add(place.name)
                return Update(operator, place, node, span)
            case _:
                raise refuse(statement, span)

    def _index_target(self, target: ast.Subscript) -> Index:
        node = self._node(target)
        assert isinstance(node, Index)
        return node

    def _node(self, root: ast.expr) -> Node:
        """One expression, by a loop: chains such as x + x + ... may be longer than Python's stack."""
        built: dict[ast.expr, Node] = {}
        stack: list[tuple[ast.expr, int, bool]] = [(root, 0, False)]
        while stack:
            current, depth, expanded = stack.pop()
            if expanded:
                built[current] = self._build(current, built)
                continue
            if depth > MAX_DEPTH:
                raise too_deep(self.source.span(current))
            stack.append((current, depth, True))
            parts = self._parts(current)
            spine = _spine(current)
            stack.extend((part, depth + (part is not spine), False) for part in reversed(parts))
        return built[root]

    def _parts(self, node: ast.expr) -> list[ast.expr]:
        """The sub-expressions that are read before this one; refuses what is not in the language."""
        match node:
            case ast.Constant() | ast.Name():
                return []
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return items
            case ast.UnaryOp(op=op, operand=operand) if type(op) in UNARY:
                return [operand]
            case ast.BinOp(left=left, op=op, right=right) if type(op) in BINARY:
                return [left, right]
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARISON:
                return [left, right]
            case ast.Call(func=function, args=arguments, keywords=keywords):
                for keyword in keywords:
                    if keyword.arg is None:
                        raise refuse(keyword, self.source.span(keyword.value))
                receiver = self._receiver(function)
                return [*receiver, *arguments, *(keyword.value for keyword in keywords)]
            case ast.Attribute(value=value):
                return [] if names.dotted(node, self.known) else [value]
            case ast.Subscript(value=value, slice=index):
                return [value, index]
            case ast.Slice(lower=lower, upper=upper, step=step):
                return [part for part in (lower, upper, step) if part is not None]
            case ast.UnaryOp(op=op) | ast.BinOp(op=op):
                raise refuse(op, self.source.span(node))
            case ast.Compare(ops=ops):
                raise refuse(node if len(ops) > 1 else ops[0], self.source.span(node))
            case _:
                raise refuse(node, self.source.span(node))

    def _receiver(self, function: ast.expr) -> list[ast.expr]:
        if isinstance(function, ast.Attribute) and not names.dotted(function, self.known):
            return [function.value]
        if isinstance(function, ast.Name | ast.Attribute):
            return []
        raise ExpressionError(
            "only a function of the catalogue can be called",
            span=self.source.span(function),
            hint="Write name(...) or x.name(...); 'gradcli functions' lists the names.",
        )

    def _build(self, node: ast.expr, built: dict[ast.expr, Node]) -> Node:
        span = self.source.span(node)
        match node:
            case ast.Constant(value=value):
                if value is ...:
                    return Dots(span)
                if isinstance(value, bytes):
                    raise refuse(node, span)
                return Literal(value, span)
            case ast.Name(id=name):
                return self._name(name, span)
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return Sequence(tuple(built[item] for item in items), isinstance(node, ast.List), span)
            case ast.UnaryOp(op=op, operand=operand):
                return _negated(Unary(UNARY[type(op)], built[operand], span))
            case ast.BinOp(left=left, op=op, right=right):
                return Binary(BINARY[type(op)], built[left], built[right], span)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return Binary(COMPARISON[type(op)], built[left], built[right], span)
            case ast.Call():
                return self._call(node, built)
            case ast.Attribute():
                return self._attribute(node, built)
            case ast.Subscript(value=value, slice=index):
                return Index(built[value], built[index], span)
            case ast.Slice(lower=lower, upper=upper, step=step):
                start, stop, stride = (None if part is None else built[part] for part in (lower, upper, step))
                return Slice(start, stop, stride, span)
            case _:
                raise refuse(node, span)

    def _name(self, name: str, span: tuple[int, int]) -> Node:
        names.check_plain(name, span)
        if name in self.known:
            if name not in self.assigned:
                self.free.setdefault(name)
            return Name(name, span)
        if name in names.CONSTANTS:
            return Name(name, span)
        if name in names.DTYPES:
            return DtypeName(names.DTYPES[name], span)
        if name in names.PREFIXES:
            raise UnknownNameError(f"'{name}' alone is no value", span=span, hint=f"Write {name}.exp(x), or exp(x).")
        self.free.setdefault(name)
        return Name(name, span)

    def _attribute(self, node: ast.Attribute, built: dict[ast.expr, Node]) -> Node:
        span = self.source.span(node)
        path = names.dotted(node, self.known)
        if not path:
            names.check_attribute(node.attr, self.source.after(node.value, span), self.source.text)
            return Attribute(built[node.value], node.attr, span)
        if path in names.CONSTANTS:
            return Literal(names.CONSTANTS[path], span)
        if path in names.PREFIXED_DTYPES:
            return DtypeName(names.PREFIXED_DTYPES[path], span)
        row = names.function(path, span)
        raise ExpressionError(f"'{row.name}' is a function", span=span, hint=f"Call it: {row.name}(x).")

    def _call(self, node: ast.Call, built: dict[ast.expr, Node]) -> Node:
        span = self.source.span(node)
        function_span = self.source.span(node.func)
        arguments = tuple(built[argument] for argument in node.args)
        keywords = tuple((keyword.arg or "", built[keyword.value]) for keyword in node.keywords)
        receiver: Node | None = None
        if isinstance(node.func, ast.Attribute) and not names.dotted(node.func, self.known):
            written = node.func.attr
            receiver = built[node.func.value]
            row = names.method(written, self.source.after(node.func.value, function_span))
        else:
            written = names.dotted(node.func, self.known) or ast.unparse(node.func)
            if written in self.known and not names.is_function(written):
                raise ExpressionError(
                    f"'{written}' is a tensor, not a function",
                    span=function_span,
                    hint=f"Write {written} * (...) to multiply, {written}[...] to index.",
                )
            row = names.function(written, function_span)
        names.check_call(row, receiver, arguments, keywords, written=written, span=span)
        return Call(row, written, receiver, arguments, keywords, span)


def _negated(node: Unary) -> Node:
    """A negative number is a number: `dim=-1` must stay an integer literal."""
    operand = node.operand
    if (
        isinstance(operand, Literal)
        and node.operator in ("neg", "positive")
        and isinstance(operand.value, int | float | complex)
        and not isinstance(operand.value, bool)
    ):
        value = -operand.value if node.operator == "neg" else operand.value
        return Literal(value, node.span)
    return node


def _spine(node: ast.expr) -> ast.expr | None:
    """The part that continues a chain (x + x + ..., x.exp().exp()...) and so nests no deeper."""
    match node:
        case ast.BinOp(left=left):
            return left
        case ast.Call(func=ast.Attribute(value=value)) | ast.Attribute(value=value) | ast.Subscript(value=value):
            return value
        case _:
            return None
