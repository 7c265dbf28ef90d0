"""What is said about a result beyond its numbers: the rules of table.py are asked, and each cause is told once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from gradcli.diagnose.findings.table import BY_CODE, ROWS, Hides, Need, Row
from gradcli.results.findings import Finding

if TYPE_CHECKING:
    from gradcli.diagnose.evidence import Evidence

    Rule = Callable[[Evidence], Iterable[Finding]]

OF_TAPES = tuple(row.code for row in ROWS if row.needs in ("tape", "non-finite", "zeros"))
"""The codes of the rules that ask for nothing but a tape."""


@cache
def rule(row: Row) -> Rule:
    """The function that finds what a row is about, in an expression."""
    found: Rule = getattr(import_module(f"{__name__}.{row.module}"), row.name)
    return found


def found_in(evidence: Evidence) -> tuple[Finding, ...]:
    """The findings of every rule, each cause once."""
    return tuple(_told(_found(evidence, ROWS)))


def of_tape(evidence: Evidence, codes: Iterable[str] = OF_TAPES) -> list[Finding]:
    """What the tape alone shows, of these codes."""
    return _found(evidence, [BY_CODE[code] for code in codes])


def _found(evidence: Evidence, rows: Iterable[Row]) -> list[Finding]:
    """What these rules find: where there is nothing that a rule looks at, it is not even loaded."""
    computed = evidence.computed
    tape = not evidence.nothing_to_report and evidence.tape is not None
    there: dict[Need, bool] = {
        "tape": tape,
        "non-finite": tape and (not evidence.is_finite or bool(evidence.written)),
        "zeros": tape and evidence.has_zeros,
        "gradients": True,
        "missing": None in computed.gradients.values(),
        "raised": computed.raised is not None,
        "sum": computed.of_sum,
        "program": False,
    }
    return [finding for row in rows if there[row.needs] for finding in rule(row)(evidence)]


def _told(found: list[Finding]) -> Iterator[Finding]:
    """The findings that no other one explains; of those that explain each other in a circle the one of the last row."""
    whole = [finding for finding in found if _counts(finding)]
    told = [one for one in whole if not any(_hides(other, one) for other in whole)]
    while left := _unexplained(told, whole):
        told.append(left[-1])
    for finding in found:
        if not _counts(finding) or any(finding is one for one in told):
            yield finding


def _unexplained(told: Iterable[Finding], whole: Iterable[Finding]) -> list[Finding]:
    """The findings that do not come of these, however many others are in between."""
    behind, left = [*told], [one for one in whole if not any(one is other for other in told)]
    while behind:
        explains = behind.pop()
        behind += [one for one in left if _hides(explains, one)]
        left = [one for one in left if not _hides(explains, one)]
    return left


def _counts(finding: Finding) -> bool:
    """Whether a finding explains others, and is explained by them: not where it is of single elements of many."""
    return not BY_CODE[finding.code].whole or finding.index is None


def _hides(one: Finding, other: Finding) -> bool:
    return any(_covers(hides, one, other) for hides in BY_CODE[one.code].hides)


def _covers(hides: Hides, one: Finding, other: Finding) -> bool:
    if other.code not in hides.codes or hides.severity not in (None, one.severity):
        return False
    if hides.where == "step" and one.step != other.step:
        return False
    if other.variable is None:
        return True
    if one.variable is None:
        return one.inputs is None or other.variable in one.inputs
    return one.variable == other.variable and (one.elements is None or other.index in one.elements)
