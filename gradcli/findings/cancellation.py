"""`cancellation`: the dtype lost more than half of its digits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gradcli.findings import lost
from gradcli.findings.evidence import Evidence
from gradcli.results.findings import Finding

if TYPE_CHECKING:
    from gradcli.results import GradResult, LossResult, TraceResult


def find(result: GradResult | LossResult | TraceResult, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each input, at its worst element; zeros are for `underflow`."""
    for loss in lost.precision_losses(result, evidence, zero=False):
        yield lost.finding(loss, "cancellation", result.expression)
