"""`not-scalar`: ones were used as the cotangent of an output that is neither a scalar nor elementwise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gradcli.diagnose.findings.evidence import Evidence
from gradcli.results.findings import Finding
from gradcli.results.grad import GradResult

if TYPE_CHECKING:
    from gradcli.results import LossResult, TraceResult


def find(result: GradResult | LossResult | TraceResult, evidence: Evidence) -> Iterator[Finding]:
    """At most one finding, which points at --jacobian."""
    if not isinstance(result, GradResult) or result.method.cotangent != "ones" or result.method.elementwise:
        return
    if result.output.shape and result.jacobians is None:
        yield Finding(
            code="not-scalar",
            severity="note",
            expression=result.expression,
            message=(
                f"the output has the shape {list(result.output.shape)}: the gradients are those of its sum; "
                "--jacobian shows them one by one"
            ),
        )
