"""`cancellation`: the dtype lost more than half of its digits against the same computation in float64."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from gradcli.findings.evidence import Evidence
from gradcli.findings.lost import Loss, described, losses
from gradcli.results.findings import Finding

if TYPE_CHECKING:
    from gradcli.results import GradResult, LossResult, TraceResult


def find(result: GradResult | LossResult | TraceResult, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each input, at its worst element; zeros are for `underflow`."""
    for loss in losses(result, evidence, zero=False):
        yield Finding(
            code="cancellation",
            severity="warning",
            variable=loss.variable,
            index=loss.index,
            expression=result.expression if loss.step is None else loss.step.text,
            span=None if loss.step is None else loss.step.span,
            operation=None if loss.step is None else loss.step.operation,
            node=None if loss.step is None else loss.step.graph_node,
            message=_message(loss),
        )


def _message(loss: Loss) -> str:
    ulps = f"{loss.ulps:,.0f}" if np.isfinite(loss.ulps) else "many"
    return f"{described(loss)}, {ulps} ULP off"
