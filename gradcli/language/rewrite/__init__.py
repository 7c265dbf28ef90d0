"""Rewritten expressions that might mend a gradient: candidates only, each has to be run to be believed.

A rule is a row of RULES. Identities are tables of two expressions with the same value; guards, selection and in-place
twins move the user's own text about.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from gradcli.exceptions import BoundError, ExpressionError, Span
from gradcli.language.parser import parse
from gradcli.language.rewrite import guards, identities, in_place, removable, selection
from gradcli.language.rewrite.editing import EditableProgram, applied, tidied
from gradcli.language.rewrite.rule import LEADING_VARIANTS, Replacement, Rule, from_table, meet
from gradcli.language.syntax import Program, children, postorder
from gradcli.language.syntax import roots as expressions

__all__ = ["MAX_REWRITES", "PRECISION", "RULES", "TAILS", "Rewrite", "rewrites"]

MAX_REWRITES = 200
MAX_NODES = 400
"""Longer programs are not searched: matching compares sub-expressions with each other."""
MAX_DEPTH = 60
"""Deeper ones neither: terms are compared by recursion."""
MAX_FIRST = 24
"""Changes after which a second one is tried."""

RULES: tuple[Rule, ...] = (
    from_table(identities.LOSSES),
    from_table(identities.LOGARITHMS),
    from_table(identities.EXPONENTIALS),
    from_table(identities.ROOTS),
    from_table(identities.QUOTIENTS),
    from_table(removable.ROWS),
    from_table(identities.ROUNDING),
    in_place.rule,
    selection.rule,
    selection.called_rule,
    selection.arranged_rule,
    guards.rule,
    guards.nan_rule,
    guards.replaced_rule,
)


LAST: tuple[Rule, ...] = (guards.factor_rule,)
"""Rules that are tried when no other one or two have helped."""
MAX_LAST = 40
PRECISION: Rule = guards.precision_rule
"""Where some inputs have 16 bits."""
TAILS = from_table(identities.TAILS)
"""For `check` alone: elsewhere they would undo rules that make the values themselves better."""
ONCE = (guards.PRECISION_NAME, guards.NAN_NAME)
"""Rules that do nothing the second time."""


@dataclass(frozen=True)
class Rewrite:
    """One candidate.

    text: the whole program, rewritten. name: of the rules, `log-softmax`, `double-where + log1p`.
    span: the piece of the original text that was replaced. steps: how many changes it took.
    """

    text: str
    name: str
    span: Span
    steps: int = 1


def rewrites(
    program: Program,
    *,
    prefer: Span | None = None,
    narrow: bool = False,
    only: tuple[Rule, ...] = (),
    wrt: Collection[str] | None = None,
) -> Iterator[Rewrite]:
    """Candidates, small changes first: one rule at one place, one rule at all its places, two rules in a row.

    prefer: among changes of a size, those that touch this piece of the text come first.
    narrow: some inputs have 16 bits, so that single precision may help. only: these rules instead of all.
    wrt: the names that are differentiated, None for all.
    """
    if not _is_small(program):
        return
    seen = {program.text}
    rules = only or ((*RULES, PRECISION) if narrow else RULES)
    last = () if only else LAST
    for candidates, most in (
        (_one_or_two(EditableProgram(program, wrt), prefer, rules), MAX_REWRITES - MAX_LAST),
        (_single(EditableProgram(program, wrt), prefer, last), MAX_REWRITES),
    ):
        for rewrite in candidates:
            if len(seen) > most:
                break
            if rewrite.text not in seen:
                seen.add(rewrite.text)
                yield rewrite


def _one_or_two(editable: EditableProgram, prefer: Span | None, rules: tuple[Rule, ...]) -> Iterator[Rewrite]:
    program = editable.program
    changes = _ordered(_changes(editable, rules), prefer)
    leading: list[Rewrite] = []  # worth a second change: of the safe constants the first is enough
    for change in changes:
        rewrite = _rewritten(program, change)
        if rewrite is not None:
            yield rewrite
            if change.variant in LEADING_VARIANTS:
                leading.append(rewrite)
    for first in leading[:MAX_FIRST]:
        between = EditableProgram(parse(first.text, bound=program.free_names), editable.wrt)
        for change in _changes(between, rules):
            second = _rewritten(between.program, change) if _goes_with(change, first.name) else None
            if second is not None:
                name = first.name if first.name == second.name else f"{first.name} + {second.name}"
                yield Rewrite(second.text, name, first.span, steps=2)


def _goes_with(change: Replacement, first: str) -> bool:
    return change.variant in LEADING_VARIANTS and not change.name == first in ONCE


def _single(editable: EditableProgram, prefer: Span | None, rules: tuple[Rule, ...]) -> Iterator[Rewrite]:
    for change in _ordered(_changes(editable, rules), prefer):
        rewrite = _rewritten(editable.program, change)
        if rewrite is not None:
            yield rewrite


def _ordered(changes: list[Replacement], prefer: Span | None) -> list[Replacement]:
    return changes if prefer is None else sorted(changes, key=lambda change: not meet(change.span, prefer))


def _changes(editable: EditableProgram, rules: tuple[Rule, ...]) -> list[Replacement]:
    """Every change of every rule, then for each rule the changes that can be made together."""
    changes = [change for rule in rules for change in rule(editable)]
    together: dict[tuple[str, str], list[Replacement]] = {}
    for change in changes:
        group = together.setdefault((change.name, change.variant), [])
        if all(change.apart_from(other) for other in group):
            group.append(change)
    joint = [
        Replacement(name, tuple(edit for change in group for edit in change.edits), variant)
        for (name, variant), group in together.items()
        if len(group) > 1
    ]
    return [*changes, *joint]


def _rewritten(program: Program, change: Replacement) -> Rewrite | None:
    """The program after a change; None where the text is no program any more."""
    text = applied(program.text, change.edits)
    try:
        return Rewrite(tidied(text, program), change.name, change.span)
    except (ExpressionError, BoundError):
        return None


def _is_small(program: Program) -> bool:
    depths: dict[int, int] = {}
    for root in expressions(program):
        for node in postorder(root):
            depths[id(node)] = 1 + max((depths[id(child)] for child in children(node)), default=0)
    return len(depths) <= MAX_NODES and max(depths.values(), default=0) <= MAX_DEPTH
