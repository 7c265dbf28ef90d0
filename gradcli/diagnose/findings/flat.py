"""`flat`: the operation is piecewise constant: sign, round, floor; its derivative is zero wherever it exists."""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.diagnose.findings.evidence import Evidence
from gradcli.diagnose.findings.words import name, number
from gradcli.recording.tape import node_name
from gradcli.results.findings import Finding


def find(result: object, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each input whose gradient ends at such an operation."""
    for origin in evidence.zeros:
        if origin.why == "flat":
            yield Finding(
                code="flat",
                severity="warning",
                variable=origin.variable,
                expression=origin.step.text,
                span=origin.step.span,
                operation=origin.step.operation,
                node=None if origin.node is None else node_name(origin.node),
                message=(
                    f"{name(origin.step)} is piecewise constant, its derivative is 0: "
                    f"{number(origin.reached)} arrives, 0 goes on to {origin.variable}"
                ),
            )
