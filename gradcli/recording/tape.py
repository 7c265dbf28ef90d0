"""The tape: what flowed through every sub-expression, forward and backward, in one instrumented run.

Values are seen as the evaluator computes them, gradients by a hook on every node of PyTorch's graph. A node belongs
to the sub-expression whose evaluation created it: one call may create several (`kl_div` shows XlogyBackward0).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import torch

from gradcli.errors import Span
from gradcli.language import syntax
from gradcli.numerics.autodiff import Gradients
from gradcli.numerics.evaluate import Observed

GraphNode = torch.autograd.graph.Node
Edge = tuple[GraphNode, int]
"""A node and which of its outputs: the place where the gradient of one tensor arrives."""

LEAF, ITEM = "leaf", "item"


@dataclass(eq=False, slots=True)
class Step:
    """One sub-expression as it was evaluated.

    operation: PyTorch's function name, `leaf` for an input, `item` for one of the tensors that a call gave.
    operands: the steps whose values went in. created: the graph's nodes that came of it.
    values: the tensors as they were then. arguments: what went in, as it was.
    memory: where the tensors themselves lay: views share it, and in-place changes keep it.
    """

    index: int
    node: Observed
    operation: str
    text: str
    operands: tuple[int, ...]
    values: tuple[torch.Tensor, ...]
    arguments: tuple[object, ...]
    edges: tuple[Edge, ...]
    created: tuple[GraphNode, ...]
    memory: tuple[int, ...] = ()
    single: bool = True

    @property
    def span(self) -> Span:
        return self.node.span

    @property
    def value(self) -> torch.Tensor | None:
        """The one value; None where the step gave several."""
        return self.values[0] if self.single else None

    @property
    def graph_node(self) -> str | None:
        """PyTorch's name for the node of the value, without its namespace."""
        return node_name(self.edges[0][0]) if self.edges and self.operation != LEAF else None

    @property
    def elementwise(self) -> bool:
        """Whether element i of the value depends on element i of the (broadcast) operands alone."""
        match self.node:
            case syntax.Binary(operator=operator) | syntax.Update(operator=operator):
                return operator != "matmul"
            case syntax.Unary():
                return True
            case syntax.Call(function=row):
                return row.elementwise
            case _:
                return False


@dataclass(eq=False, slots=True)
class Passage:
    """One node's turn in the backward pass: the gradients that reached it and those that it sent on."""

    node: GraphNode
    incoming: tuple[torch.Tensor | None, ...]
    outgoing: tuple[torch.Tensor | None, ...]


@dataclass
class Tape:
    """Steps in order of evaluation, passages in order of the backward pass.

    last: the number of the step whose value is the output; None where there is no step.
    agrees: whether output and gradients are those of the run without instruments, to the bit.
    """

    steps: list[Step]
    passages: dict[GraphNode, Passage]
    owner: dict[GraphNode, int]
    output: torch.Tensor
    gradients: Gradients
    last: int | None = None
    agrees: bool = True
    contributions: dict[Edge, list[tuple[GraphNode, torch.Tensor]]] = field(init=False)

    def __post_init__(self) -> None:
        self.contributions = {}
        for passage in self.passages.values():
            for (node, number), sent in zip(passage.node.next_functions, passage.outgoing, strict=False):
                if node is not None and sent is not None:
                    self.contributions.setdefault((node, number), []).append((passage.node, sent))

    @cached_property
    def leaves(self) -> dict[str, Step]:
        """The inputs that the expression reads."""
        return {step.text: step for step in self.steps if step.operation == LEAF}

    @cached_property
    def consumers(self) -> list[list[Step]]:
        """For each step the steps that its value went into."""
        found: list[list[Step]] = [[] for _ in self.steps]
        for step in self.steps:
            for source in dict.fromkeys(step.operands):
                found[source].append(step)
        return found

    def arriving(self, step: Step) -> torch.Tensor | None:
        """The gradient that reached the value of a step, the first of several; None where none did."""
        if step.operation == LEAF:
            return self.gradients.get(step.text)
        for edge in step.edges:
            node, number = edge
            passed = self.passages[node].incoming[number] if node in self.passages else None
            if passed is not None:
                return passed
            sent = [tensor for _, tensor in self.contributions.get(edge, [])]
            if sent:
                return torch.stack(sent).sum(dim=0)
        return None

    def inputs(self, step: Step) -> list[Step]:
        """The steps whose values went into a step."""
        return [self.steps[index] for index in step.operands]

    @property
    def result(self) -> Step | None:
        """The step whose value is the output."""
        return None if self.last is None else self.steps[self.last]

    def owner_of(self, node: GraphNode) -> Step | None:
        """The sub-expression that a node of the graph belongs to."""
        index = self.owner.get(node)
        return None if index is None else self.steps[index]


def node_name(node: GraphNode) -> str:
    """`SqrtBackward0`, without its namespace."""
    return node.name().rpartition("::")[2]
