"""`exploding`: the gradient grows by more than a factor of 1,000 from the output to an input.

A note where the value is as large: the slope of x**8 at 10 is no accident.
"""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.diagnose.findings.evidence import Evidence
from gradcli.diagnose.findings.magnitude import changes
from gradcli.diagnose.findings.words import name, number
from gradcli.results.findings import Finding


def find(result: object, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each such input, at the step that did most of it."""
    for change in changes(evidence, grown=True):
        yield Finding(
            code="exploding",
            severity="note" if change.in_step else "warning",
            variable=change.variable,
            expression=change.step.text,
            span=change.step.span,
            operation=change.step.operation,
            node=change.step.graph_node,
            message=(
                f"the gradient grows from {number(change.start)} at the output to {number(change.end)} at "
                f"{change.variable}, most of all in {name(change.step)}" + ("; the value is as large" * change.in_step)
            ),
        )
