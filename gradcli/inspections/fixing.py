"""Findings with a fix: a rewrite that was run and holds at these inputs and beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import torch

from gradcli.inspections.question import Question
from gradcli.results.findings import Finding

if TYPE_CHECKING:
    from gradcli.inspections.fixes import Fix
    from gradcli.results import GradResult, LossResult, TraceResult

FIXABLE = frozenset({"nan-forward", "inf-forward", "nan-backward", "inf-backward", "nan-accumulated", "masked-branch"})
"""Codes for which another way to write the same function may have finite gradients."""

MAX_ELEMENTS_SHOWN = 6

R = TypeVar("R", "GradResult", "LossResult", "TraceResult")


def with_fixes(result: R, question: Question, cotangent: torch.Tensor | None) -> R:
    """The result whose findings carry a verified fix where one was found."""
    if not any(finding.code in FIXABLE for finding in result.findings):
        return result

    from gradcli.inspections.fixes import verified_fix  # all the rewrites: only for those who need one

    def search(finding: Finding) -> Fix | None:
        return verified_fix(question, prefer=finding.span, cotangent=cotangent)

    return replace(result, findings=tuple(_fixed(finding, search) for finding in result.findings))


def _fixed(finding: Finding, search: Callable[[Finding], Fix | None]) -> Finding:
    fix = search(finding) if finding.code in FIXABLE else None
    if fix is None:
        return finding
    gradients = fix.gradients
    named = [f"{name}: {_values(gradient)}" for name, gradient in gradients.items()]
    shown = ", ".join(named) if len(named) > 1 else _values(next(iter(gradients.values()), None))
    return replace(finding, fix=fix.text, message=f"{finding.message}. With the fix the gradient is {shown}")


def _values(gradient: torch.Tensor | None) -> str:
    if gradient is None:
        return "-"
    flat = [f"{value + 0.0:.6g}" for value in gradient.detach().double().reshape(-1)[:MAX_ELEMENTS_SHOWN].tolist()]
    more = ", ..." if gradient.numel() > MAX_ELEMENTS_SHOWN else ""
    return flat[0] if gradient.ndim == 0 else f"[{', '.join(flat)}{more}]"
