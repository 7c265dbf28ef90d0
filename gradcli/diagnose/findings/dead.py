"""`dead`: a gradient is exactly zero where a gradient that is not zero arrived.

A warning where it is the whole gradient of an input. A note where a smooth function is level at this very point (x**2
at 0): that zero is right, and it moves on; and a note for the single elements that a relu or a clamp stops.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from math import isfinite

import numpy as np
import torch

from gradcli.diagnose.findings.elements import first, has_nan
from gradcli.diagnose.findings.evidence import Evidence
from gradcli.diagnose.findings.gates import gates, masked_rows
from gradcli.diagnose.findings.kink import on_kink
from gradcli.diagnose.findings.local import named_arguments
from gradcli.diagnose.findings.words import listed, more, name, number, place, texts_of, variable_of
from gradcli.diagnose.findings.zeros import ZeroOrigin, is_doubtful
from gradcli.recording.tape import Tape, node_name
from gradcli.results.findings import Finding


def find(result: object, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each place that makes such zeros; flat and saturated operations have findings of their own."""
    yield from _whole(evidence)
    if evidence.tape is not None:
        yield from _elements(evidence.tape, {origin.step.index for origin in evidence.zeros})
        yield from _masked_rows(evidence.tape)


def _whole(evidence: Evidence) -> Iterator[Finding]:
    found = [origin for origin in evidence.zeros if origin.why not in ("flat", "saturated")]
    if evidence.origins:  # what makes zero of an infinity is not what is wrong then
        found = [origin for origin in found if isfinite(origin.reached) and not _sees_nan(origin)]
    for _, group in groupby(found, key=lambda origin: (origin.step.index, origin.why)):
        origins = list(group)
        origin = origins[0]
        yield Finding(
            code="dead",
            severity="note" if origin.why == "stationary" else "warning",
            variable=origin.variable if len(origins) == 1 else None,
            expression=origin.step.text,
            span=origin.step.span,
            operation=origin.step.operation,
            node=None if origin.node is None else node_name(origin.node),
            message=_message(origin, [origin.variable for origin in origins]) + _contradiction(origin, evidence),
        )


def _elements(tape: Tape, dead: Collection[int]) -> Iterator[Finding]:
    """One note for each operation that stops the gradient at some elements."""
    for gate in gates(tape, dead):
        at = name(gate.step) if gate.operand is None else place(gate.operand, gate.index)
        at += "" if gate.value is None else f" = {number(gate.value)}"
        yield Finding(
            code="dead",
            severity="note",
            variable=variable_of(gate.operand),
            index=gate.index,
            expression=gate.step.text,
            span=gate.step.span,
            operation=gate.step.operation,
            node=None if gate.node is None else node_name(gate.node),
            message=(
                f"{name(gate.step)} lets no gradient through at {gate.count} of {gate.of} elements, "
                f"first at {at}: {number(gate.reached)} arrives, 0 goes on"
            ),
        )


def _masked_rows(tape: Tape) -> Iterator[Finding]:
    """One note for each attention with a row that may look at nothing."""
    for step in tape.steps:
        rows = masked_rows(step)
        if rows is None or not bool(rows.any()) or has_nan(step.value) or tape.arriving(step) is None:
            continue
        index = first(rows)
        position, _ = named_arguments(step)["attn_mask"]
        mask = texts_of(step)[position]
        row = f"{mask}[{', '.join(map(str, index))}]" if index else mask
        yield Finding(
            code="dead",
            severity="note",
            variable=mask if mask in tape.leaves else None,
            index=index,
            expression=step.text,
            span=step.span,
            operation=step.operation,
            node=step.graph_node,
            message=(
                f"{name(step)}: the mask leaves no key in the row {row}{more(int(rows.sum()))}: "
                "its output is 0, and no gradient goes through"
            ),
        )


def _sees_nan(origin: ZeroOrigin) -> bool:
    """Whether an operand holds NaN: every comparison with it is false."""
    return any(has_nan(value) for value in origin.step.arguments if isinstance(value, torch.Tensor))


def _message(origin: ZeroOrigin, variables: Sequence[str]) -> str:
    text, inputs = name(origin.step), listed(variables)
    if origin.why == "met":
        parts = listed(list(map(number, origin.cancelled[:4])))
        return f"the gradients {parts} meet at {inputs} and cancel: {text} does not depend on it here"
    arrives = f"{number(origin.reached)} arrives, 0 goes on to {inputs}"
    if origin.why == "inside":
        return f"what arrives at {text} cancels inside it: {arrives}. This combination of its values is constant"
    if origin.why == "stationary":
        return f"{text} is level at this very point: {arrives}. Beside it there is a slope"
    kink = " (on a kink, where PyTorch takes 0)" if on_kink(origin.step) else ""
    return f"{text} lets no gradient through{kink}: {arrives}"


def _contradiction(origin: ZeroOrigin, evidence: Evidence) -> str:
    """What the reference has to say against the zero of a smooth function."""
    tape = evidence.tape
    leaf = None if tape is None else tape.leaves[origin.variable].value
    if tape is None or leaf is None or not is_doubtful(tape, origin):
        return ""
    true = evidence.exact_slopes(origin.variable, range(leaf.numel()))
    place = max(true, key=lambda element: abs(true[element]), default=None)
    if place is None or true[place] == 0:
        return ""
    index = [int(i) for i in np.unravel_index(place, leaf.shape)]
    at = f"{origin.variable}{index}" if index else origin.variable
    return f"; but the derivative at {at} = {number(float(leaf.reshape(-1)[place]))} is {number(true[place])}"
