"""A finding at a step: its place, what the user wrote there, and PyTorch's names for it."""

from __future__ import annotations

from gradcli.recording.tape import GraphNode, Step, node_name
from gradcli.results.findings import Finding, Phrase, Severity


def finding_at(
    step: Step,
    code: str,
    severity: Severity,
    said: Phrase,
    *,
    variable: str | None = None,
    index: tuple[int, ...] | None = None,
    node: GraphNode | None = None,
) -> Finding:
    """What was found at a step. node: which of the step's nodes it is about, where that is not the one of its value."""
    return Finding(
        code=code,
        severity=severity,
        phrase=said,
        variable=variable,
        index=index,
        expression=step.text,
        span=step.span,
        place=step.place.in_file,
        operation=step.name,
        node=step.graph_node if node is None else node_name(node),
        step=step.index,
    )
