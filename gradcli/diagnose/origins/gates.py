"""Single elements that a relu, a clamp or a mask lets no gradient through, although one arrived."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import torch

from gradcli.diagnose.origins.elements import Index, element_at, first
from gradcli.diagnose.origins.kinks import kinks
from gradcli.diagnose.origins.origin import depends_on
from gradcli.diagnose.origins.zeros import FLAT
from gradcli.language.catalogue.rows import Activation
from gradcli.recording.operation import Operation
from gradcli.recording.tape import GraphNode, Step, Tape

BOUNDS = frozenset(
    {
        "clamp", "clamp_min", "clamp_max", "maximum", "minimum", "fmax", "fmin", "relu_", "clamp_", "hardtanh_",
        "threshold_",
    }
)  # fmt: skip
"""Beside activations that are constant somewhere: what bounds its argument, by numbers or by what has no gradient."""
ATTENTION = "scaled_dot_product_attention"


@dataclass(frozen=True)
class Gate:
    """One operation that sends a zero for some elements of an operand.

    index: the first of these elements; value: what it is; reached: the gradient that arrived there.
    count, of: how many elements there are like it, among how many.
    """

    step: Step
    node: GraphNode | None
    operand: Step | None
    index: Index
    value: float | None
    reached: float
    count: int
    of: int


def may_gate(operation: Operation) -> bool:
    """Whether an operation may let some elements through and others not."""
    if isinstance(operation.row, Activation):
        return operation.row.flat is not None and operation.name not in FLAT
    return operation.name in BOUNDS or operation.name in ("where", ATTENTION)


def gates(tape: Tape, dead: Collection[int]) -> Iterator[Gate]:
    """Every operation that stops the gradient at some elements; dead: the steps that stop an input's whole gradient."""
    for step in tape.steps:
        if step.index in dead or not may_gate(step.operation) or len(step.created) != 1:
            continue
        if step.name == ATTENTION:  # it mixes its elements: rows that are masked have a finding of their own
            continue
        if step.name == "where" and not _chooses_by_input(tape, step):
            continue
        gate = _gate(tape, step, step.created[0])
        if gate is not None:
            yield gate


def masked_rows(step: Step) -> torch.Tensor | None:
    """The rows of an attention whose keys are all masked."""
    _, mask = step.operation.named(step.arguments).get("attn_mask", (0, None))
    if not isinstance(mask, torch.Tensor):
        return None
    allowed = mask if mask.dtype is torch.bool else mask != float("-inf")
    return ~allowed.any(dim=-1)


def _chooses_by_input(tape: Tape, step: Step) -> bool:
    """Whether a `where` looks at what is differentiated: a mask that was given discards what is not wanted."""
    condition = tape.inputs(step)[0]
    return any(depends_on(tape, condition, leaf) for leaf in tape.leaves if leaf.variable in tape.gradients)


def _gate(tape: Tape, step: Step, node: GraphNode) -> Gate | None:
    passage = tape.passages.get(node)
    if passage is None:
        return None
    sent = [(slot, out) for slot, out in enumerate(passage.outgoing) if out is not None]
    if len(sent) != 1:  # of two, one or the other gets it
        return None
    (slot, outgoing), incoming = sent[0], passage.incoming[0]
    if incoming is None or incoming.shape != outgoing.shape:
        return None
    stopped = (incoming != 0) & (outgoing == 0) & torch.isfinite(incoming)
    on_kinks = kinks(step)
    if on_kinks is not None:
        stopped &= ~on_kinks  # those have a finding of their own
    if not bool(stopped.any()):
        return None
    index = first(stopped)
    arrived = incoming[index]
    edge = node.next_functions[slot]
    operand = next((source for source in tape.inputs(step) if edge in source.edges), None)
    return Gate(
        step=step,
        node=node,
        operand=operand,
        index=index,
        value=None if operand is None else element_at(operand.value, index),
        reached=float(arrived.abs() if arrived.is_complex() else arrived),
        count=int(stopped.sum()),
        of=stopped.numel(),
    )
