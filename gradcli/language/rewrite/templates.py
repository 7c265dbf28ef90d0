"""The right sides of identities, filled in with the user's own text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gradcli.language.rewrite.terms import Term, as_number, negated
from gradcli.language.rewrite.writing import ATOM, UNARY, Draft, Piece, literal
from gradcli.language.syntax import Attribute, Binary, Call, Index, Literal, Name, Node, Sequence, Unary


@dataclass
class Template:
    """The right side of an identity, being written: its names are replaced by terms.

    carried: options for the outermost call. as_method: that call is written x.norm() for norm(x), where it can be.
    """

    draft: Draft
    variables: Mapping[str, Term]
    carried: dict[str, Term]
    as_method: bool

    def piece(self, node: Node) -> Piece:
        match node:
            case Name(name=name) if name in self.variables:
                return self.draft.written(self.variables[name])
            case Literal(value=value):
                return literal(value)
            case Unary(operator="neg", operand=Name(name=name)) if name in self.variables:
                return self._negative(self.variables[name])
            case Unary(operator="neg", operand=operand):
                return Piece(f"-{self.piece(operand).at(UNARY)}", UNARY)
            case Binary(operator=operator, left=left, right=right):
                if operator == "add" and isinstance(right, Name) and (negative := self._without_sign(right.name)):
                    return self.draft.joined("sub", self.piece(left), negative)
                return self._folded(node) or self.draft.joined(operator, self.piece(left), self.piece(right))
            case Call():
                return self._call(node)
            case Index(operand=operand, index=index):
                return Piece(f"{self.piece(operand).at(ATOM)}[{self.piece(index).text}]")
            case Attribute(operand=operand, name=name):
                return Piece(f"{self.piece(operand).at(ATOM)}.{name}")
            case Sequence(items=items):
                return Piece(f"[{', '.join(self.piece(item).text for item in items)}]")
            case _:
                return Piece(node.name) if isinstance(node, Name) else Piece("")

    def _negative(self, term: Term) -> Piece:
        if term.operation == "neg" or as_number(term) is not None:
            return self.draft.written(negated(term))
        return Piece(f"-{self.draft.written(term).at(UNARY)}", UNARY)

    def _without_sign(self, name: str) -> Piece | None:
        """What y is in x + y where y is -z."""
        term = self.variables.get(name)
        return self.draft.written(term.operands[0]) if term is not None and term.operation == "neg" else None

    def _call(self, call: Call) -> Piece:
        carried, self.carried = self.carried, {}
        as_method, self.as_method = self.as_method, False
        if call.receiver is not None:
            given = ", ".join(self.piece(argument).text for argument in call.arguments)
            return Piece(f"{self.piece(call.receiver).at(ATOM)}.{call.written}({given})")
        words = [self.piece(argument).text for argument in call.arguments]
        words += [f"{name}={self.piece(value).text}" for name, value in call.keywords]
        words += [f"{name}={self.draft.written(term).text}" for name, term in carried.items()]
        if as_method and call.function.method and call.arguments and isinstance(call.arguments[0], Name):
            return Piece(f"{self.piece(call.arguments[0]).at(ATOM)}.{call.written}({', '.join(words[1:])})")
        return Piece(f"{self.draft.function(call.function, call.written)}({', '.join(words)})")

    def _folded(self, node: Binary) -> Piece | None:
        """The square of a number that the user wrote is a number, and so is an exponent plus one, or half of it."""
        left, right = self._number(node.left), self._number(node.right)
        if left is None or right is None or not (isinstance(node.left, Name) or isinstance(node.right, Name)):
            return None
        match node.operator:
            case "pow":
                return literal(float(f"{left**right:.12g}"))
            case "add":
                return literal(left + right)
            case "mul":
                return literal(left * right)
            case "div" if right:
                return literal(left / right)
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
