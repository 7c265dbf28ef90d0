"""Findings with a fix: a rewrite that was run and holds at these inputs and beside them; or why there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.diagnose.findings.finding import as_part
from gradcli.diagnose.findings.table import BY_CODE, Search
from gradcli.numerics.threads import threads
from gradcli.results.findings import Finding
from gradcli.results.parts import At, phrase

if TYPE_CHECKING:
    from gradcli.diagnose.fixes.verifier import Verifier

KINDS = {
    "limit": "",
    "branch": " (of the branch that is chosen: the slopes on the two sides differ)",
    "subgradient": " (a subgradient: the slopes on the two sides differ)",
}
"""What is said of a gradient that is no limit."""


def with_fixes(
    findings: tuple[Finding, ...], bound: BoundExpression, cotangent: torch.Tensor | None, *, explains: bool = True
) -> tuple[Finding, ...]:
    """The findings with a verified fix where one was found; the first of them explains why there is none."""
    if not any(BY_CODE[finding.code].fix for finding in findings):
        return findings

    from gradcli.diagnose.fixes.verifier import Verifier  # all the rewrites: only for those who need one

    if not any(_searches(finding, "finite") for finding in findings) and not Verifier.has_rewrites(bound):
        return findings  # before the truth is computed, which would have nothing to judge
    with threads(1):  # thousands of small runs
        verifier = Verifier.of(bound, cotangent)
        if verifier is None:
            return findings
        findings = tuple(_fixed(finding, verifier) for finding in findings)
        sought = any(_searches(finding, "finite") for finding in findings)
        if explains and sought and not any(finding.fix for finding in findings):
            findings = _explained(findings, verifier)
    return findings


def _fixed(finding: Finding, verifier: Verifier) -> Finding:
    fix = None
    if _searches(finding, "finite"):
        fix = verifier.fix(prefer=finding.span)
    elif _searches(finding, "digits"):
        fix = verifier.closer_fix(prefer=finding.span)
    if fix is None:
        return finding
    remark = phrase("With the fix the gradient is {it}{kind}", it=as_part(fix.gradients), kind=KINDS[fix.kind])
    return replace(finding, fix=fix.text, remark=remark)


def _explained(findings: tuple[Finding, ...], verifier: Verifier) -> tuple[Finding, ...]:
    """The findings, the first of which that could have had a fix says what the true gradient does."""
    from gradcli.diagnose.fixes.truth_text import about

    remark = about(verifier.truths[0])
    if remark is not None and verifier.sample is not None:
        remark = remark.with_elements(verifier.sample.element_at_home)
    sought = [at for at, finding in enumerate(findings) if _searches(finding, "finite")]
    elements = [] if remark is None else list(remark.elements())
    first = min(sought, key=lambda at: not any(_is_about(findings[at], element) for element in elements))
    return (*findings[:first], replace(findings[first], remark=remark), *findings[first + 1 :])


def _is_about(finding: Finding, element: At) -> bool:
    return finding.variable == element.text and (finding.index or ()) == element.index


def _searches(finding: Finding, what: Search) -> bool:
    """Whether a rewrite with finite gradients, or with more right digits, is looked for."""
    return BY_CODE[finding.code].fix == what
