"""A finding as a rule makes it: of a kind in the table, at a step of the tape; and gradients as a sentence has them."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from gradcli.diagnose.findings.table import BY_CODE
from gradcli.recording.tape import GraphNode, Step, node_name
from gradcli.results.findings import Finding, Severity
from gradcli.results.parts import Gradients, Numbers, Phrase

MAX_ELEMENTS_SHOWN = 6


def usual(code: str) -> Severity:
    """The severity that a kind of finding has unless its rule says another."""
    return BY_CODE[code].severities[0]


def finding_at(
    step: Step,
    code: str,
    said: Phrase,
    severity: Severity | None = None,
    *,
    variable: str | None = None,
    index: tuple[int, ...] | None = None,
    node: GraphNode | None = None,
) -> Finding:
    """What was found at a step, with what the user wrote there, and PyTorch's names for it.

    severity: None for the usual one. node: which of the step's nodes it is about; None for the one of its value.
    """
    return Finding(
        code=code,
        severity=severity or usual(code),
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


def as_part(gradients: Mapping[str, torch.Tensor | None]) -> Gradients:
    """Gradients as a sentence has them: the first few elements of each."""
    return Gradients(tuple(_numbers(name, gradient) for name, gradient in gradients.items()))


def _numbers(name: str, gradient: torch.Tensor | None) -> Numbers:
    if gradient is None:
        return Numbers(name, None)
    values = gradient.detach().double().reshape(-1)[:MAX_ELEMENTS_SHOWN].tolist()
    return Numbers(name, tuple(values), tuple(gradient.shape))
