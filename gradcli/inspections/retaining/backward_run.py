"""The graph of a scenario, and its backward passes as plain PyTorch makes them."""

from __future__ import annotations

from dataclasses import replace

import torch

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.diagnose.values import default_dtype
from gradcli.exceptions import BoundError, ExpressionError
from gradcli.inspections.retaining.scenarios import ScenarioPlan
from gradcli.language.parser import parse
from gradcli.language.syntax import Evaluate
from gradcli.numerics import autodiff
from gradcli.numerics.autodiff import Gradients
from gradcli.numerics.capture import TorchError
from gradcli.numerics.evaluate import Evaluation, Observer


class BackwardRun:
    """A graph, and backward passes over it.

    observe: told of the values of the first forward pass. outputs: what each call differentiates.
    forward_passes: how often the graph was built.
    """

    def __init__(self, plan: ScenarioPlan, bound: BoundExpression, observe: Observer | None = None) -> None:
        self.plan, self.bound, self.observe = plan, bound, observe
        self.program = parse(plan.text, bound=list(bound.leaves))
        self.forward_passes = 0
        self.first_gradient: torch.Tensor | None = None
        for leaf in bound.differentiated.values():
            leaf.grad = None
        self.forward()

    def forward(self) -> None:
        """Build the graph: the shared statements once, each distinct output once."""
        watched = self.observe if not self.forward_passes else None
        with default_dtype(self.bound.context.dtype):
            self.bound.random_state.restore()
            run = Evaluation(self.bound.fresh(), self.bound.context, watched)
            try:
                built = self._evaluate(run)
            except (ExpressionError, BoundError) as error:
                error.expression = self.program.text
                raise
        self.forward_passes += 1
        self.outputs = [built[text] for text in self.plan.outputs]

    def _evaluate(self, run: Evaluation) -> dict[str, torch.Tensor]:
        """The distinct outputs: the last expressions of the program."""
        distinct = list(dict.fromkeys(self.plan.outputs))
        statements = self.program.statements
        first = len(statements) - (len(distinct) - 1)
        found = []
        for place, statement in enumerate(statements):
            if place >= first and isinstance(statement, Evaluate):
                found.append(run.tensor(statement.value))
            else:
                run.execute(statement)
        return dict(zip(distinct, [*found, run.tensor(self.program.result)], strict=True))

    def attempt(self, number: int) -> Gradients | TorchError:
        """One call: copies of its gradients, or what PyTorch raised."""
        try:
            found = self.call(number)
        except TorchError as raised:
            return raised
        return {name: None if gradient is None else gradient.detach().clone() for name, gradient in found.items()}

    def retains(self, number: int) -> bool:
        """Whether that call keeps the graph: create_graph does so by itself."""
        return number in self.plan.retain or (self.plan.second_order and number == 1)

    def call(self, number: int) -> Gradients:
        """One backward pass; raises TorchError when PyTorch does."""
        if self.plan.rebuild and number > 1:
            self.forward()
        leaves = self.bound.differentiated
        output = self.outputs[number - 1]
        if self.plan.second_order and number > 1:
            assert self.first_gradient is not None
            output = self.first_gradient.sum()
        create = self.plan.second_order and number == 1
        retain = True if number in self.plan.retain else None
        if self.plan.via == "backward":
            with autodiff.raised_in("backward"):
                autodiff.run_backward(output, autodiff.implied_ones(output), retain_graph=retain)
            return {name: leaf.grad for name, leaf in leaves.items()}
        ones = torch.ones_like(output)
        found = autodiff.gradients(output, leaves, cotangent=ones, create_graph=create, retain_graph=retain)
        if create:
            self.first_gradient = next(iter(found.values()))
        return found


def alone(plan: ScenarioPlan, number: int) -> ScenarioPlan:
    """That call of a plan as the only one, over a graph of its own."""
    return replace(plan, outputs=(plan.outputs[number - 1],), retain=frozenset(), rebuild=False, via="grad")
