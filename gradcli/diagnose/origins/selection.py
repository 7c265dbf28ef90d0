"""Zeros that are sent because an element was discarded: `where`, a mask, an index, `clamp`."""

from __future__ import annotations

from typing import Any

import torch

from gradcli.diagnose.origins.elements import Index, element_at, inside
from gradcli.diagnose.origins.local import argument_position, local_derivative
from gradcli.numerics.literals import Context
from gradcli.recording.tape import Edge, GraphNode, Step, Tape

SELECTING = frozenset(
    {
        "where", "masked_fill", "masked_fill_", "masked_select", "masked_scatter", "clamp", "clamp_min",
        "clamp_max", "clamp_", "maximum", "minimum", "fmax", "fmin", "max", "min", "amax", "amin", "aminmax", "nansum",
        "nanmean", "nan_to_num", "nan_to_num_", "nanquantile", "nanmedian", "index", "index_fill", "index_fill_",
        "index_select", "index_put", "index_put_", "select", "select_scatter", "take", "take_along_dim", "gather",
        "index_copy", "scatter", "scatter_", "relu", "relu_", "relu6", "hardtanh", "threshold", "threshold_",
        "hardshrink", "softshrink", "narrow", "unbind", "split", "chunk", "tensor_split", "topk", "kthvalue", "median",
        "mode", "cummax", "cummin", "tril", "triu", "diag", "diagonal", "dropout", "nll_loss", "cross_entropy",
        "scaled_dot_product_attention", "slice_scatter", "diagonal_scatter",
    }
)  # fmt: skip
"""Operations that let some elements through and discard others: their gradient is zero where they discard."""


_RANDOM = frozenset({"dropout"})
"""What would discard other elements if it was applied once more."""


def discarding(tape: Tape, node: GraphNode, where: Index, context: Context) -> Step | None:
    """The selection further up that made the zero which arrived at an element of a node; None if it was computed."""
    waiting = _senders(tape, node)
    seen: set[GraphNode] = set()
    while waiting:
        current, edge = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        step = tape.owner_of(current)
        incoming = [gradient for gradient in tape.passages[current].incoming if gradient is not None]
        arrived = any(element_at(gradient != 0, where) for gradient in incoming)
        if step is not None and (_discards(tape, step, edge, where, arrived, context) or _is_mask(tape, step, where)):
            return step
        if arrived:
            continue  # a zero that was computed, not selected
        waiting.extend(_senders(tape, current))
    return None


def _discards(tape: Tape, step: Step, edge: Edge, where: Index, arrived: bool, context: Context) -> bool:
    """Whether a selection has no slope by an element of the operand that it sent a gradient to.

    Where the element cannot be followed to the operand, whether there is such an element at all; where the selection
    cannot be applied once more as it was, whether it made a zero of what arrived there.
    arrived: whether that was anything but zero.
    """
    if step.name not in SELECTING or (step.name == "cross_entropy" and not _ignores(step, where)):
        return False
    operand = next((source for source in tape.inputs(step) if edge in source.edges), None)
    position = argument_position(step, operand)
    if position is None or step.name in _RANDOM:
        return arrived
    slopes = [local_derivative(step, position, context, which=which) for which in _received(tape, step)]
    return all(slope is None or _is_level(slope, where) for slope in slopes)


def _received(tape: Tape, step: Step) -> list[int]:
    """Which of a step's values a gradient reached."""
    floating = [which for which, value in enumerate(step.values) if value.is_floating_point() or value.is_complex()]
    passages = tape.passages
    reached = [node in passages and passages[node].incoming[number] is not None for node, number in step.edges]
    return [which for which, is_reached in zip(floating, reached, strict=False) if is_reached]


def _is_level(slope: torch.Tensor, where: Index) -> bool:
    """Whether a slope is zero at an element; at any, where it has no such element."""
    here = element_at(slope == 0, where)
    return bool((slope == 0).any() if here is None else here)


def _ignores(step: Step, where: Index) -> bool:
    """Whether a cross entropy leaves an element's row out: any other zero is one of probabilities that are exact."""
    given: dict[str, Any] = {word: value for word, (_, value) in step.operation.named(step.arguments).items()}
    left_out = torch.as_tensor(given["target"]) == given.get("ignore_index", -100)  # a list in an expression
    here = element_at(left_out, where[:1] + where[2:])
    return bool(left_out.any() if here is None else here)


def _senders(tape: Tape, node: GraphNode) -> list[tuple[GraphNode, Edge]]:
    """The nodes that sent a gradient to a node, with where it arrived."""
    edges = [(node, i) for i in range(len(tape.passages[node].incoming))]
    return [(sender, edge) for edge in edges for sender, _ in tape.contributions.get(edge, [])]


def _is_mask(tape: Tape, step: Step, where: Index) -> bool:
    """Whether a step multiplies the element by a zero of a tensor that is not differentiated."""
    if step.name != "mul":
        return False
    return any(_zero_at(source.value, where) for source in tape.inputs(step) if not source.edges)


def _zero_at(value: torch.Tensor | None, where: Index) -> bool:
    index = None if value is None else inside(where, value.shape)
    return index is not None and bool(element_at(value == 0, index))
