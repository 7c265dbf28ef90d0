"""Findings with a fix: a rewrite that was run and holds at these inputs and beside them; or why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import torch

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.diagnose.sampling import MAX_ELEMENTS_SHOWN
from gradcli.results.findings import Finding

if TYPE_CHECKING:
    from gradcli.diagnose.fixes.verifier import Verifier
    from gradcli.results import GradResult, LossResult, TraceResult

FIXABLE = frozenset(
    {
        "underflow-forward", "nan-forward", "inf-forward", "nan-backward", "inf-backward", "nan-accumulated",
        "masked-branch",
    }
)  # fmt: skip
"""Codes for which another way to write the same function may have finite gradients."""

LOSSES = frozenset({"cancellation", "underflow", "saturated"})
"""Codes for which another way to write the same function may have more right digits."""

KINDS = {
    "limit": "",
    "branch": " (of the branch that is chosen: the slopes on the two sides differ)",
    "subgradient": " (a subgradient: the slopes on the two sides differ)",
}
"""What is said of a gradient that is no limit."""

R = TypeVar("R", "GradResult", "LossResult", "TraceResult")


def with_fixes(result: R, bound: BoundExpression, cotangent: torch.Tensor | None) -> R:
    """The result whose findings carry a verified fix where one was found, and say why where none can be."""
    codes = {finding.code for finding in result.findings}
    if not codes & (FIXABLE | LOSSES):
        return result

    from gradcli.diagnose.fixes.verifier import Verifier  # all the rewrites: only for those who need one

    with _one_thread():
        verifier = Verifier.of(bound, cotangent)
        if verifier is None:
            return result
        findings = tuple(_fixed(finding, verifier) for finding in result.findings)
        if codes & FIXABLE and not any(finding.fix for finding in findings):
            findings = _explained(findings, verifier)
    return replace(result, findings=findings)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Thousands of small runs: on a busy machine each would wait longer for the other threads than it computes."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _fixed(finding: Finding, verifier: Verifier) -> Finding:
    fix = None
    if finding.code in FIXABLE:
        fix = verifier.fix(prefer=finding.span)
    elif finding.code in LOSSES and finding.fix is None:
        fix = verifier.closer_fix(prefer=finding.span)
    if fix is None:
        return finding
    message = f"{finding.message}. With the fix the gradient is {shown(fix.gradients)}{KINDS[fix.kind]}"
    return replace(finding, fix=fix.text, message=message)


def _explained(findings: tuple[Finding, ...], verifier: Verifier) -> tuple[Finding, ...]:
    """The findings, the first of which that could have had a fix says what the true gradient does."""
    from gradcli.diagnose.fixes.truth_text import about

    sentence = about(verifier.truths[0])
    first = next(at for at, finding in enumerate(findings) if finding.code in FIXABLE)
    if not sentence:
        return findings
    told = replace(findings[first], message=f"{findings[first].message}. {sentence}")
    return (*findings[:first], told, *findings[first + 1 :])


def shown(gradients: Mapping[str, torch.Tensor | None]) -> str:
    """Gradients as a sentence has them: `[1, 2]`, or `x: [1, 2], y: 3`."""
    named = [f"{name}: {_values(gradient)}" for name, gradient in gradients.items()]
    return ", ".join(named) if len(named) > 1 else _values(next(iter(gradients.values()), None))


def _values(gradient: torch.Tensor | None) -> str:
    if gradient is None:
        return "-"
    flat = [f"{value + 0.0:.6g}" for value in gradient.detach().double().reshape(-1)[:MAX_ELEMENTS_SHOWN].tolist()]
    more = ", ..." if gradient.numel() > MAX_ELEMENTS_SHOWN else ""
    return flat[0] if gradient.ndim == 0 else f"[{', '.join(flat)}{more}]"
