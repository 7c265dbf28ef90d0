"""`underflow`: the true derivative is not zero, but this dtype rounds it, or a step on its way, to zero."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gradcli.findings.evidence import Evidence
from gradcli.findings.lost import described, losses
from gradcli.results.findings import Finding

if TYPE_CHECKING:
    from gradcli.results import GradResult, LossResult, TraceResult


def find(result: GradResult | LossResult | TraceResult, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each input, at the element with the largest true derivative."""
    for loss in losses(result, evidence, zero=True):
        yield Finding(
            code="underflow",
            severity="warning",
            variable=loss.variable,
            index=loss.index,
            expression=result.expression if loss.step is None else loss.step.text,
            span=None if loss.step is None else loss.step.span,
            operation=None if loss.step is None else loss.step.operation,
            node=None if loss.step is None else loss.step.graph_node,
            message=described(loss),
        )
