"""The instruments: an observer of the evaluation, and hooks in the backward pass, that together make a tape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial

import torch

from gradcli.language import syntax
from gradcli.numerics import graph
from gradcli.numerics.autodiff import gradients
from gradcli.numerics.evaluate import Observed
from gradcli.recording.tape import ITEM, LEAF, Edge, GraphNode, Passage, Step, Tape

Gradients = Sequence[torch.Tensor | None]


@dataclass
class Recorder:
    """Watches one evaluation and notes a step for each value; a name that is read again is no new step.

    in_place: whether the program may change tensors in place; only then values are copied.
    """

    program: syntax.Program
    in_place: bool
    steps: list[Step] = field(default_factory=list)
    owner: dict[GraphNode, int] = field(default_factory=dict)
    last: int | None = None
    _by_node: dict[int, tuple[int, ...]] = field(default_factory=dict)
    _by_value: dict[int, int] = field(default_factory=dict)
    _changed: dict[int, int] = field(default_factory=dict)
    _copies: dict[int, tuple[object, int, torch.Tensor]] = field(default_factory=dict)
    _known: set[GraphNode] = field(default_factory=set)

    def __call__(self, node: Observed, value: object, arguments: list[object]) -> None:
        """The observer that the evaluator calls."""
        if type(node) is syntax.Literal:
            self.last = None
            return
        tensors = _tensors(value)
        if isinstance(node, syntax.Name):
            operands = self._read(value, tensors)
            if operands or not tensors:
                self._note(node, operands)
                return
        else:
            operands = self.operands_of(node)
            if not tensors or isinstance(node, syntax.Sequence):
                self._note(node, operands)
                return
        self._step(node, value, tensors, operands, arguments)

    def operands_of(self, node: Observed) -> tuple[int, ...]:
        """The steps whose values an operation reads; also one that raised, and so is no step itself."""
        by_node = self._by_node
        return tuple([index for child in _parts(node) for index in by_node.get(id(child), ())])

    def _note(self, node: Observed, operands: tuple[int, ...]) -> None:
        """A value that is no step of its own: it is what its operands are."""
        self._by_node[id(node)] = operands
        self.last = operands[0] if len(operands) == 1 else None

    def _step(
        self,
        node: Observed,
        value: object,
        tensors: Sequence[torch.Tensor],
        operands: tuple[int, ...],
        arguments: list[object],
    ) -> None:
        index = len(self.steps)
        operation = LEAF if isinstance(node, syntax.Name) else operation_of(node)
        if isinstance(node, syntax.Index | syntax.Attribute) and operands and not self.steps[operands[0]].single:
            operation = ITEM
        created = tuple(self._created(tensors))
        start, end = node.span
        values = tuple([self._copy(tensor) for tensor in tensors])
        step = Step(
            index=index,
            node=node,
            operation=operation,
            text=self.program.text[start:end],
            operands=operands,
            values=values,
            arguments=tuple([self._kept(argument) for argument in arguments]),
            edges=tuple([edge for tensor in tensors if (edge := edge_of(tensor)) is not None]),
            created=created,
            memory=tuple(map(graph.storage_of, tensors)) if self.in_place else (),
            single=isinstance(value, torch.Tensor),
        )
        self.steps.append(step)
        for made in created:
            self.owner[made] = index
        self._by_node[id(node)] = (index,)
        self._by_value[id(value)] = index
        if not step.single:
            self._copies[id(value)] = value, 0, values[0]  # kept alive, so that no other value gets its id
            self._by_value.update(dict.fromkeys(map(id, tensors), index))
        if operation.endswith("_"):
            self._changed.update(dict.fromkeys(step.memory, index))
        self.last = index

    def _read(self, value: object, tensors: Sequence[torch.Tensor]) -> tuple[int, ...]:
        """The steps that a variable's value comes from: what computed it, or what changed its memory since."""
        known = self._by_value.get(id(value))
        if known is None and not isinstance(value, torch.Tensor):  # a list that the user made of tensors
            return tuple(self._by_value[id(tensor)] for tensor in tensors if id(tensor) in self._by_value)
        if self._changed:
            changed = max((self._changed.get(graph.storage_of(tensor), -1) for tensor in tensors), default=-1)
            if changed > (-1 if known is None else known):
                return (changed,)
        return () if known is None else (known,)

    def _copy(self, tensor: torch.Tensor) -> torch.Tensor:
        """The tensor as it is now; one copy for as long as nothing changes it."""
        known = self._copies.get(id(tensor))
        version = tensor._version if self.in_place else 0
        if known is not None and known[1] == version:
            return known[2]
        copy = tensor.detach().clone() if self.in_place else tensor.detach()
        self._copies[id(tensor)] = tensor, version, copy
        return copy

    def _kept(self, value: object) -> object:
        if isinstance(value, torch.Tensor):
            return self._copy(value)
        if isinstance(value, list):
            return [self._kept(item) for item in value]
        return value

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
    for place, node in enumerate(nodes):
        node.register_hook(partial(_note, passed, place))
    found = gradients(output, leaves, cotangent=cotangent, retain_graph=retain_graph or None)
    passages = {
        node: Passage(node, tuple(seen[0]), tuple(seen[1]))
        for node, seen in zip(nodes, passed, strict=True)
        if seen is not None
    }
    return Tape(recorder.steps, passages, recorder.owner, output, found, recorder.last)


def _note(
    passed: list[tuple[Gradients, Gradients] | None], place: int, outgoing: Gradients, incoming: Gradients
) -> None:
    passed[place] = incoming, outgoing


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


def operation_of(node: Observed) -> str:
    """PyTorch's name for what a node of the text does: `add`, `linalg.svd`, `mul_`."""
    match node:
        case syntax.Call(function=row):
            return _name_of(row.torch)
        case syntax.Binary(operator=name) | syntax.Unary(operator=name):
            return name
        case syntax.Update(operator=name):
            return f"{name}_"
        case syntax.Index():
            return "index"
        case syntax.AssignIndex():
            return "index_put_"
        case syntax.Attribute(name=name):
            return name
        case _:
            return type(node).__name__.lower()


@cache
def _name_of(path: str) -> str:
    """`softmax` for torch.nn.functional.softmax."""
    prefix = next((p for p in ("torch.nn.functional.", "torch.Tensor.", "torch.") if path.startswith(p)), "")
    return path.removeprefix(prefix)


def _parts(node: Observed) -> tuple[syntax.Node, ...]:
    match node:
        case syntax.Update(target=target, value=value):
            return (target, value)
        case syntax.AssignIndex(target=target, value=value):
            return (target.operand, target.index, value)
        case syntax.Assign() | syntax.Evaluate():
            return ()
        case _:
            return syntax.children(node)


def _tensors(value: object) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, tuple | list) and not isinstance(value, torch.Size):
        return [item for item in value if isinstance(item, torch.Tensor)]
    return []
