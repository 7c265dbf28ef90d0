"""The instruments that all makers of tapes share: what notes the steps, and hooks in the backward pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch

from gradcli.model.place import Place
from gradcli.numerics import graph
from gradcli.numerics.autodiff import gradients
from gradcli.recording.operation import Operation
from gradcli.recording.tape import Edge, GraphNode, Passage, Step, Tape

Gradients = Sequence[torch.Tensor | None]


@dataclass
class Recorder:
    """Notes a step for each value that is computed, and each input that is read.

    in_place: whether tensors may be changed in place; only then values are copied.
    last: the step whose value was computed last.
    """

    in_place: bool
    steps: list[Step] = field(default_factory=list, init=False)
    owner: dict[GraphNode, int] = field(default_factory=dict, init=False)
    last: int | None = field(default=None, init=False)
    _by_value: dict[int, int] = field(default_factory=dict, init=False)
    _changed: dict[int, int] = field(default_factory=dict, init=False)
    _copies: dict[int, tuple[object, int, torch.Tensor]] = field(default_factory=dict, init=False)
    _known: set[GraphNode] = field(default_factory=set, init=False)

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
            memory=tuple(map(graph.storage_of, tensors)) if self.in_place else (),
            single=isinstance(value, torch.Tensor),
        )
        self.steps.append(step)
        for made in created:
            self.owner[made] = index
        self._by_value[id(value)] = index
        if not step.single:
            self._copies[id(value)] = value, 0, values[0]  # kept alive, so that no other value gets its id
            self._by_value.update(dict.fromkeys(map(id, tensors), index))
        if operation.name.endswith("_"):
            self._changed.update(dict.fromkeys(step.memory, index))
        self.last = index
        return index

    def steps_of(self, value: object) -> tuple[int, ...]:
        """The steps that a value comes from: what computed it, or what changed its memory since."""
        tensors = tensors_in(value)
        known = self._by_value.get(id(value))
        if known is None and not isinstance(value, torch.Tensor):  # a list that the user made of tensors
            return tuple(self._by_value[id(tensor)] for tensor in tensors if id(tensor) in self._by_value)
        if self._changed:
            changed = max((self._changed.get(graph.storage_of(tensor), -1) for tensor in tensors), default=-1)
            if changed > (-1 if known is None else known):
                return (changed,)
        return () if known is None else (known,)

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

    def _copy(self, tensor: torch.Tensor) -> torch.Tensor:
        """The tensor as it is now; one copy for as long as nothing changes it."""
        known = self._copies.get(id(tensor))
        version = tensor._version if self.in_place else 0
        if known is not None and known[1] == version:
            return known[2]
        copy = tensor.detach().clone() if self.in_place else tensor.detach()
        self._copies[id(tensor)] = tensor, version, copy
        return copy

    def _created(self, tensors: Sequence[torch.Tensor]) -> Iterator[GraphNode]:
        """The nodes behind these tensors that were not there before."""
        known = self._known
        waiting = [node for tensor in tensors if (node := tensor.grad_fn) is not None and node not in known]
        while waiting:
            node = waiting.pop()
            if node in known:
                continue
            known.add(node)
            if not is_accumulator(node):
                yield node
            for following, _ in node.next_functions:
                if following is not None and following not in known:
                    waiting.append(following)


def record_backward(
    recorder: Recorder,
    output: torch.Tensor,
    leaves: Mapping[str, torch.Tensor],
    cotangent: torch.Tensor | None,
    *,
    retain_graph: bool = False,
) -> Tape:
    """The backward pass under hooks; raises TorchError when PyTorch does.

    The hooks hold gradients and no nodes: a node that could be reached from its own hook would never be freed.
    """
    nodes = [node for node in graph.nodes(output) if not is_accumulator(node)]
    passed: list[tuple[Gradients, Gradients] | None] = [None] * len(nodes)
    for number, node in enumerate(nodes):
        node.register_hook(partial(_note, passed, number))
    found = gradients(output, leaves, cotangent=cotangent, retain_graph=retain_graph or None)
    passages = {
        node: Passage(node, tuple(seen[0]), tuple(seen[1]))
        for node, seen in zip(nodes, passed, strict=True)
        if seen is not None
    }
    return Tape(recorder.steps, passages, recorder.owner, output, found, recorder.last)


def _note(
    passed: list[tuple[Gradients, Gradients] | None], number: int, outgoing: Gradients, incoming: Gradients
) -> None:
    passed[number] = incoming, outgoing


def edge_of(tensor: torch.Tensor) -> Edge | None:
    """Where the gradient of a tensor arrives."""
    if not tensor.requires_grad:
        return None
    if tensor.grad_fn is not None:
        return tensor.grad_fn, tensor.output_nr
    edge = torch.autograd.graph.get_gradient_edge(tensor)
    return edge.node, edge.output_nr


def is_accumulator(node: GraphNode) -> bool:
    """Whether a node is the end of the graph at a leaf."""
    return node.name().endswith("AccumulateGrad")


def tensors_in(value: object) -> list[torch.Tensor]:
    """The value, if it is a tensor, or the tensors of a list or tuple."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, tuple | list) and not isinstance(value, torch.Size):
        return [item for item in value if isinstance(item, torch.Tensor)]
    return []
