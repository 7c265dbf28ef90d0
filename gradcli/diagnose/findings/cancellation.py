"""`cancellation`: the dtype lost more than half of its digits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gradcli.diagnose.findings import lost
from gradcli.diagnose.findings.evidence import Evidence
from gradcli.diagnose.findings.noise import described, noise
from gradcli.diagnose.findings.words import variable_of
from gradcli.results.findings import Finding

if TYPE_CHECKING:
    from gradcli.results import GradResult, LossResult, TraceResult


def find(result: GradResult | LossResult | TraceResult, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each input, at its worst element, and for each value that is nothing but rounding.

    Zeros are for `underflow`.
    """
    losses = list(lost.precision_losses(result, evidence, zero=False))
    known = {loss.step.index for loss in losses if loss.step is not None and loss.exact}
    noisy = [] if evidence.nothing_to_report else [found for found in noise(evidence) if found.step.index not in known]
    for found in noisy:
        (operand, *_) = evidence.tape.inputs(found.step) if evidence.tape is not None else [None]
        yield Finding(
            code="cancellation",
            severity="warning",
            variable=variable_of(operand),
            index=found.index,
            expression=found.step.text,
            span=found.step.span,
            operation=found.step.operation,
            node=found.step.graph_node,
            message=described(found),
        )
    for loss in losses:
        if loss.exact or all(found.step is not loss.step for found in noisy):
            yield lost.finding(loss, "cancellation", result.expression)
