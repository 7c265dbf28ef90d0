"""Non-finite gradients: a walk from an input back up the tape to the nodes that first sent one on."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from gradcli.diagnose.findings.births import Birth
from gradcli.diagnose.findings.elements import Index, at, bad, first, inside, is_bad, nan_arrives, rather
from gradcli.diagnose.findings.local import argument_position, local_derivative
from gradcli.diagnose.findings.selection import discarding
from gradcli.numerics.literals import Context
from gradcli.recording.tape import Edge, GraphNode, Step, Tape

Sent = list[tuple[GraphNode, torch.Tensor]]


def births(tape: Tape, context: Context) -> Iterator[tuple[str, Birth]]:
    """For each input with a non-finite gradient every node that first sent one on."""
    for name, leaf in tape.leaves.items():
        gradient = tape.gradients.get(name)
        if gradient is None or not is_bad(gradient):
            continue
        for edge in leaf.edges:
            for birth in _walk(tape, context, edge, leaf, gradient):
                yield name, birth


def _walk(tape: Tape, context: Context, start: Edge, leaf: Step, gradient: torch.Tensor) -> Iterator[Birth]:
    waiting: list[tuple[Edge, torch.Tensor]] = [(start, gradient)]
    seen = {start}
    while waiting:
        edge, arriving = waiting.pop()
        sent = tape.contributions.get(edge, [])
        culprits = [(node, tensor) for node, tensor in sent if is_bad(tensor)]
        if sent and (not culprits or _cancel(culprits, arriving)):
            met = _accumulated(tape, edge, arriving, culprits, leaf)
            if met is not None:
                yield met
                continue
        for node, outgoing in culprits:
            incoming = tape.passages[node].incoming
            upstream = [(i, tensor) for i, tensor in enumerate(incoming) if tensor is not None and is_bad(tensor)]
            if not upstream or _is_fresh(tape, node, outgoing, upstream):
                birth = _at_node(tape, context, node, edge, outgoing)
                if birth is not None:
                    yield birth
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
    return arrived.shape == outgoing.shape and bool((bad(outgoing) & ~bad(arrived)).any())


def _cancel(culprits: Sent, arriving: torch.Tensor) -> bool:
    """Whether infinities of both signs met: the sum is NaN where none of the parts is."""
    nan = torch.isnan(arriving)
    if not bool(nan.any()):
        return False
    return not any(bool((torch.isnan(tensor) & nan).any()) for _, tensor in culprits if tensor.shape == nan.shape)


def _at_node(tape: Tape, context: Context, node: GraphNode, edge: Edge, outgoing: torch.Tensor) -> Birth | None:
    step = tape.owner_of(node)
    if step is None:
        return None
    incoming = [gradient for gradient in tape.passages[node].incoming if gradient is not None]
    mask = bad(outgoing)
    if step.elementwise and len(incoming) == 1 and incoming[0].shape == mask.shape:
        fresh = mask & ~bad(incoming[0])
        mask = rather(~nan_arrives(step.arguments, mask), fresh if bool(fresh.any()) else mask)
    index = first(mask)
    value = at(outgoing, index)
    operand = next((source for source in tape.inputs(step) if edge in source.edges), None)
    position = argument_position(step, operand, _slot(node, edge))
    birth = Birth(
        kind="backward",
        step=step,
        index=index,
        value=float("nan") if value is None else value,
        count=int(mask.sum()),
        node=node,
        operand=operand,
        position=position,
        masked=_discarded_somewhere(tape, step, node, incoming),
    )
    return _with_factors(tape, context, birth, node) if step.elementwise and position is not None else birth


def _with_factors(tape: Tape, context: Context, birth: Birth, node: GraphNode) -> Birth:
    """The birth at an elementwise step with the two factors whose product is not finite, if that is how it was born."""
    step, arriving = birth.step, tape.arriving(birth.step)
    value = step.value
    if value is None or arriving is None or arriving.shape != value.shape or birth.position is None:
        return birth
    slope = local_derivative(step, birth.position, context, stretched=True)
    if slope is None or slope.shape != value.shape or slope.is_complex():
        return birth
    argument = step.arguments[birth.position]
    assert isinstance(argument, torch.Tensor)
    product = bad(slope * arriving) & ~bad(arriving)
    product = rather(~nan_arrives(step.arguments, product), product)
    if argument.shape == product.shape and birth.index and bool(product[birth.index]):
        place = birth.index
    elif bool(product.any()):
        place = first(product)
    else:
        return birth
    reached = at(arriving, place)
    masked = discarding(tape, node, place) if reached == 0 else None
    return Birth(
        kind=birth.kind,
        step=step,
        index=inside(place, argument.shape) or (),
        value=birth.value,
        count=birth.count,
        node=node,
        operand=birth.operand,
        position=birth.position,
        place=place,
        reached=reached,
        slope=at(slope, place),
        masked=masked,
    )


def _discarded_somewhere(tape: Tape, step: Step, node: GraphNode, incoming: list[torch.Tensor]) -> Step | None:
    """The selection whose zero met a NaN or an infinity among the numbers of a step that is not elementwise."""
    spoilt = any(is_bad(item) for item in (*step.values, *step.arguments) if isinstance(item, torch.Tensor))
    zero = next((gradient == 0 for gradient in incoming if bool((gradient == 0).any())), None)
    return discarding(tape, node, first(zero)) if spoilt and zero is not None else None


def _slot(node: GraphNode, edge: Edge) -> int | None:
    """Which of a node's inputs an edge is."""
    return next((i for i, following in enumerate(node.next_functions) if following == edge), None)


def _accumulated(tape: Tape, edge: Edge, arriving: torch.Tensor, culprits: Sent, leaf: Step) -> Birth | None:
    """Gradients that are finite, or infinite of both signs, meet at one tensor, and their sum is not finite.

    None where the infinities were there before: what made them is to blame.
    """
    index = first(bad(arriving))
    value = at(arriving, index)
    meeting = next((step for step in tape.steps if edge in step.edges), leaf)
    for node, tensor in culprits:
        step = tape.owner_of(node)
        if step is not None and not any(is_bad(gradient) for gradient in tape.passages[node].incoming):
            return _meeting(step, index, value, node, meeting, at(tensor, index))
    if culprits:
        return None
    owners = [step for node, _ in tape.contributions[edge] if (step := tape.owner_of(node)) is not None]
    return _meeting(owners[0] if owners else meeting, index, value, edge[0], meeting, None)


def _meeting(
    step: Step, index: Index, value: float | None, node: GraphNode, meeting: Step, sent: float | None
) -> Birth:
    number = float("nan") if value is None else value
    return Birth("accumulated", step, index, number, node=node, operand=meeting, reached=sent)
