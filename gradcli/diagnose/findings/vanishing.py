"""`vanishing`: the gradient falls by more than a factor of 1,000 from the output to an input."""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.diagnose.findings.evidence import Evidence
from gradcli.diagnose.findings.magnitude import changes
from gradcli.diagnose.findings.words import name, number
from gradcli.results.findings import Finding


def find(result: object, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each such input, at the step that did most of it."""
    for change in changes(evidence, grown=False):
        yield Finding(
            code="vanishing",
            severity="warning",
            variable=change.variable,
            expression=change.step.text,
            span=change.step.span,
            operation=change.step.operation,
            node=change.step.graph_node,
            message=(
                f"the gradient falls from {number(change.start)} at the output to {number(change.end)} at "
                f"{change.variable}, most of all in {name(change.step)}"
            ),
        )
