"""`underflow`: the true derivative is not zero, but this dtype rounds it, or a step on its way, to zero."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gradcli.diagnose.findings import lost
from gradcli.diagnose.findings.evidence import Evidence
from gradcli.results.findings import Finding

if TYPE_CHECKING:
    from gradcli.results import GradResult, LossResult, TraceResult


def find(result: GradResult | LossResult | TraceResult, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each input, at the element with the largest true derivative."""
    for loss in lost.precision_losses(result, evidence, zero=True):
        yield lost.finding(loss, "underflow", result.expression)
