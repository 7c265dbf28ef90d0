"""The right sides of identities, filled in with the user's own text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gradcli.language.printer import Piece, number, printed, unary
from gradcli.language.rewrite.algebra import Term, as_number, negated
from gradcli.language.rewrite.editing import EditableProgram
from gradcli.language.syntax import Binary, Call, Literal, Name, Node, Unary, children


@dataclass
class Template:
    """The right side of an identity, being written: its names are replaced by terms.

    carried: options for the outermost call. as_method: that call is written x.norm() for norm(x), where it can be.
    """

    editable: EditableProgram
    variables: Mapping[str, Term]
    carried: dict[str, Term]
    as_method: bool

    def piece(self, node: Node) -> Piece:
        match node:
            case Name(name=name) if name in self.variables:
                return self.editable.written(self.variables[name])
            case Unary(operator="neg", operand=Name(name=name)) if name in self.variables:
                return self._negative(self.variables[name])
            case Binary(operator="add", left=left, right=Name(name=name)) if negative := self._without_sign(name):
                return self.editable.joined("sub", self.piece(left), negative)
            case Binary() if folded := self._folded(node):
                return folded
            case Call():
                return self._call(node)
            case _:
                return printed(node, [self.piece(child) for child in children(node)], self.editable.spelling)

    def _negative(self, term: Term) -> Piece:
        if term.operation == "neg" or as_number(term) is not None:
            return self.editable.written(negated(term))
        return unary("neg", self.editable.written(term))

    def _without_sign(self, name: str) -> Piece | None:
        """What y is in x + y where y is -z."""
        term = self.variables.get(name)
        return self.editable.written(term.operands[0]) if term is not None and term.operation == "neg" else None

    def _call(self, call: Call) -> Piece:
        carried, self.carried = self.carried, {}
        as_method, self.as_method = self.as_method, False
        parts = [self.piece(child) for child in children(call)]
        if as_method and call.function.method and call.arguments and isinstance(call.arguments[0], Name):
            call = replace(call, receiver=call.arguments[0], arguments=call.arguments[1:])
        options = [f"{name}={self.editable.written(term).text}" for name, term in carried.items()]
        return printed(call, parts, self.editable.spelling, options=options)

    def _folded(self, node: Binary) -> Piece | None:
        """The square of a number that the user wrote is a number, and so is an exponent plus one, or half of it."""
        left, right = self._number(node.left), self._number(node.right)
        if left is None or right is None:
            return None
        match node.operator:
            case "pow":
                return number(float(f"{left**right:.12g}"), self.editable.spelling)
            case "add":
                return number(left + right, self.editable.spelling)
            case "mul":
                return number(left * right, self.editable.spelling)
            case "div" if right:
                return number(left / right, self.editable.spelling)
            case _:
                return None

    def _number(self, node: Node) -> float | None:
        match node:
            case Name(name=name):
                return as_number(self.variables.get(name, Term("none")))
            case Literal(value=int() | float() as value) if not isinstance(value, bool):
                return value
            case _:
                return None
