"""`flat`: the operation is piecewise constant: sign, round, floor; its derivative is zero wherever it exists."""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.diagnose.findings.evidence import Evidence
from gradcli.diagnose.findings.words import name, number
from gradcli.recording.tape import node_name
from gradcli.results.findings import Finding


def find(result: object, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each input whose gradient ends at such an operation."""
    for birth in evidence.zeros:
        if birth.why == "flat":
            yield Finding(
                code="flat",
                severity="warning",
                variable=birth.variable,
                expression=birth.step.text,
                span=birth.step.span,
                operation=birth.step.operation,
                node=None if birth.node is None else node_name(birth.node),
                message=(
                    f"{name(birth.step)} is piecewise constant, its derivative is 0: "
                    f"{number(birth.reached)} arrives, 0 goes on to {birth.variable}"
                ),
            )
