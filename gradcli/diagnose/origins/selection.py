"""Zeros that are sent because an element was discarded: `where`, a mask, an index, `clamp`."""

from __future__ import annotations

import torch

from gradcli.diagnose.origins.elements import Index, element_at, inside
from gradcli.recording.tape import GraphNode, Step, Tape

SELECTING = frozenset(
    {
        "where", "masked_fill", "masked_fill_", "masked_select", "masked_scatter", "clamp", "clip", "clamp_min",
        "clamp_max", "clamp_", "maximum", "minimum", "fmax", "fmin", "max", "min", "amax", "amin", "aminmax", "nansum",
        "nanmean", "nan_to_num", "nan_to_num_", "nanquantile", "nanmedian", "index", "index_fill", "index_fill_",
        "index_select", "index_put", "index_put_", "select", "select_scatter", "take", "take_along_dim", "gather",
        "index_copy", "scatter", "scatter_", "relu", "relu_", "relu6", "hardtanh", "threshold", "hardshrink",
        "softshrink", "narrow", "unbind", "split", "chunk", "tensor_split", "topk", "kthvalue", "median", "mode",
        "cummax", "cummin", "tril", "triu", "diag", "diagonal", "heaviside", "dropout", "nll_loss", "cross_entropy",
        "scaled_dot_product_attention", "slice_scatter", "diagonal_scatter",
    }
)  # fmt: skip
"""Operations that let some elements through and discard others: their gradient is zero where they discard."""


def discarding(tape: Tape, node: GraphNode, where: Index) -> Step | None:
    """The selection further up that made the zero which arrived at an element of a node; None if it was computed."""
    waiting = senders(tape, node)
    seen: set[GraphNode] = set()
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        step = tape.owner_of(current)
        if step is not None and (step.name in SELECTING or _is_mask(tape, step, where)):
            return step
        incoming = [gradient for gradient in tape.passages[current].incoming if gradient is not None]
        if any(element_at(gradient, where) not in (0, None) for gradient in incoming):
            continue  # a zero that was computed, not selected
        waiting.extend(senders(tape, current))
    return None


def senders(tape: Tape, node: GraphNode) -> list[GraphNode]:
    """The nodes that sent a gradient to a node."""
    outputs = range(len(tape.passages[node].incoming))
    return [sender for i in outputs for sender, _ in tape.contributions.get((node, i), [])]


def _is_mask(tape: Tape, step: Step, where: Index) -> bool:
    """Whether a step multiplies the element by a zero of a tensor that is not differentiated."""
    if step.name != "mul":
        return False
    return any(_zero_at(source.value, where) for source in tape.inputs(step) if not source.edges)


def _zero_at(value: torch.Tensor | None, where: Index) -> bool:
    index = None if value is None else inside(where, value.shape)
    return index is not None and element_at(value, index) == 0
