"""The tape: what flowed through every step of a computation, forward and backward, in one instrumented run.

A node of PyTorch's graph belongs to the step whose evaluation created it: one call may create several (`kl_div` shows
XlogyBackward0). How a tape is made, of an expression or of a program, is no concern of those who read it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from gradcli.exceptions import Span
from gradcli.model.place import Place
from gradcli.numerics.autodiff import Gradients
from gradcli.recording.operation import ITEM, LEAF, Operation

GraphNode = torch.autograd.graph.Node
Edge = tuple[GraphNode, int]
"""A node and which of its outputs: where the gradient of one tensor arrives."""


@dataclass(eq=False, slots=True)
class Step:
    """One operation as it was evaluated, or an input.

    index: its number on the tape, by which it is known. place: where it stands in what the user wrote.
    operands: the steps whose values went in. created: the graph's nodes that came of it.
    values: the tensors as they were then. arguments: what went in, as it was.
    variable: of an input its name; no two inputs share one.
    memory: where the tensors themselves lay: views share it, and in-place changes keep it.
    """

    index: int
    operation: Operation
    place: Place
    operands: tuple[int, ...]
    values: tuple[torch.Tensor, ...]
    arguments: tuple[object, ...]
    edges: tuple[Edge, ...]
    created: tuple[GraphNode, ...]
    variable: str | None
    memory: tuple[int, ...]
    single: bool

    @property
    def name(self) -> str:
        """The name of its operation: PyTorch's, `leaf` or `item`."""
        return self.operation.name

    @property
    def elementwise(self) -> bool:
        """Whether element i of the value depends on element i of the (broadcast) operands alone."""
        return self.operation.elementwise

    @property
    def is_leaf(self) -> bool:
        """Whether it is an input."""
        return self.operation.name == LEAF

    @property
    def is_item(self) -> bool:
        """Whether it is one of several tensors that a call gave."""
        return self.operation.name == ITEM

    @property
    def text(self) -> str:
        """What the user wrote; where that is not known, what it is called."""
        return self.operation.title or self.place.text or self.variable or self.name

    @property
    def span(self) -> Span:
        """Where that stands in its source."""
        return self.place.span

    @property
    def value(self) -> torch.Tensor | None:
        """The one value; None where the step gave several."""
        return self.values[0] if self.single else None

    @property
    def graph_node(self) -> str | None:
        """PyTorch's name for the node of the value, without its namespace."""
        return node_name(self.edges[0][0]) if self.edges and not self.is_leaf else None

    @property
    def changes_memory(self) -> bool:
        """Whether it changes a tensor in place."""
        _, inplace = self.operation.named(self.arguments).get("inplace", (0, False))
        return self.name.endswith("_") or inplace is True


@dataclass(eq=False, slots=True)
class Passage:
    """One node's turn in the backward pass: the gradients that reached it and those that it sent on."""

    node: GraphNode
    incoming: tuple[torch.Tensor | None, ...]
    outgoing: tuple[torch.Tensor | None, ...]


@dataclass
class Tape:
    """Steps in order of evaluation, passages in order of the backward pass.

    gradients: of each differentiated input, by its name; None where no path leads to it.
    last: the number of the step whose value is the output; None where there is no step.
    """

    steps: list[Step]
    passages: dict[GraphNode, Passage]
    owner: dict[GraphNode, int]
    output: torch.Tensor
    gradients: Gradients
    last: int | None = None

    @cached_property
    def contributions(self) -> dict[Edge, list[tuple[GraphNode, torch.Tensor]]]:
        """What was sent to each edge, with the nodes that sent it."""
        found: dict[Edge, list[tuple[GraphNode, torch.Tensor]]] = {}
        for passage in self.passages.values():
            for (node, number), sent in zip(passage.node.next_functions, passage.outgoing, strict=False):
                if node is not None and sent is not None:
                    found.setdefault((node, number), []).append((passage.node, sent))
        return found

    @cached_property
    def leaves(self) -> list[Step]:
        """The inputs that are read."""
        return [step for step in self.steps if step.is_leaf]

    def leaf(self, variable: str) -> Step | None:
        """The input of that name; None if it is not read."""
        return next((leaf for leaf in self.leaves if leaf.variable == variable), None)

    @cached_property
    def consumers(self) -> list[list[Step]]:
        """For each step the steps that its value went into."""
        found: list[list[Step]] = [[] for _ in self.steps]
        for step in self.steps:
            for source in dict.fromkeys(step.operands):
                found[source].append(step)
        return found

    @cached_property
    def inputs_behind(self) -> list[frozenset[str]]:
        """For each step the names of the inputs that its value comes from."""
        found: list[frozenset[str]] = []
        for step in self.steps:
            own = () if step.variable is None else (step.variable,)
            found.append(frozenset(own).union(*[found[operand] for operand in step.operands]))
        return found

    @cached_property
    def twins(self) -> list[int]:
        """For each step the first that computes the same: the same operation on the same values."""
        known: dict[Hashable, list[int]] = {}
        found: list[int] = []
        for step in self.steps:
            operands = tuple([found[operand] for operand in step.operands])
            alike = known.setdefault((step.name, operands, step.variable, _plain(step.arguments)), [])
            same = next((index for index in alike if _agree(self.steps[index].values, step.values)), step.index)
            if same == step.index:
                alike.append(same)
            found.append(same)
        return found

    def arriving(self, step: Step) -> torch.Tensor | None:
        """The gradient that reached the value of a step, the first of several; None where none did."""
        if step.variable is not None:
            return self.gradients.get(step.variable)
        return next((found for edge in step.edges if (found := self.arriving_at(edge)) is not None), None)

    def arriving_at(self, edge: Edge) -> torch.Tensor | None:
        """The gradient that reached one tensor of the graph; None where none did."""
        node, number = edge
        passed = self.passages[node].incoming[number] if node in self.passages else None
        if passed is not None:
            return passed
        sent = [tensor for _, tensor in self.contributions.get(edge, [])]
        return torch.stack(sent).sum(dim=0) if sent else None

    def inputs(self, step: Step) -> list[Step]:
        """The steps whose values went into a step."""
        return [self.steps[index] for index in step.operands]

    def argument(self, step: Step, position: int) -> Step | None:
        """The step whose value one of a step's arguments is."""
        value = step.arguments[position]
        return next((source for source in self.inputs(step) if any(own is value for own in source.values)), None)

    @property
    def result(self) -> Step | None:
        """The step whose value is the output."""
        return None if self.last is None else self.steps[self.last]

    def owner_of(self, node: GraphNode) -> Step | None:
        """The step that a node of the graph belongs to."""
        index = self.owner.get(node)
        return None if index is None else self.steps[index]


def node_name(node: GraphNode) -> str:
    """`SqrtBackward0`, without its namespace."""
    return node.name().rpartition("::")[2]


def _plain(arguments: Sequence[object]) -> Hashable:
    """Arguments without their tensors, which are operands."""
    return tuple(
        _plain(value) if isinstance(value, list | tuple) else None if isinstance(value, torch.Tensor) else repr(value)
        for value in arguments
    )


def _agree(ones: Sequence[torch.Tensor], others: Sequence[torch.Tensor]) -> bool:
    return len(ones) == len(others) and all(
        one.dtype == other.dtype and torch.equal(parts(one).nan_to_num(), parts(other).nan_to_num())
        for one, other in zip(ones, others, strict=True)
    )


def parts(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor, a complex one by its real and imaginary parts: for half of those PyTorch cannot compare."""
    return torch.view_as_real(tensor.resolve_conj().resolve_neg()) if tensor.is_complex() else tensor
