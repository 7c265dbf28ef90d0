"""Non-finite gradients: a walk from an input back up the tape to the nodes that first sent one on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeGuard

import torch

from gradcli.diagnose.origins.elements import (
    Index,
    element_at,
    first,
    has_non_finite,
    inside,
    nan_arrives,
    non_finite,
    not_finite_number,
    rather,
)
from gradcli.diagnose.origins.local import argument_position, local_derivative
from gradcli.diagnose.origins.origin import Origin
from gradcli.diagnose.origins.selection import discarding
from gradcli.numerics.literals import Context
from gradcli.recording.tape import Edge, GraphNode, Step, Tape

Sent = list[tuple[GraphNode, torch.Tensor]]


def origins(tape: Tape, context: Context) -> Iterator[tuple[Step, Origin]]:
    """For each input with a non-finite gradient every node that first sent one on."""
    for leaf in tape.leaves:
        gradient = tape.arriving(leaf)
        if has_non_finite(gradient):
            for edge in leaf.edges:
                for origin in _walk(tape, context, edge, leaf, gradient):
                    yield leaf, origin


def _walk(tape: Tape, context: Context, start: Edge, leaf: Step, gradient: torch.Tensor) -> Iterator[Origin]:
    waiting: list[tuple[Edge, torch.Tensor]] = [(start, gradient)]
    seen = {start}
    masks: dict[int, torch.Tensor] = {}
    nowhere = torch.zeros((), dtype=torch.bool)

    def is_broken(tensor: torch.Tensor | None) -> TypeGuard[torch.Tensor]:
        """Whether it is not finite; what one node sends is what the next one gets, and is looked at once."""
        if id(tensor) not in masks:
            masks[id(tensor)] = non_finite(tensor) if has_non_finite(tensor) else nowhere
        return masks[id(tensor)] is not nowhere

    while waiting:
        edge, arriving = waiting.pop()
        sent = tape.contributions.get(edge, [])  # nothing where the cotangent arrives, which is given
        culprits = [(node, tensor) for node, tensor in sent if is_broken(tensor)]
        if sent and (not culprits or _cancel(culprits, arriving)):
            met = _accumulated(tape, edge, arriving, culprits, leaf)
            if met is not None:
                yield met
                continue
        for node, outgoing in culprits:
            step = tape.owner_of(node)
            if step is None:  # it sends on what several outputs were given, of which something is not finite
                continue
            upstream = [(i, tensor) for i, tensor in enumerate(tape.passages[node].incoming) if is_broken(tensor)]
            if not upstream or _is_fresh(step, masks[id(outgoing)], masks[id(upstream[0][1])]):
                yield _at_node(tape, context, step, node, edge, outgoing)
            for i, tensor in upstream:
                if (node, i) not in seen:
                    seen.add((node, i))
                    waiting.append(((node, i), tensor))


def _is_fresh(step: Step, spoiled: torch.Tensor, before: torch.Tensor) -> bool:
    """Whether an elementwise step spoils elements at which a finite gradient arrived: masks of what is not finite."""
    return step.elementwise and before.shape == spoiled.shape and bool((spoiled > before).any())


def _cancel(culprits: Sent, arriving: torch.Tensor) -> bool:
    """Whether infinities of both signs met: the sum is NaN where none of the parts is."""
    nan = torch.isnan(arriving)
    if not bool(nan.any()):
        return False
    return not any(bool((torch.isnan(tensor) & nan).any()) for _, tensor in culprits if tensor.shape == nan.shape)


def _at_node(tape: Tape, context: Context, step: Step, node: GraphNode, edge: Edge, outgoing: torch.Tensor) -> Origin:
    incoming = [gradient for gradient in tape.passages[node].incoming if gradient is not None]
    mask = non_finite(outgoing)
    if step.elementwise and incoming[0].shape == mask.shape:  # else the operand was stretched
        mask = rather(~nan_arrives(step.arguments, mask), rather(~non_finite(incoming[0]), mask))
    index = first(mask)
    operand = next((source for source in tape.inputs(step) if edge in source.edges), None)
    origin = Origin(
        kind="backward",
        step=step,
        index=index,
        value=not_finite_number(outgoing[index]),
        count=int(mask.sum()),
        node=node,
        operand=operand,
        position=argument_position(step, operand),
        masked=_discarded_somewhere(tape, step, node, incoming, context),
    )
    return with_factors(tape, context, origin) if step.elementwise else origin


def with_factors(tape: Tape, context: Context, origin: Origin, wanted: torch.Tensor | None = None) -> Origin:
    """The origin at an elementwise step with the two factors whose product is not finite, if it is a product.

    wanted: the elements of the step's value that are to be told of; None for all that share the trouble.
    """
    step, arriving = origin.step, tape.arriving(origin.step)
    if arriving is None or origin.position is None:  # something was changed in place
        return origin
    if arriving.is_complex():  # though what is sent to a real operand is real
        return origin
    sent = local_derivative(step, origin.position, context, stretched=True, cotangent=arriving)
    if sent is None or sent.is_complex():
        return origin
    slope = local_derivative(step, origin.position, context, stretched=True)
    argument = step.arguments[origin.position]
    assert slope is not None  # there is one with other weights
    assert isinstance(argument, torch.Tensor)
    assert origin.node is not None
    if wanted is not None:
        sent = sent.where(wanted, 0)
    made = slope * arriving
    # where a slope overflows, what the operation sends may be finite: 1e-10/1e-39 of 1/1e-39 = inf
    product = non_finite(sent) & non_finite(made) & ~non_finite(arriving)
    product = rather(~nan_arrives(step.arguments, product), product)
    if not bool(product.any()):
        return origin
    element = first(product)
    index, reached = inside(element, argument.shape), element_at(arriving, element)
    assert index is not None
    masked = discarding(tape, origin.node, element, context) if reached == 0 else None
    count = origin.count if wanted is None else int(wanted.sum())
    if masked is not None and wanted is None:  # an element that is not discarded has another trouble
        count = min(count, int((product & (arriving == 0)).sum()))
    return replace(
        origin,
        index=index,
        value=float(made.where(product, sent).sum_to_size(argument.shape)[index]),
        count=count,
        element=element,
        reached=reached,
        slope=element_at(slope, element),
        made=float(made[element]),
        masked=masked,
        own=product,
    )


def _discarded_somewhere(
    tape: Tape, step: Step, node: GraphNode, incoming: list[torch.Tensor], context: Context
) -> Step | None:
    """The selection whose zero met a NaN or an infinity among the numbers of a step that is not elementwise."""
    spoilt = any(has_non_finite(item) for item in (*step.values, *step.arguments) if isinstance(item, torch.Tensor))
    zero = next((gradient == 0 for gradient in incoming if bool((gradient == 0).any())), None)
    return discarding(tape, node, first(zero), context) if spoilt and zero is not None else None


def _accumulated(tape: Tape, edge: Edge, arriving: torch.Tensor, culprits: Sent, leaf: Step) -> Origin | None:
    """Gradients that are finite, or infinite of both signs, meet at one tensor, and their sum is not finite.

    None where the infinities were there before: what made them is to blame.
    """
    index = first(non_finite(arriving))
    value = not_finite_number(arriving[index])
    meeting = next((step for step in tape.steps if edge in step.edges), leaf)
    for node, tensor in culprits:
        step = tape.owner_of(node)
        if step is not None and not any(has_non_finite(gradient) for gradient in tape.passages[node].incoming):
            return _meeting(step, index, value, node, meeting, element_at(tensor, index))
    if culprits:
        return None
    owners = [step for node, _ in tape.contributions[edge] if (step := tape.owner_of(node)) is not None]
    return _meeting(owners[0] if owners else meeting, index, value, edge[0], meeting, None)


def _meeting(step: Step, index: Index, value: float, node: GraphNode, meeting: Step, sent: float | None) -> Origin:
    return Origin("accumulated", step, index, value, node=node, operand=meeting, reached=sent)
