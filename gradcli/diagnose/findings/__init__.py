"""What is said about a result beyond its numbers: one small rule a file, all of them asked for every result."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

from gradcli.diagnose.findings.evidence import Evidence
from gradcli.results.findings import Finding

if TYPE_CHECKING:
    from gradcli.results import GradResult, LossResult, TraceResult

Rule = Callable[..., Iterable[Finding]]

NOT_FINITE = (
    "nan_input",
    "inf_input",
    "nan_forward",
    "inf_forward",
    "masked_branch",
    "nan_backward",
    "inf_backward",
    "nan_accumulated",
)
NOT_FINITE_CODES = frozenset(name.replace("_", "-") for name in NOT_FINITE)
ABOUT_THE_TAPE = (
    "underflow_forward",
    *NOT_FINITE,
    "domain",
    "flat",
    "dead",
    "saturated",
    "exploding",
    "vanishing",
    "kink",
)
ABOUT_THE_RESULT = ("not_differentiable", "disconnected", "cancellation", "underflow", "not_scalar")
"""The rules by their modules, in the order of their findings; one that has nothing to look at is not even loaded."""

R = TypeVar("R", "GradResult", "LossResult", "TraceResult")

_GIVEN = ("nan-input", "inf-input", "underflow-forward")
_CAUSES: dict[str, tuple[str, ...]] = {
    "vanishing": ("saturated", "dead", "underflow", "cancellation", "flat", *_GIVEN),
    "saturated": ("underflow", "cancellation", "nan-forward", "inf-forward", "inf-backward", "nan-backward", *_GIVEN),
    "dead": ("underflow", "cancellation", *_GIVEN),
    "cancellation": ("kink", "underflow-forward"),
    "underflow": ("underflow-forward",),
    "exploding": ("inf-forward", *_GIVEN),
}
"""A finding of this code says nothing new where one of those codes has been found for the same input."""


@cache
def rule(name: str) -> Rule:
    """The `find` function of a rule's module."""
    found: Rule = import_module(f"gradcli.diagnose.findings.{name}").find
    return found


def with_findings(result: R, evidence: Evidence = Evidence()) -> R:
    """The result with the findings of every rule, each cause once."""
    about_result: list[Finding] = [finding for name in ABOUT_THE_RESULT for finding in rule(name)(result, evidence)]
    found = tuple(_distinct([*of_tape(evidence), *about_result]))
    return replace(result, findings=found) if found else result


def of_tape(evidence: Evidence, names: Iterable[str] = ABOUT_THE_TAPE) -> list[Finding]:
    """What the tape alone shows."""
    if evidence.nothing_to_report:
        return []
    idle = {
        *(NOT_FINITE if evidence.is_finite and not evidence.written else ()),
        *(() if evidence.has_zeros else ("flat",)),
    }
    return [finding for name in names if name not in idle for finding in rule(name)(None, evidence)]


def _distinct(found: list[Finding]) -> Iterable[Finding]:
    whole = [finding for finding in found if not _is_of_elements(finding)]
    for finding in found:
        if _is_of_elements(finding):
            yield finding
            continue
        causes = _CAUSES.get(finding.code, ())
        if any(other.code in causes and _same_input(other, finding) for other in whole):
            continue
        if finding.code in NOT_FINITE_CODES and any(_spoils(other, finding) for other in found):
            continue
        if finding.code == "kink" and any(other.code == "dead" and other.span == finding.span for other in whole):
            continue
        yield finding


def _is_of_elements(finding: Finding) -> bool:
    """Whether a zero is of single elements: it explains nothing about the rest."""
    return finding.code == "dead" and finding.index is not None


def _spoils(one: Finding, other: Finding) -> bool:
    """Whether an argument outside of its domain is why an operation gives NaN or Inf."""
    return one.code == "domain" and one.severity == "error" and one.span == other.span


def _same_input(one: Finding, other: Finding) -> bool:
    return one.variable is None or other.variable is None or one.variable == other.variable
