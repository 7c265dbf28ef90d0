"""Patterns against terms: where an identity applies, and what its variables stand for.

Sums and products match in any order; the last free variable among their parts takes all that is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from gradcli.language.names import CONSTANTS
from gradcli.language.rewrite.algebra import Term, as_number, negated, product, total

MAX_PARTS = 10
"""Sums and products of more parts are not searched: the number of orders explodes."""

_SYMMETRIC = frozenset({"maximum", "logaddexp", "eq"})


@dataclass(frozen=True)
class Match:
    """variables: what the pattern's names stand for. leftover: options of the matched calls that it does not name."""

    variables: Mapping[str, Term] = field(default_factory=dict)
    leftover: Mapping[str, Term] = field(default_factory=dict)

    def bound(self, name: str, term: Term) -> Match:
        return replace(self, variables={**self.variables, name: term})


def matches(
    pattern: Term, subject: Term, definitions: Mapping[str, Term], found: Match | None = None
) -> Iterator[Match]:
    """Every way in which `subject` is an instance of `pattern`; names are read as what `definitions` says."""
    found = Match() if found is None else found
    if is_variable(pattern):
        yield from _variable(str(pattern.value), subject, found)
        return
    if subject.operation == "name" and subject.value in definitions:
        subject = definitions[str(subject.value)]
    if pattern.operation == "neg" and subject.operation != "neg":
        value = as_number(subject)
        if value is not None and value < 0:
            yield from matches(pattern.operands[0], negated(subject), definitions, found)
        return
    if pattern.operation != subject.operation or pattern.value != subject.value:
        return
    if pattern.operation in ("add", "mul"):
        yield from _bag(pattern, subject, definitions, found)
        return
    after = _options(pattern, subject, definitions, found)
    if after is None or len(pattern.operands) != len(subject.operands):
        return
    yield from _in_order(pattern.operands, subject.operands, definitions, after)
    if pattern.operation in _SYMMETRIC:
        yield from _in_order(pattern.operands, subject.operands[::-1], definitions, after)


def is_variable(pattern: Term) -> bool:
    """Whether a pattern matches anything: a name that is no constant."""
    return pattern.operation == "name" and pattern.value not in CONSTANTS


def _variable(name: str, subject: Term, found: Match) -> Iterator[Match]:
    known = found.variables.get(name)
    if known is None:
        yield found.bound(name, subject)
    elif known == subject:
        yield found


def _in_order(
    patterns: tuple[Term, ...], subjects: tuple[Term, ...], definitions: Mapping[str, Term], found: Match
) -> Iterator[Match]:
    if not patterns:
        yield found
        return
    for after in matches(patterns[0], subjects[0], definitions, found):
        yield from _in_order(patterns[1:], subjects[1:], definitions, after)


def _options(pattern: Term, subject: Term, definitions: Mapping[str, Term], found: Match) -> Match | None:
    given = dict(subject.options)
    for name, wanted in pattern.options:
        if name not in given:
            return None
        after = next(matches(wanted, given.pop(name), definitions, found), None)
        if after is None:
            return None
        found = after
    if any(found.leftover.get(name, term) != term for name, term in given.items()):
        return None
    return replace(found, leftover={**found.leftover, **given})


def _bag(pattern: Term, subject: Term, definitions: Mapping[str, Term], found: Match) -> Iterator[Match]:
    if len(subject.operands) > MAX_PARTS or len(pattern.operands) > len(subject.operands):
        return
    shaped = [part for part in pattern.operands if not is_variable(part)]
    variables = [part for part in pattern.operands if is_variable(part)]
    yield from _place(subject.operation, [*shaped, *variables], subject.operands, definitions, found)


def _place(
    operation: str, patterns: list[Term], parts: tuple[Term, ...], definitions: Mapping[str, Term], found: Match
) -> Iterator[Match]:
    if not patterns:
        if not parts:
            yield found
        return
    first, rest = patterns[0], patterns[1:]
    if is_variable(first) and not rest:
        if parts:
            yield from _variable(str(first.value), _joined(operation, parts), found)
        return
    for position, part in enumerate(parts):
        others = parts[:position] + parts[position + 1 :]
        for after in matches(first, part, definitions, found):
            yield from _place(operation, rest, others, definitions, after)


def _joined(operation: str, parts: tuple[Term, ...]) -> Term:
    return total(parts) if operation == "add" else product(parts)
