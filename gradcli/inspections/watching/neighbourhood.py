"""What lies around the place of a finding: a few operations before and behind it, and the leaves they read."""

from __future__ import annotations

from collections import deque

import torch

from gradcli.diagnose.origins.parts import name
from gradcli.recording.program.operations import CallOperation
from gradcli.recording.tape import Step, Tape
from gradcli.results.watch import NearbyStep

MOST = 9
"""Steps of a neighbourhood, without the leaves that they read."""
MOST_LEAVES = 8
MANY = 8
"""Steps that read a step: from one that more of them read, all would be near."""


def around(tape: Tape, origin: Step) -> tuple[NearbyStep, ...]:
    """The steps that are the fewest arrows away from an origin, in the order in which they ran."""
    near = _near(tape, origin)
    leaves = {leaf.index for index in near for leaf in tape.inputs(tape.steps[index]) if leaf.is_leaf}
    differentiated = sorted(leaves, key=lambda index: tape.steps[index].variable not in tape.gradients)
    chosen = sorted({*near, *differentiated[:MOST_LEAVES]})
    numbers = {index: number for number, index in enumerate(chosen)}
    return tuple(_told(tape.steps[index], tape, numbers, is_origin=index == origin.index) for index in chosen)


def _near(tape: Tape, origin: Step) -> set[int]:
    found = {origin.index}
    waiting = deque([origin])
    while waiting and len(found) < MOST:
        step = waiting.popleft()
        readers = tape.consumers[step.index]
        for other in (*tape.inputs(step), *(readers if len(readers) <= MANY else ())):
            if other.index not in found and _matters(other) and len(found) < MOST:
                found.add(other.index)
                waiting.append(other)
    return found


def _matters(step: Step) -> bool:
    """Whether an operation is on the way of a gradient, or has something that is not finite."""
    return not step.is_leaf and (step.graph_node is not None or bool(_non_finite(step.value)))


def _told(step: Step, tape: Tape, numbers: dict[int, int], *, is_origin: bool) -> NearbyStep:
    value, place = step.value, step.place.in_file
    assigned = step.operation.assigned if isinstance(step.operation, CallOperation) else None
    return NearbyStep(
        text=step.variable or assigned or name(step),
        operation=step.name,
        node=step.graph_node,
        file=None if place is None or step.is_leaf else place.file,
        line=None if place is None or step.is_leaf else place.line,
        shape=None if value is None else tuple(value.shape),
        non_finite=_non_finite(value),
        gradient_non_finite=_non_finite(tape.arriving(step)),
        is_parameter=step.is_leaf and step.variable in tape.gradients,
        is_origin=is_origin,
        operands=tuple(numbers[index] for index in dict.fromkeys(step.operands) if index in numbers),
    )


def _non_finite(tensor: torch.Tensor | None) -> int | None:
    """How many of its elements are NaN or infinite; None where there is no tensor of numbers."""
    if tensor is None or tensor.layout is not torch.strided or not (tensor.is_floating_point() or tensor.is_complex()):
        return None
    return int(tensor.numel() - torch.isfinite(tensor.detach()).sum())
