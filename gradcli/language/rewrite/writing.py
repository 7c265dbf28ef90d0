"""Text for rewritten pieces: the user's own words where they stay, brackets only where precedence wants them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from gradcli.errors import Span
from gradcli.language.catalogue.rows import Row
from gradcli.language.names import CONSTANTS
from gradcli.language.parser import parse
from gradcli.language.rewrite.terms import Term, as_number, negated, terms_of
from gradcli.language.syntax import (
    Assign,
    AssignIndex,
    Attribute,
    Binary,
    Call,
    Dots,
    DtypeName,
    Index,
    Literal,
    Name,
    Node,
    Numbers,
    Program,
    Sequence,
    Slice,
    Starred,
    Unary,
    Update,
    children,
    postorder,
    roots,
)

ANY, COMPARE, OR, XOR, AND, SHIFT, ADD, MUL, UNARY, POW, ATOM = range(11)
"""How tightly a piece of text holds together, loosest first: Python's precedence."""

_LEVELS = {"add": ADD, "sub": ADD, "mul": MUL, "div": MUL, "floor_divide": MUL, "remainder": MUL, "matmul": MUL}
_LEVELS |= {"pow": POW, "bitwise_and": AND, "bitwise_xor": XOR, "bitwise_or": OR}
_LEVELS |= {"bitwise_left_shift": SHIFT, "bitwise_right_shift": SHIFT}
_LEVELS |= dict.fromkeys(("lt", "le", "gt", "ge", "eq", "ne"), COMPARE)
_SIGNS = {"add": " + ", "sub": " - ", "mul": "*", "div": "/", "floor_divide": "//", "remainder": "%", "matmul": " @ "}
_SIGNS |= {"pow": "**", "bitwise_and": " & ", "bitwise_xor": " ^ ", "bitwise_or": " | ", "lt": " < ", "le": " <= "}
_SIGNS |= {"bitwise_left_shift": " << ", "bitwise_right_shift": " >> "}
_SIGNS |= {"gt": " > ", "ge": " >= ", "eq": " == ", "ne": " != "}


@dataclass(frozen=True)
class Piece:
    """A text and how tightly it holds together."""

    text: str
    level: int = ATOM

    def at(self, level: int) -> str:
        """The text where at least `level` is wanted."""
        return self.text if self.level >= level else f"({self.text})"


@dataclass(frozen=True, order=True)
class Edit:
    """What the user's text says at `span` becomes `text`."""

    span: Span
    text: str


class Draft:
    """A program with what is needed to rewrite its text: terms, parents, and what its names stand for.

    definitions: the terms of names that are assigned once and are no input.
    wrt: the inputs that are differentiated, None for all.
    """

    def __init__(self, program: Program, wrt: Collection[str] | None = None) -> None:
        self.program, self.wrt = program, wrt
        self.terms: dict[int, Term] = {}
        self.nodes: list[Node] = []
        self._parents: dict[int, Node] = {}
        for root in roots(program):
            self.terms |= terms_of(root)
            for node in postorder(root):
                self.nodes.append(node)
                self._parents |= {id(child): node for child in children(node)}
        self.definitions_of = _assigned_once(program)
        self.definitions = {name: self.term(node) for name, node in self.definitions_of.items()}
        text = program.text
        self._spaced = any(f" {sign} " in text for sign in ("*", "/"))
        self.prefixed = any(prefix in text for prefix in ("torch.", "F.", "nn.functional."))

    def term(self, node: Node) -> Term:
        return self.terms[id(node)]

    def parent(self, node: Node) -> Node | None:
        return self._parents.get(id(node))

    def replace(self, node: Node, piece: Piece) -> Edit:
        """The edit that puts `piece` where `node` stands."""
        wanted = _wanted(self.parent(node), node)
        span, grouped = self._with_brackets(node.span)
        if grouped and piece.level >= wanted:
            return Edit(span, piece.text)
        return Edit(node.span, piece.at(ANY if grouped or self._bracketed(node.span) else wanted))

    def piece(self, node: Node) -> Piece:
        """The user's own text for a node."""
        text = " ".join(self.program.text[slice(*node.span)].split("\n"))
        level = level_of(node)
        return Piece(text, ANY if isinstance(node, Sequence | Numbers) and text[:1] not in "([" else level)

    def written(self, term: Term) -> Piece:
        """A term in the user's words, put together where it is a new one."""
        if term.node is not None:
            return self.piece(term.node)
        parts = [self.written(operand) for operand in term.operands]
        match term.operation:
            case "neg":
                return Piece(f"-{parts[0].at(UNARY)}", UNARY)
            case "add":
                return Piece(self._sum(term.operands), ADD)
            case "mul":
                return Piece(
                    self.sign("mul").join(part.at(MUL if i == 0 else UNARY) for i, part in enumerate(parts)), MUL
                )
            case "div" | "pow" as name:
                return self.joined(name, parts[0], parts[1])
            case "literal":
                return literal(term.value)
            case name:
                return Piece(f"{name}({', '.join(part.text for part in parts)})")

    def joined(self, operator: str, left: Piece, right: Piece) -> Piece:
        """Two pieces with an operator between them."""
        level = _LEVELS[operator]
        before, after = (ATOM, UNARY) if operator == "pow" else (level, level + 1)
        return Piece(f"{left.at(before)}{self.sign(operator)}{right.at(after)}", level)

    def sign(self, operator: str) -> str:
        """An operator with as much space as the user leaves around it."""
        sign = _SIGNS[operator]
        return f" {sign} " if self._spaced and operator in ("mul", "div") else sign

    def function(self, row: Row, written: str) -> str:
        """A function's name, with PyTorch's prefix if the user writes prefixes."""
        if not self.prefixed:
            return written
        return row.torch.replace("torch.nn.functional.", "F.").replace("torch.Tensor.", "torch.")

    def _sum(self, operands: Iterable[Term]) -> str:
        text = ""
        for position, term in enumerate(operands):
            value = as_number(term)
            minus = position > 0 and (term.operation == "neg" or (value is not None and value < 0))
            part = self.written(negated(term) if minus else term)
            text += part.at(ADD) if position == 0 else f" {'-' if minus else '+'} {part.at(MUL)}"
        return text

    def _bracketed(self, span: Span) -> bool:
        """Whether the text has round brackets right around a span: for grouping, or those of a call."""
        before, after = self.program.text[: span[0]].rstrip(), self.program.text[span[1] :].lstrip()
        return before.endswith("(") and after.startswith(")")

    def _with_brackets(self, span: Span) -> tuple[Span, bool]:
        """The span with the brackets that group it, and whether there are any."""
        text, grouped = self.program.text, False
        while self._bracketed(span):
            start, end = text.rindex("(", 0, span[0]), text.index(")", span[1]) + 1
            if text[:start].rstrip()[-1:].isidentifier() or text[:start].rstrip()[-1:] in tuple("0123456789])"):
                break  # the brackets of a call
            span, grouped = (start, end), True
        return span, grouped


def literal(value: object) -> Piece:
    """A literal as one writes it."""
    if isinstance(value, tuple):
        value = value[1]
    return Piece(repr(value), UNARY if isinstance(value, int | float) and value < 0 else ATOM)


def level_of(node: Node) -> int:
    """How tightly the text of a node holds together."""
    match node:
        case Binary(operator=operator):
            return _LEVELS[operator]
        case Unary():
            return UNARY
        case Literal(value=value):
            return literal(value).level
        case _:
            return ATOM


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text after edits that do not overlap."""
    for edit in sorted(edits, reverse=True):
        text = text[: edit.span[0]] + edit.text + text[edit.span[1] :]
    return text


def _wanted(parent: Node | None, child: Node) -> int:
    """How tightly a piece must hold together to stand where `child` does."""
    match parent:
        case Binary(operator="pow"):
            return ATOM if child is parent.left else UNARY
        case Binary(operator=operator):
            return _LEVELS[operator] + (child is parent.right or _LEVELS[operator] == COMPARE)
        case Unary():
            return UNARY
        case Call(receiver=receiver):
            return ATOM if child is receiver else ANY
        case Attribute():
            return ATOM
        case Index(operand=operand):
            return ATOM if child is operand else ANY
        case Starred():
            return OR
        case None | Literal() | Name() | DtypeName() | Sequence() | Numbers() | Slice() | Dots():
            return ANY


def _assigned_once(program: Program) -> dict[str, Node]:
    """Names that are assigned one value for good, with that value."""
    assigned: dict[str, list[Node]] = {}
    for statement in program.statements:
        if isinstance(statement, Assign):
            assigned.setdefault(statement.target, []).append(statement.value)
        elif isinstance(statement, Update | AssignIndex):
            target = statement.target if isinstance(statement.target, Name) else statement.target.operand
            if isinstance(target, Name):
                assigned.setdefault(target.name, []).extend([target, target])
    inputs = {*program.free_names, *CONSTANTS}
    return {name: values[0] for name, values in assigned.items() if len(values) == 1 and name not in inputs}


def tidied(text: str, before: Program) -> str:
    """The text without the assignments that were read before a rewrite and are not read now."""
    used_before = _read(before)
    while True:
        program = parse(text, bound=before.free_names)
        used = _read(program)
        for position, statement in enumerate(program.statements):
            if isinstance(statement, Assign) and statement.target in used_before - used:
                following = [*(s.span[0] for s in program.statements[position + 1 :]), _start(program)]
                text = text[: statement.span[0]] + text[following[0] :]
                break
        else:
            return text


def _read(program: Program) -> set[str]:
    return {node.name for root in roots(program) for node in postorder(root) if isinstance(node, Name)}


def _start(program: Program) -> int:
    """Where the last expression begins, its opening brackets included."""
    last = max((statement.span[1] for statement in program.statements), default=0)
    between = program.text[last : program.result.span[0]]
    return last + len(between) - len(between.lstrip("; \t\n"))
