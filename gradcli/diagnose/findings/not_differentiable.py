"""`not-differentiable`: PyTorch implements no derivative for the operation, and its backward pass says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gradcli.diagnose.findings.evidence import Evidence
from gradcli.results.findings import Finding

if TYPE_CHECKING:
    from gradcli.results import GradResult, LossResult, TraceResult

_REFUSALS = re.compile(
    r"derivative for .* is not implemented|[Tt]he derivative of .*|not differentiable with respect to"
)


def find(result: GradResult | LossResult | TraceResult, evidence: Evidence) -> Iterator[Finding]:
    """At most one finding, at the step where a traced backward pass ended."""
    raised = getattr(result, "raised", None)
    if raised is None or raised.span is None or not _REFUSALS.search(raised.message) or evidence.tape is None:
        return
    for step in evidence.tape.steps:
        if step.span == raised.span:
            yield Finding(
                code="not-differentiable",
                severity="error",
                expression=step.text,
                span=step.span,
                operation=step.operation,
                node=step.graph_node,
                message=f"{step.text} has no derivative in PyTorch: {raised.message}",
            )
            return
