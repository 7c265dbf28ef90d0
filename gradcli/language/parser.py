"""Text to nodes: Python's own expression syntax, read with `ast`, never compiled or evaluated.

Everything that is not in the language is refused here, with the construct's name, its place and what to write instead.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from functools import lru_cache

from gradcli.exceptions import BoundError, ExpressionError
from gradcli.language import calling, names
from gradcli.language.constructs import BINARY, refuse
from gradcli.language.properties import followed
from gradcli.language.reading import ExpressionReader
from gradcli.language.syntax import (
    Assign,
    AssignIndex,
    Evaluate,
    Index,
    Name,
    Program,
    Statement,
    Update,
)

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


class _Reader(ExpressionReader):
    """Turns one text into nodes, statement by statement."""

    def program(self) -> Program:
        statements = self.source.statements()
        if not statements:
            raise ExpressionError("the expression is empty", hint="Write a function or an expression of x.")
        *before, last = statements
        read = tuple(s for statement in before if (s := self._statement(statement)) is not None)
        if not isinstance(last, ast.Expr):
            target = self._statement(last)
            name = target.target if isinstance(target, Assign) else "y"
            raise ExpressionError(
                "the last statement must be an expression: it is the value that is differentiated",
                span=self.source.span(last),
                hint=f"Add '; {name}' or '; sum({name})' at the end." if isinstance(name, str) else None,
            )
        result = self.node(last.value)
        inner = followed(read, result) if self.derivatives else ()
        return Program(self.source.text, read, result, tuple(self.free), inner)

    def _statement(self, statement: ast.stmt) -> Statement | None:
        """What a statement does; a module that gets a name is remembered, and nothing is done."""
        span = self.source.span(statement)
        match statement:
            case ast.Expr(value=value):
                return Evaluate(self.node(value), span)
            case ast.Assign(targets=[ast.Name(id=name) as target], value=value):
                names.check_assignable(name, self.source.span(target))
                if self._remembered(name, value):
                    return None
                node = self.node(value)
                self._changed(name)
                self.known.add(name)
                self.assigned.add(name)
                return Assign(name, node, span)
            case ast.Assign(targets=[ast.Subscript() as target], value=value):
                node = self.node(value)
                return AssignIndex(self._index_target(target), node, span)
            case ast.AugAssign(target=ast.Name() | ast.Subscript() as target, op=op, value=value):
                operator = BINARY.get(type(op))
                if operator is None:
                    raise refuse(op, span)
                node = self.node(value)
                place = self.node(target)
                assert isinstance(place, Name | Index)
                if isinstance(place, Name):
                    names.check_assignable(place.name, place.span)
                    self._changed(place.name)
                    self.known.add(place.name)
                return Update(operator, place, node, span)
            case _:
                raise refuse(statement, span)

    def _remembered(self, name: str, value: ast.expr) -> bool:
        """Whether a name is given to a module: `loss = nn.MSELoss()`."""
        module = calling.made(value, self.known)
        if module is not None:
            self.modules[name] = module
            self.stale.pop(name, None)
        return module is not None

    def _changed(self, name: str) -> None:
        """A name has another value from here on."""
        self.modules.pop(name, None)
        for module, how in self.modules.items():
            if any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(how.call)):
                self.stale[module] = name

    def _index_target(self, target: ast.Subscript) -> Index:
        node = self.node(target)
        assert isinstance(node, Index)
        return node
