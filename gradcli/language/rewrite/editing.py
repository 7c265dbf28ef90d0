"""A program's text being rewritten: edits at places, and new pieces as the user would write them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property, partial, reduce

from gradcli.exceptions import Span
from gradcli.language.names import CONSTANTS
from gradcli.language.parser import parse
from gradcli.language.printer import ANY, Piece, Spelling, binary, called, level_of, number, unary, wanted_level
from gradcli.language.rewrite.algebra import Term, as_number, negated
from gradcli.language.rewrite.arrangements import arranged_by
from gradcli.language.rewrite.terms import terms_of
from gradcli.language.syntax import (
    Assign,
    AssignIndex,
    Name,
    Node,
    Numbers,
    Program,
    Sequence,
    Update,
    children,
    postorder,
    roots,
)

_SPACED = frozenset({"floor_divide", "remainder", "pow"})
_TIGHT = _SPACED | {"mul", "div"}
_PREFIXES = (("torch.nn.functional.", "F."),)


@dataclass(frozen=True, order=True)
class Edit:
    """What the user's text says at `span` becomes `text`."""

    span: Span
    text: str


class EditableProgram:
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
        is_prefixed = any(prefix in text for prefix in ("torch.", "F.", "nn.functional."))
        is_spaced = any(f" {sign} " in text for sign in ("*", "/"))
        self.spelling = Spelling(_SPACED if is_spaced else _TIGHT, paths=_PREFIXES if is_prefixed else None)

    def term(self, node: Node) -> Term:
        return self.terms[id(node)]

    @cached_property
    def by_operation(self) -> dict[str, list[Node]]:
        """The nodes, in order, by the operation of their terms; without arrangements, of which no identity is one."""
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            if arranged_by(node) is None:
                found.setdefault(self.term(node).operation, []).append(node)
        return found

    @cached_property
    def operations(self) -> frozenset[str]:
        """Those of all terms, and of the terms within that no node stands for, such as the `log` of a `log1p`."""
        seen: dict[int, Term] = {}
        waiting = list(self.terms.values())
        while waiting:
            term = waiting.pop()
            if id(term) not in seen:
                seen[id(term)] = term
                waiting += term.operands
                waiting += (option for _, option in term.options)
        return frozenset(term.operation for term in seen.values())

    def parent(self, node: Node) -> Node | None:
        return self._parents.get(id(node))

    def replace(self, node: Node, piece: Piece) -> Edit:
        """The edit that puts `piece` where `node` stands."""
        wanted = wanted_level(self.parent(node), node)
        if piece.level >= wanted:
            return Edit(self._with_brackets(node.span), piece.text)
        return Edit(node.span, piece.at(ANY if self._bracketed(node.span) else wanted))

    def piece(self, node: Node) -> Piece:
        """The user's own text for a node."""
        text = " ".join(self.program.text[slice(*node.span)].split("\n"))
        level = level_of(node)
        return Piece(text, ANY if isinstance(node, Sequence | Numbers) and text[:1] not in "([" else level)

    def piece_around(self, node: Node, inner: Piece) -> Piece:
        """The text of an arrangement, of something else than the user arranges."""
        arranged = arranged_by(node)
        assert arranged is not None
        return self.piece_with(node, arranged, inner)

    def piece_with(self, node: Node, part: Node, other: Piece) -> Piece:
        """The text of a call or an index with something else in the place of a part of it."""
        edit = self.replace(part, other)
        start, end = min(node.span[0], edit.span[0]), node.span[1]
        text = self.program.text
        return Piece(" ".join(f"{text[start : edit.span[0]]}{edit.text}{text[edit.span[1] : end]}".split("\n")))

    def written(self, term: Term) -> Piece:
        """A term in the user's words, put together where it is a new one."""
        if term.node is not None:
            return self.piece(term.node)
        if term.around is not None:
            return self.piece_around(term.around, self.written(term.operands[0]))
        if term.operation == "add":
            return reduce(self._added, term.operands[1:], self.written(term.operands[0]))
        parts = [self.written(operand) for operand in term.operands]
        match term.operation:
            case "neg":
                return unary("neg", parts[0])
            case "mul" | "div" | "pow" as name:
                return reduce(partial(self.joined, name), parts)
            case "literal":
                if isinstance(term.value, tuple):  # a truth value
                    return Piece(repr(term.value[1]))
                assert isinstance(term.value, int | float)
                return number(term.value, self.spelling)
            case name:
                return called(name, parts, [f"{word}={self.written(option).text}" for word, option in term.options])

    def joined(self, operator: str, left: Piece, right: Piece) -> Piece:
        """Two pieces with an operator between them."""
        return binary(operator, left, right, spelling=self.spelling)

    def function(self, name: str) -> str:
        """What one of PyTorch's functions is called, with its prefix if the user writes prefixes."""
        return name if self.spelling.paths is None else f"torch.{name}"

    def _added(self, text: Piece, term: Term) -> Piece:
        """A sum with one more term, which is subtracted where it is negative."""
        value = as_number(term)
        if term.operation == "neg" or (value is not None and value < 0):
            return self.joined("sub", text, self.written(negated(term)))
        return self.joined("add", text, self.written(term))

    def _bracketed(self, span: Span) -> bool:
        """Whether the text has round brackets right around a span: for grouping, or those of a call."""
        before, after = self.program.text[: span[0]].rstrip(), self.program.text[span[1] :].lstrip()
        return before.endswith("(") and after.startswith(")")

    def _with_brackets(self, span: Span) -> Span:
        """The span with the brackets that group it."""
        text = self.program.text
        while self._bracketed(span):
            start, end = text.rindex("(", 0, span[0]), text.index(")", span[1]) + 1
            if text[:start].rstrip()[-1:].isidentifier() or text[:start].rstrip()[-1:] in tuple("0123456789])"):
                break  # the brackets of a call
            span = start, end
        return span


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text after edits that do not overlap."""
    for edit in sorted(edits, reverse=True):
        text = text[: edit.span[0]] + edit.text + text[edit.span[1] :]
    return text


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
    constants = (
        node.name
        for node in program.nodes
        if isinstance(node, Name) and node.name in CONSTANTS and node.name in assigned
        if node.name == "inf" or node.span[0] < assigned[node.name][0].span[1]  # what it is before it is assigned
    )
    inputs = {*program.free_names, *constants}
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
    return {node.name for node in program.nodes if isinstance(node, Name)}


def _start(program: Program) -> int:
    """Where the last expression begins, its opening brackets included."""
    last = max((statement.span[1] for statement in program.statements), default=0)
    between = program.text[last : program.result.span[0]]
    return last + len(between) - len(between.lstrip("; \t\n"))
