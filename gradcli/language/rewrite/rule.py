"""What a rule is: something that finds places in a program, and says for each which edits rewrite it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import islice

from gradcli.exceptions import Span
from gradcli.language.catalogue import find
from gradcli.language.parser import parse
from gradcli.language.rewrite.algebra import REDUCED, Term
from gradcli.language.rewrite.editing import Edit, EditableProgram
from gradcli.language.rewrite.matching import matches
from gradcli.language.rewrite.templates import Template
from gradcli.language.rewrite.terms import term_of
from gradcli.language.syntax import Call, Node

MAX_READINGS = 3
"""How many ways to read one place are tried: x * log(y) * log(z) has two."""


@dataclass(frozen=True)
class Replacement:
    """One application of a rule.

    variant: changes of one variant make sense together (the same safe constant, the same way to select).
    """

    name: str
    edits: tuple[Edit, ...]
    variant: str = ""

    @property
    def span(self) -> Span:
        """The piece of the original text that changes."""
        return min(edit.span[0] for edit in self.edits), max(edit.span[1] for edit in self.edits)

    def apart_from(self, other: Replacement) -> bool:
        """Whether both changes can be made."""
        return not any(meet(mine.span, theirs.span) for mine in self.edits for theirs in other.edits)


LEADING_VARIANTS = ("", "1.0", "1", "inputs")
"""Variants worth a second change."""


Rule = Callable[[EditableProgram], Iterator[Replacement]]


@dataclass(frozen=True)
class Identity:
    """Two expressions with the same value: where `pattern` stands, `template` can stand.

    carries: options of the matched calls that the pattern does not name (dim, reduction, weight) go to the template's
        outermost call; without it such a place is left alone.
    """

    name: str
    pattern: str
    template: str
    carries: bool = False

    @cached_property
    def calls(self) -> frozenset[str]:
        """The operations that the pattern calls: an expression that lacks one of them is no instance of it."""
        names = {_operation(name) for name in re.findall(r"([a-z][\w.]*)\(", self.pattern)}
        return frozenset(names - REDUCED.keys())


def meet(first: Span, second: Span) -> bool:
    """Whether two pieces of a text have a character in common, or are the same place."""
    return first == second or (first[0] < second[1] and second[0] < first[1])


def from_table(rows: tuple[Identity, ...]) -> Rule:
    """The rule that applies every identity of a table wherever it fits."""

    def rule(editable: EditableProgram) -> Iterator[Replacement]:
        for row in rows:
            if not row.calls <= editable.operations:  # reading a pattern costs more than all that follows
                continue
            pattern = _pattern(row.pattern)
            for node in editable.by_operation.get(pattern.operation, ()):
                yield from _applied(row, pattern, node, editable)

    return rule


def _applied(row: Identity, pattern: Term, node: Node, editable: EditableProgram) -> Iterator[Replacement]:
    for match in islice(matches(pattern, editable.term(node), editable.definitions), MAX_READINGS):
        if match.leftover and not row.carries:
            continue
        as_method = isinstance(node, Call) and node.receiver is not None
        template = Template(editable, match.variables, dict(match.leftover), as_method)
        piece = template.piece(_template(row.template))
        edit = editable.replace(node, piece)
        if edit.text != editable.program.text[slice(*node.span)]:
            yield Replacement(row.name, (edit,))


@cache
def _operation(name: str) -> str:
    row = find(name)
    return name if row is None else row.name


@cache
def _pattern(text: str) -> Term:
    return term_of(parse(text).result)


@cache
def _template(text: str) -> Node:
    return parse(text).result
