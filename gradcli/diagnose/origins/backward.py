"""Non-finite gradients: a walk from an input back up the tape to the nodes that first sent one on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch

from gradcli.diagnose.origins.elements import (
    Index,
    element_at,
    first,
    has_non_finite,
    inside,
    nan_arrives,
    non_finite,
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
        if gradient is None or not has_non_finite(gradient):
            continue
        for edge in leaf.edges:
            for origin in _walk(tape, context, edge, leaf, gradient):
                yield leaf, origin


def _walk(tape: Tape, context: Context, start: Edge, leaf: Step, gradient: torch.Tensor) -> Iterator[Origin]:
    waiting: list[tuple[Edge, torch.Tensor]] = [(start, gradient)]
    seen = {start}
    known: dict[int, bool] = {}

    def is_broken(tensor: torch.Tensor) -> bool:
        """Whether it is not finite; what one node sends is what the next one gets, and is looked at once."""
        if id(tensor) not in known:
            known[id(tensor)] = has_non_finite(tensor)
        return known[id(tensor)]

    while waiting:
        edge, arriving = waiting.pop()
        sent = tape.contributions.get(edge, [])
        culprits = [(node, tensor) for node, tensor in sent if is_broken(tensor)]
        if sent and (not culprits or _cancel(culprits, arriving)):
            met = _accumulated(tape, edge, arriving, culprits, leaf)
            if met is not None:
                yield met
                continue
        for node, outgoing in culprits:
            incoming = tape.passages[node].incoming
            upstream = [(i, tensor) for i, tensor in enumerate(incoming) if tensor is not None and is_broken(tensor)]
            if not upstream or _is_fresh(tape, node, outgoing, upstream):
                origin = _at_node(tape, context, node, edge, outgoing)
                if origin is not None:
                    yield origin
            for i, tensor in upstream:
                if (node, i) not in seen and (node, i) in tape.contributions:  # else the cotangent is not finite
                    seen.add((node, i))
                    waiting.append(((node, i), tensor))


def _is_fresh(tape: Tape, node: GraphNode, outgoing: torch.Tensor, upstream: list[tuple[int, torch.Tensor]]) -> bool:
    """Whether an elementwise step spoils elements at which a finite gradient arrived."""
    step = tape.owner_of(node)
    if step is None or not step.elementwise or len(upstream) != 1:
        return False
    _, arrived = upstream[0]
    if arrived.shape != outgoing.shape:
        return False
    finite = ~non_finite(arrived)
    return bool(finite.any()) and bool((non_finite(outgoing) & finite).any())


def _cancel(culprits: Sent, arriving: torch.Tensor) -> bool:
    """Whether infinities of both signs met: the sum is NaN where none of the parts is."""
    nan = torch.isnan(arriving)
    if not bool(nan.any()):
        return False
    return not any(bool((torch.isnan(tensor) & nan).any()) for _, tensor in culprits if tensor.shape == nan.shape)


def _at_node(tape: Tape, context: Context, node: GraphNode, edge: Edge, outgoing: torch.Tensor) -> Origin | None:
    step = tape.owner_of(node)
    if step is None:
        return None
    incoming = [gradient for gradient in tape.passages[node].incoming if gradient is not None]
    mask = non_finite(outgoing)
    if step.elementwise and len(incoming) == 1 and incoming[0].shape == mask.shape:
        fresh = mask & ~non_finite(incoming[0])
        mask = rather(~nan_arrives(step.arguments, mask), fresh if bool(fresh.any()) else mask)
    index = first(mask)
    value = element_at(outgoing, index)
    operand = next((source for source in tape.inputs(step) if edge in source.edges), None)
    position = argument_position(step, operand)
    origin = Origin(
        kind="backward",
        step=step,
        index=index,
        value=float("nan") if value is None else value,
        count=int(mask.sum()),
        node=node,
        operand=operand,
        position=position,
        masked=_discarded_somewhere(tape, step, node, incoming, context),
    )
    return with_factors(tape, context, origin) if step.elementwise and position is not None else origin


def with_factors(tape: Tape, context: Context, origin: Origin, wanted: torch.Tensor | None = None) -> Origin:
    """The origin at an elementwise step with the two factors whose product is not finite, if it is a product.

    wanted: the elements of the step's value that are to be told of; None for all that share the trouble.
    """
    step, arriving = origin.step, tape.arriving(origin.step)
    value = step.value
    if value is None or arriving is None or arriving.shape != value.shape or origin.position is None:
        return origin
    slope = local_derivative(step, origin.position, context, stretched=True)
    if slope is None or slope.shape != value.shape or slope.is_complex():
        return origin
    argument = step.arguments[origin.position]
    assert isinstance(argument, torch.Tensor)
    product = non_finite(slope * arriving) & ~non_finite(arriving)
    product = rather(~nan_arrives(step.arguments, product), product)
    if wanted is not None:
        product = product & wanted
    if argument.shape == product.shape and origin.index and bool(product[origin.index]):
        element = origin.index
    elif bool(product.any()):
        element = first(product)
    else:
        return origin
    reached = element_at(arriving, element)
    found = replace(
        origin,
        index=inside(element, argument.shape) or (),
        element=element,
        reached=reached,
        slope=element_at(slope, element),
        masked=discarding(tape, origin.node, element, context) if reached == 0 and origin.node is not None else None,
        own=product,
    )
    return (
        found if wanted is None else replace(found, value=float((slope * arriving)[element]), count=int(wanted.sum()))
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
    value = element_at(arriving, index)
    meeting = next((step for step in tape.steps if edge in step.edges), leaf)
    for node, tensor in culprits:
        step = tape.owner_of(node)
        if step is not None and not any(has_non_finite(gradient) for gradient in tape.passages[node].incoming):
            return _meeting(step, index, value, node, meeting, element_at(tensor, index))
    if culprits:
        return None
    owners = [step for node, _ in tape.contributions[edge] if (step := tape.owner_of(node)) is not None]
    return _meeting(owners[0] if owners else meeting, index, value, edge[0], meeting, None)


def _meeting(
    step: Step, index: Index, value: float | None, node: GraphNode, meeting: Step, sent: float | None
) -> Origin:
    number = float("nan") if value is None else value
    return Origin("accumulated", step, index, number, node=node, operand=meeting, reached=sent)
