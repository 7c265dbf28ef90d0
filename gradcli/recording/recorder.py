"""The instruments that all makers of tapes share: what notes the steps, and hooks in the backward pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import torch

from gradcli.model.place import Place
from gradcli.numerics import graph
from gradcli.numerics.autodiff import Via, gradients
from gradcli.recording.operation import Operation
from gradcli.recording.tape import Edge, GraphNode, Passage, Step, Tape

Gradients = Sequence[torch.Tensor | None]


class Recorder:
    """Notes a step for each value that is computed, and each input that is read.

    last: the step whose value was computed last.
    """

    def __init__(self, in_place: bool) -> None:
        """in_place: whether tensors may be changed in place; only then values are copied."""
        self.steps: list[Step] = []
        self.owner: dict[GraphNode, int] = {}
        self.last: int | None = None
        self._in_place = in_place
        self._by_value: dict[int, int] = {}
        self._changed: dict[int, int] = {}
        self._copies: dict[int, tuple[torch.Tensor, int, torch.Tensor]] = {}
        self._known: set[GraphNode] = set()
        self._alive: list[object] = []

    def add(
        self,
        operation: Operation,
        place: Place,
        value: object,
        *,
        operands: tuple[int, ...] = (),
        arguments: Sequence[object] = (),
        variable: str | None = None,
    ) -> int:
        """One more step, and its number. value: a tensor, or several in a tuple. arguments: as `kept` gave them."""
        index = len(self.steps)
        tensors = tensors_in(value)
        created = tuple(self._created(tensors))
        values = tuple([self._copy(tensor) for tensor in tensors])
        step = Step(
            index=index,
            operation=operation,
            place=place,
            operands=operands,
            values=values,
            arguments=tuple(arguments),
            edges=tuple([edge for tensor in tensors if (edge := edge_of(tensor)) is not None]),
            created=created,
            variable=variable,
            memory=tuple(map(graph.storage_of, tensors)) if self._in_place else (),
            single=isinstance(value, torch.Tensor),
        )
        self.steps.append(step)
        for made in created:
            self.owner[made] = index
        self._by_value.update(dict.fromkeys(map(id, (value, *tensors)), index))
        self._alive.append(value)  # so that no other value gets its id
        if self._in_place and step.changes_memory:
            self._changed.update(dict.fromkeys(step.memory, index))
        self.last = index
        return index

    def claim(self, value: object, index: int) -> None:
        """What is new in the graph behind a value belongs to a step."""
        self.owner.update(dict.fromkeys(self._created(tensors_in(value)), index))

    def steps_of(self, value: object) -> tuple[int, ...]:
        """The steps that a value comes from: what computed it, or what changed its memory since."""
        parts = [value] if id(value) in self._by_value else tensors_in(value)  # else a list that the user made
        return tuple([step for step in map(self._latest, parts) if step is not None])

    def kept(self, value: object) -> object:
        """An argument as it is now."""
        if isinstance(value, torch.Tensor):
            return self._copy(value)
        if isinstance(value, list):
            return [self.kept(item) for item in value]
        return value

    def unfinished(self) -> Tape:
        """The tape so far, without a backward pass."""
        return Tape(self.steps, {}, self.owner, torch.zeros(()), {})

    def _latest(self, value: object) -> int | None:
        steps = [self._by_value.get(id(value))]
        if self._changed:
            steps.extend(self._changed.get(graph.storage_of(tensor)) for tensor in tensors_in(value))
        return max((step for step in steps if step is not None), default=None)

    def _copy(self, tensor: torch.Tensor) -> torch.Tensor:
        """The tensor as it is now; one copy for as long as nothing changes it."""
        known = self._copies.get(id(tensor))
        version = tensor._version if self._in_place else 0
        if known is not None and known[1] == version:
            return known[2]
        copy = tensor.detach().clone() if self._in_place else tensor.detach()
        self._copies[id(tensor)] = tensor, version, copy
        return copy

    def _created(self, tensors: Sequence[torch.Tensor]) -> Iterator[GraphNode]:
        """The nodes behind these tensors that were not there before."""
        waiting = [tensor.grad_fn for tensor in tensors]
        while waiting:
            node = waiting.pop()
            if node is None or node in self._known:
                continue
            self._known.add(node)
            if not is_accumulator(node):
                yield node
            waiting.extend(following for following, _ in node.next_functions)


def record_backward(
    recorder: Recorder,
    output: torch.Tensor,
    leaves: Mapping[str, torch.Tensor],
    cotangent: torch.Tensor | None,
    *,
    retain_graph: bool = False,
    via: Via = "grad",
) -> Tape:
    """The backward pass under hooks; raises TorchError when PyTorch does.

    The hooks hold gradients and no nodes: a node that could be reached from its own hook would never be freed.
    """
    nodes = [node for node in graph.nodes(output) if not is_accumulator(node)]
    passed: list[tuple[Gradients, Gradients] | None] = [None] * len(nodes)
    for number, node in enumerate(nodes):
        node.register_hook(partial(_note, passed, number))
    found = gradients(output, leaves, cotangent=cotangent, retain_graph=retain_graph, via=via)
    passages = {
        node: Passage(node, tuple(seen[0]), tuple(seen[1]))
        for node, seen in zip(nodes, passed, strict=True)
        if seen is not None
    }
    whole = dict(zip(found, _dense(tuple(found.values())), strict=True))
    return Tape(recorder.steps, passages, recorder.owner, output, whole, recorder.last)


def _note(
    passed: list[tuple[Gradients, Gradients] | None], number: int, outgoing: Gradients, incoming: Gradients
) -> None:
    passed[number] = _dense(incoming), _dense(outgoing)


def _dense(gradients: Gradients) -> Gradients:
    """Gradients with all of their elements: of a sparse one, such as an embedding's, most are left out."""
    return tuple([one if one is None or one.layout is torch.strided else one.to_dense() for one in gradients])


def edge_of(tensor: torch.Tensor) -> Edge | None:
    """Where the gradient of a tensor arrives."""
    if not tensor.requires_grad:
        return None
    if tensor.grad_fn is not None:
        return tensor.grad_fn, tensor.output_nr
    return torch.autograd.graph.get_gradient_edge(tensor).node, 0


def is_accumulator(node: GraphNode) -> bool:
    """Whether a node is the end of the graph at a leaf."""
    return node.name().endswith("AccumulateGrad")


def tensors_in(value: object) -> list[torch.Tensor]:
    """The value, if it is a tensor, or the tensors of a list or tuple."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, tuple | list):
        return [item for item in value if isinstance(item, torch.Tensor)]
    return []
