"""Small wrong changes to a module: to its thresholds, its tables and its rules, one change in each mutant.

A threshold is a number that has a name, or that a function compares something with; a table is a constant with
members, or what `in` looks through, but for `__all__`, which is for the type checker; a rule is a condition. What is
left is planted where it is asked for: the bounds between `<` and `<=`, and the numbers that count dimensions and
places, where often nobody can tell the two apart; and the causes that a phrase tells.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from tools.mutants.mutant import Mutant

SCALES = (1e-6, 1e-2, 1e2, 1e6)
"""Factors for a number that is not whole, or is large: a test must hold it within two orders of magnitude."""
SMALL = 10
"""Whole numbers up to this size are changed by one."""

KINDS = ("threshold", "table", "rule")
"""None of these survives."""
FINER = ("boundary", "number", "cause")
"""Only where they are asked for."""

OPPOSITE: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", ">="), ast.LtE: ("<=", ">"), ast.Gt: (">", "<="), ast.GtE: (">=", "<"), ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="), ast.Is: ("is", "is not"), ast.IsNot: ("is not", "is"), ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}  # fmt: skip
"""Each comparison as it is written, and what is true where it is not."""
WIDER = {ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">")}
"""The same up to the bound itself."""


def mutants(path: str, source: str) -> list[Mutant]:
    """Every mutant of a module, in the order of the text."""
    return sorted(_Search(path, source).found, key=lambda mutant: (mutant.start, mutant.end, mutant.new))


class _Search(ast.NodeVisitor):
    def __init__(self, path: str, source: str) -> None:
        self.found: list[Mutant] = []
        self._path = path
        self._source = source
        self._lines = [0]
        for line in source.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))
        self._texts = source.splitlines()
        self._function: str | None = None
        self._name: str | None = None
        self._scope: list[str] = []
        self._compared: set[ast.AST] = set()
        self.visit(ast.parse(source))

    # where a node stands

    def _offset(self, line: int, column: int) -> int:
        characters = len(self._texts[line - 1].encode()[:column].decode())
        return self._lines[line - 1] + characters

    def _span(self, node: ast.AST) -> tuple[int, int]:
        assert isinstance(node, ast.expr | ast.stmt)
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._offset(node.lineno, node.col_offset), self._offset(node.end_lineno, node.end_col_offset)

    def _plant(self, kind: str, span: tuple[int, int], new: str) -> None:
        start, end = span
        line = self._source.count("\n", 0, start) + 1
        old = self._source[start:end]
        if old != new:
            self.found.append(Mutant(self._path, kind, start, end, old, new, line, self._function, self._name))

    def _text(self, node: ast.AST) -> str:
        start, end = self._span(node)
        return self._source[start:end]

    # the scopes

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        outermost = self._function is None
        if outermost:
            self._function = ".".join([*self._scope, node.name])
        for statement in _without_docstring(node.body):
            self.visit(statement)
        if outermost:
            self._function = None

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if self._function is not None:
            return
        self._scope.append(node.name)
        self._name = node.name
        for statement in _without_docstring(node.body):
            self.visit(statement)
        self._name = None
        self._scope.pop()

    def visit_Assign(self, node: ast.Assign) -> None:
        self._assignment(node.targets[0], node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._assignment(node.target, node.value)

    def _assignment(self, target: ast.expr, value: ast.expr) -> None:
        """A constant of the module gives its name to the mutants of its value."""
        if isinstance(target, ast.Name) and target.id == "__all__":
            return
        if self._function is None and not self._scope and isinstance(target, ast.Name):
            self._name = target.id
            self.visit(value)
            self._name = None
        else:
            self.visit(value)

    def visit_If(self, node: ast.If) -> None:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return
        self._early_return(node)
        self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> None:
        """What states a fact for the types decides nothing."""

    def visit_Raise(self, node: ast.Raise) -> None:
        """The words of an error are not a rule."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Words."""

    # thresholds

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        named = self._function is None
        if isinstance(value, bool):
            self._plant("rule" if named or node in self._compared else "number", self._span(node), str(not value))
        elif isinstance(value, int) and abs(value) <= SMALL:
            kind = "threshold" if named or (node in self._compared and value > 1) else "number"
            for other in (value - 1, value + 1):
                self._plant(kind, self._span(node), str(other) if other >= 0 else f"({other})")
        elif isinstance(value, int | float):
            kind = "threshold" if named or node in self._compared else "number"
            for scale in SCALES:
                changed = value * scale
                text = repr(round(changed)) if isinstance(value, int) else repr(changed)
                self._plant(kind, self._span(node), text)

    def _number_in_text(self, call: ast.Call) -> None:
        for node in call.args:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                kind = "threshold" if self._function is None or call in self._compared else "number"
                for scale in map(str, SCALES):
                    changed = (Decimal(node.value) * Decimal(scale)).normalize()
                    self._plant(kind, self._span(node), f'"{changed:e}"')

    def visit_Return(self, node: ast.Return) -> None:
        if isinstance(node.value, ast.Constant):
            self._compared.add(node.value)
        self.generic_visit(node)

    # tables

    def visit_Tuple(self, node: ast.Tuple) -> None:
        self._members(node.elts, node)

    def visit_List(self, node: ast.List) -> None:
        self._members(node.elts, node)

    def visit_Set(self, node: ast.Set) -> None:
        self._members(node.elts, node)

    def visit_Dict(self, node: ast.Dict) -> None:
        keys = [key for key in node.keys if key is not None]
        if len(keys) == len(node.values) and (self._function is None or node in self._compared):
            pairs = zip(keys, node.values, strict=True)
            self._without_each([(self._span(key)[0], self._span(value)[1]) for key, value in pairs], node)
        for value in node.values:
            self.visit(value)

    def _members(self, elements: list[ast.expr], node: ast.expr) -> None:
        """What a function makes, or returns, is no table; nor is what is taken apart, or is made of others."""
        stored = isinstance(getattr(node, "ctx", None), ast.Store)
        made = self._function is not None and node not in self._compared
        mixed = len(elements) == 1 or any(isinstance(element, ast.Starred) for element in elements)
        if not (stored or made or (isinstance(node, ast.Tuple) and mixed)):
            self._without_each([self._span(element) for element in elements], node)
        self.generic_visit(node)

    def _without_each(self, spans: list[tuple[int, int]], node: ast.expr) -> None:
        """One mutant for each member that is taken out, with the comma behind it or before it."""
        if not spans or (isinstance(node, ast.Set) and len(spans) == 1):
            return
        if isinstance(node, ast.Tuple) and len(spans) == 2:
            start, end = spans[0][0], spans[1][1]
            for span in spans:
                kept = spans[1] if span == spans[0] else spans[0]
                self._plant("table", (start, end), self._source[kept[0] : kept[1]] + ",")
            return
        for here, following in pairwise(spans):
            self._plant("table", (here[0], following[0]), "")
        if len(spans) > 1:
            self._plant("table", (spans[-2][1], spans[-1][1]), "")
        else:
            self._plant("table", spans[0], "")

    # rules

    def visit_Compare(self, node: ast.Compare) -> None:
        operands = [node.left, *node.comparators]
        for (left, right), operator in zip(pairwise(operands), node.ops, strict=True):
            between = self._span(left)[1], self._span(right)[0]
            self._operator("rule", between, *OPPOSITE[type(operator)])
            if type(operator) in WIDER:
                self._operator("boundary", between, *WIDER[type(operator)])
        self._compared.update(part for operand in operands for part in _parts(operand))
        self.generic_visit(node)

    def _operator(self, kind: str, between: tuple[int, int], sign: str, other: str) -> None:
        """One operator for another in the text between two operands."""
        at = self._source.find(sign, *between)
        if at >= 0:
            self._plant(kind, (at, at + len(sign)), other)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        for value in node.values:
            others = [self._text(other) for other in node.values if other is not value]
            word = " and " if isinstance(node.op, ast.And) else " or "
            self._plant("rule", self._span(node), word.join(f"({other})" for other in others))
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self._plant("rule", self._span(node), f"bool({self._text(node.operand)})")
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._plant("rule", self._span(node.test), f"not ({self._text(node.test)})")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """A phrase loses its cause, or what comes of it; a number may be written as a text."""
        if isinstance(node.func, ast.Attribute) and node.func.attr == "mpf":
            self._number_in_text(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("because", "so"):
            self._plant("cause", (self._span(node.func.value)[1], self._span(node)[1]), "")
        self.generic_visit(node)

    def _early_return(self, node: ast.If) -> None:
        """What an early exit guards is done always."""
        last = node.body[-1]
        if not node.orelse and isinstance(last, ast.Return | ast.Continue | ast.Break):
            self._plant("rule", self._span(node.test), "False")

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """A fixed place in a pair is no threshold, and the parts of a type or of an index are no table."""
        self.visit(node.value)
        for part in node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]:
            if not isinstance(part, ast.Constant | ast.List):
                self.visit(part)


def _parts(operand: ast.expr) -> Iterator[ast.expr]:
    """What is compared, and the numbers that it is computed from by arithmetic."""
    yield operand
    if isinstance(operand, ast.BinOp):
        yield from (*_parts(operand.left), *_parts(operand.right))
    elif isinstance(operand, ast.UnaryOp):
        yield from _parts(operand.operand)


def _without_docstring(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements but for texts that stand alone."""
    return (node for node in body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)))
