"""The calls of a scenario once more, watched: what each node saved, who used it, who freed it, where a pass ended.

The plain run comes first and decides what happened: instruments must not change an outcome, and the two are compared.
Everything is read off PyTorch's own nodes at run time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.inspections.retaining.backward_run import BackwardRun
from gradcli.inspections.retaining.scenarios import ScenarioPlan
from gradcli.language.parser import parse
from gradcli.numerics import graph
from gradcli.numerics.autodiff import Gradients
from gradcli.numerics.capture import TorchError, agreement, dtype_name
from gradcli.numerics.watch import Watch
from gradcli.recording.from_expression import ExpressionRecorder
from gradcli.recording.tape import GraphNode, Step, node_name
from gradcli.results import ReportedNode, SavedTensor

BackwardOutcome = Gradients | TorchError


@dataclass(frozen=True)
class Passed:
    """What one call did to the graph.

    ran: the nodes that it ran. stopped: the node at which it ended, None where it came through.
    kept_bytes: what is saved after it and is no input's memory.
    """

    outcome: BackwardOutcome
    ran: frozenset[GraphNode]
    stopped: GraphNode | None
    kept_bytes: int


class GraphReport:
    """What the calls of a plan did to its graph. Saved tensors are numbered in the order of `slots`.

    freed: by the number of a slot, the call that freed it.
    """

    def __init__(self, plan: ScenarioPlan, bound: BoundExpression) -> None:
        self.plan, self.bound = plan, bound
        self.recorder = ExpressionRecorder(parse(plan.text, bound=list(bound.leaves)), bound.in_place)
        self.run = BackwardRun(plan, bound, self.recorder)
        self.nodes = list(dict.fromkeys(node for output in self.run.outputs for node in graph.nodes(output)))
        self.slots = [slot for node in self.nodes for slot in graph.saved(node)]
        self.freed: dict[int, int] = {}
        self.calls: list[Passed] = []
        watch = Watch(self.nodes)
        try:
            for number in range(1, len(plan.outputs) + 1):
                self._call(number, watch)
        finally:
            watch.close()

    def _call(self, number: int, watch: Watch) -> None:
        watch.begin()
        outcome = self.run.attempt(number)
        stopped = watch.stopped if isinstance(outcome, TorchError) else None
        for index, slot in enumerate(self.slots):
            if index not in self.freed and slot.is_freed():
                self.freed[index] = number
        self.calls.append(Passed(outcome, frozenset(watch.ran), stopped, self._kept_bytes()))

    def _kept_bytes(self) -> int:
        left = [slot for index, slot in enumerate(self.slots) if index not in self.freed]
        return kept_bytes(left, self.bound)

    def agrees(self, plain: Sequence[BackwardOutcome]) -> bool:
        """Whether every call did what it did without instruments, to the bit."""
        return all(_same(one, call.outcome) for one, call in zip(plain, self.calls, strict=True))

    def step_of(self, node: GraphNode | None) -> Step | None:
        """The sub-expression that made a node."""
        owner = None if node is None else self.recorder.owner.get(node)
        return None if owner is None else self.recorder.steps[owner]

    def missing(self, number: int) -> list[graph.Saved]:
        """What the call needed and found gone: at the node where it ended, else at all that it would have reached."""
        stopped = self.calls[number - 1].stopped
        reached = {stopped} if stopped is not None else set(graph.nodes(self.run.outputs[number - 1]))
        return [s for i, s in enumerate(self.slots) if self.freed.get(i, number) < number and s.node in reached]

    def freed_by(self, slots: Iterable[graph.Saved]) -> int:
        """The call that freed the first of them."""
        return min(self.freed[self.slots.index(slot)] for slot in slots)

    def graph_nodes(self) -> tuple[ReportedNode, ...]:
        """The graph as data, from the output to the inputs."""
        return tuple(map(self._node, self.nodes))

    def _node(self, node: GraphNode) -> ReportedNode:
        saved = tuple(self._saved(index, slot) for index, slot in enumerate(self.slots) if slot.node is node)
        step = self.step_of(node)
        leaf = getattr(node, "variable", None)
        name = None if leaf is None else _name_of(leaf, self.bound)
        return ReportedNode(
            node=node_name(node),
            saved=saved,
            freed=all(entry.freed_by is not None for entry in saved) if saved else None,
            expression=name if step is None else step.text,
            span=None if step is None else step.span,
        )

    def _saved(self, index: int, slot: graph.Saved) -> SavedTensor:
        numbered = list(enumerate(self.calls, 1))
        freed = self.freed.get(index)
        return SavedTensor(
            name=slot.name,
            shape=slot.shape,
            dtype=dtype_name(slot.dtype),
            bytes=slot.bytes,
            freed_by=freed,
            used_by=tuple(number for number, call in numbered if slot.node in call.ran),
            missed_by=tuple(
                number
                for number, call in numbered
                if call.stopped is slot.node and freed is not None and freed < number
            ),
            input=_inputs_memory(self.bound).get(slot.memory),
        )


def kept_bytes(slots: Iterable[graph.Saved], bound: BoundExpression) -> int:
    """The memory of saved tensors, each piece once, without that of the inputs, which are there anyway."""
    sizes: dict[int, int] = {}
    inputs = _inputs_memory(bound)
    for slot in slots:
        if slot.memory not in inputs:
            sizes[slot.memory] = max(slot.bytes, sizes.get(slot.memory, 0))
    return sum(sizes.values())


def slot_names(slots: Iterable[graph.Saved]) -> str:
    """`SoftmaxBackward0.result, ExpBackward0.result`, and how many more."""
    names = list(dict.fromkeys(f"{node_name(slot.node)}.{slot.name}" for slot in slots))
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _inputs_memory(bound: BoundExpression) -> dict[int, str]:
    return {graph.storage_of(leaf): name for name, leaf in bound.leaves.items()}


def _name_of(leaf: torch.Tensor, bound: BoundExpression) -> str | None:
    return next((name for name, known in bound.leaves.items() if known is leaf), None)


def _same(plain: BackwardOutcome, watched: BackwardOutcome) -> bool:
    if isinstance(plain, TorchError) or isinstance(watched, TorchError):
        return type(plain) is type(watched) and str(plain) == str(watched)
    return agreement(plain, watched)
