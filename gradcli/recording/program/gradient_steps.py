"""The steps of a gradient that is differentiated again: one for each node that has its turn in that backward pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch._functorch.pyfunctorch import temporarily_clear_interpreter_stack

from gradcli.model.place import Place
from gradcli.numerics import graph
from gradcli.recording.operation import Operation
from gradcli.recording.program.entries import tensors_among, whole
from gradcli.recording.recorder import Gradients, Recorder, is_accumulator
from gradcli.recording.tape import Edge, Step


@dataclass(eq=False, slots=True, kw_only=True)
class Derivative(Operation):
    """What the node of another step does in a backward pass.

    source: that step. asked: where the gradient is asked for.
    """

    source: Step
    asked: Place

    @property
    def title(self) -> str:
        return f"the derivative of {self.source.text}"


def with_gradient_steps(
    recorder: Recorder, outputs: Any, asked: Place, run: Callable[[], Any]
) -> tuple[Any, list[int]]:
    """The gradients that a call of `torch.autograd.grad` gives, and the numbers of the steps that lead to them."""
    roots = [root for root in tensors_among((outputs,)) if isinstance(root, torch.Tensor)]
    nodes = list(dict.fromkeys(node for root in roots for node in graph.nodes(root) if not is_accumulator(node)))
    passed: list[tuple[int, Gradients, Gradients]] = []
    handles = [node.register_hook(partial(_note, passed, number)) for number, node in enumerate(nodes)]
    try:
        value = run()
    finally:
        for handle in handles:
            handle.remove()
    senders: dict[Edge, list[int]] = {}
    found = []
    for number, outgoing, incoming in passed:
        node = nodes[number]
        owner = recorder.owner.get(node)
        sent = tuple([whole(gradient) for gradient in outgoing if gradient is not None])
        if owner is None or not sent:
            continue
        before = [step for i in range(len(incoming)) for step in senders.get((node, i), [])]
        with temporarily_clear_interpreter_stack():
            found.append(_add(recorder, recorder.steps[owner], before, asked, sent, [whole(one) for one in incoming]))
        for edge, gradient in zip(node.next_functions, outgoing, strict=False):
            if edge[0] is not None and gradient is not None:
                senders.setdefault((edge[0], edge[1]), []).append(found[-1])
    return value, found


def _add(
    recorder: Recorder,
    owner: Step,
    before: Sequence[int],
    asked: Place,
    sent: Sequence[torch.Tensor],
    incoming: Gradients,
) -> int:
    operation = Derivative(name=owner.name.removesuffix("_"), source=owner, asked=asked)
    operands = tuple(dict.fromkeys((*owner.operands, *before)))
    arguments = [*owner.arguments, *(recorder.kept(gradient) for gradient in incoming)]
    value = sent[0] if len(sent) == 1 else tuple(sent)
    return recorder.add(operation, owner.place, value, operands=operands, arguments=arguments)


def _note(
    passed: list[tuple[int, Gradients, Gradients]], number: int, outgoing: Gradients, incoming: Gradients
) -> None:
    passed.append((number, outgoing, incoming))
