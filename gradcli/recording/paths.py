"""The chain rule with numbers: every way from the output down to one input, multiplied out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from gradcli.exceptions import BoundError
from gradcli.numerics.autodiff import raised_in
from gradcli.recording.tape import Edge, GraphNode, Step, Tape

MAX_PATHS = 1_000
MAX_NODES = 100_000
"""Nodes of all paths together."""


@dataclass(frozen=True)
class Way:
    """One way: the steps from the output on with what reached each, the gradient that came of it, and its share."""

    steps: tuple[Step, ...]
    arriving: tuple[torch.Tensor, ...]
    gradient: torch.Tensor
    share: float


@dataclass(frozen=True)
class _Stop:
    """A node on a way, what reached it, and the stop before it: ways that begin alike share their beginning."""

    node: GraphNode
    incoming: tuple[torch.Tensor | None, ...]
    before: _Stop | None


def paths(tape: Tape, name: str) -> list[Way]:
    """Every way to an input, largest gradient first; their gradients add up to the input's.

    Each way is the backward pass with the gradient of one edge at a time: nodes are linear in what arrives.
    Raises BoundError for more than `MAX_PATHS` ways, or `MAX_NODES` nodes.
    """
    leaf = tape.leaf(name)
    ends: set[Edge] = set() if leaf is None else set(leaf.edges)
    ways = [_way(tape, stop, gradient) for stop, gradient in _walk(tape, ends, tape.gradients.get(name))]
    sizes = [float(way.gradient.detach().abs().double().sum()) for way in ways]
    if not all(map(math.isfinite, sizes)):  # NaN and Inf leave nothing to the others
        sizes = [0.0 if math.isfinite(size) else 1.0 for size in sizes]
    total = sum(sizes)
    shared = [replace(way, share=size / total if total else 0.0) for way, size in zip(ways, sizes, strict=True)]
    return sorted(shared, key=lambda way: -way.share)


def _walk(tape: Tape, ends: set[Edge], whole: torch.Tensor | None) -> list[tuple[_Stop, torch.Tensor]]:
    """The last stop of each way, with the gradient that it brings.  whole: what all of them add up to."""
    found: list[tuple[_Stop, torch.Tensor]] = []
    root = tape.output.grad_fn
    useful = _leading_to(tape, ends)
    if root not in useful:
        return found
    waiting = [_Stop(root, tape.passages[root].incoming, None)]
    visited = 0
    while waiting:
        stop = waiting.pop()
        visited += 1
        if len(found) + len(waiting) > MAX_PATHS:
            raise _too_many(f"there are more than {MAX_PATHS:,} paths")
        if visited > MAX_NODES:
            raise _too_many(f"the paths have more than {MAX_NODES:,} nodes in all")
        for (following, number), gradient in zip(stop.node.next_functions, _send(stop), strict=False):
            if gradient is None:
                continue
            if (following, number) in ends:
                found.append((stop, _summed(gradient, whole)))
            elif following in useful:
                received = tape.passages[following].incoming
                arriving = _summed(gradient, received[number])
                alone = tuple(arriving if slot == number else None for slot in range(len(received)))
                waiting.append(_Stop(following, alone, stop))
    return found


def _too_many(what: str) -> BoundError:
    return BoundError(what, hint="Trace a part of the expression, or leave --path out.")


def _leading_to(tape: Tape, ends: set[Edge]) -> set[GraphNode]:
    """The nodes from which a way leads to an end."""
    senders: dict[GraphNode, list[GraphNode]] = {}
    for node in tape.passages:
        for following, _ in node.next_functions:
            if following is not None:
                senders.setdefault(following, []).append(node)
    waiting = [node for node in tape.passages if any(edge in ends for edge in node.next_functions)]
    found = set(waiting)
    while waiting:
        for sender in senders.get(waiting.pop(), []):
            if sender not in found:
                found.add(sender)
                waiting.append(sender)
    return found


def _send(stop: _Stop) -> Sequence[torch.Tensor | None]:
    """What a node sends on for gradients of one way alone."""
    with torch.no_grad(), raised_in("backward"):
        sent = stop.node(*stop.incoming)  # type: ignore[operator]
    return sent if isinstance(sent, tuple) else (sent,)


def _summed(gradient: torch.Tensor, received: torch.Tensor | None) -> torch.Tensor:
    """What autograd's engine makes of a gradient on its way: summed over what was broadcast on the way forward."""
    assert received is not None, "what one way brings is a part of it"
    return gradient.sum_to_size(received.shape)


def _way(tape: Tape, last: _Stop, gradient: torch.Tensor) -> Way:
    """The stops as sub-expressions, each once in a row."""
    stops: list[_Stop] = []
    stop: _Stop | None = last
    while stop is not None:
        stops.append(stop)
        stop = stop.before
    steps: list[Step] = []
    arriving: list[torch.Tensor] = []
    for stop in reversed(stops):
        step = tape.owner_of(stop.node)
        if step is not None and (not steps or steps[-1] is not step):
            steps.append(step)
            arriving.append(next(tensor for tensor in stop.incoming if tensor is not None))
    return Way(tuple(steps), tuple(arriving), gradient, 0.0)
