"""`retain-demo`: what happens when backward is called more than once over one graph, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import torch

from gradcli.compute import autodiff, bounds, graph
from gradcli.compute.autodiff import Gradients, Via
from gradcli.compute.capture import TorchError, dtype_name, to_tensor
from gradcli.compute.evaluate import Run
from gradcli.errors import BoundError, ExpressionError, UsageError
from gradcli.inspections.failure import explain
from gradcli.inspections.question import Engine, Question, Selection, ask, default_dtype
from gradcli.inspections.scenarios import INPUT, PLANS, Plan
from gradcli.language.parser import parse
from gradcli.language.request import Request, read
from gradcli.language.syntax import Program
from gradcli.results import Call, Failure, GraphNode, RetainDemoResult, SavedTensor, Scenario

MAX_CALLS = 100


@dataclass(frozen=True)
class RetainOptions:
    """How often to call backward; retain: the numbers of the calls with retain_graph=True, None for all."""

    calls: int = 2
    retain: frozenset[int] | None = frozenset()
    via: Via = "grad"


def retain_demo(
    request: Request | None = None,
    options: RetainOptions = RetainOptions(),
    engine: Engine = Engine(),
    selection: Selection = Selection(),
) -> RetainDemoResult | Failure:
    """The scenarios, or the user's own graph; a Failure where the forward pass raised."""
    asked = demonstration() if request is None else request
    plans = PLANS if request is None else (plan_of(asked, options),)
    try:
        question = ask(asked, engine, selection)
        numbers = sum(leaf.numel() for leaf in question.differentiated.values())
        bounds.check_kept(options.calls * numbers, f"--calls {options.calls}", most=engine.max_elements)
        stages = [Stage(plan, question) for plan in plans]
        scenarios = tuple(stage.play() for stage in stages)
    except TorchError as raised:
        return explain(raised, asked.program.text, frozen=selection.frozen)
    errors = {scenario.name: _first_error(scenario) for scenario in scenarios}
    return RetainDemoResult(
        setting=question.setting,
        expression=None if request is None else asked.program.text,
        inputs=question.inputs,
        scenarios=scenarios,
        error=errors["twice"] if request is None else next(iter(errors.values())),
    )


def reproduce(request: Request | None, options: RetainOptions, engine: Engine, selection: Selection) -> None:
    """The same calls with nothing caught: raises TorchError with PyTorch's own exception inside."""
    asked = demonstration() if request is None else request
    plan = next(p for p in PLANS if p.name == "twice") if request is None else plan_of(asked, options)
    stage = Stage(plan, ask(asked, engine, selection))
    for number in range(1, len(plan.outputs) + 1):
        stage.call(number)


def demonstration() -> Request:
    """The article's softmax."""
    return read("softmax(a, dim=0)[1]", [INPUT], command="retain-demo")


def plan_of(request: Request, options: RetainOptions) -> Plan:
    """The user's graph and calls as a plan.  Raises UsageError for counts out of bounds."""
    if not 1 <= options.calls <= MAX_CALLS:
        raise UsageError(f"--calls {options.calls} is out of bounds", hint=f"Choose 1 to {MAX_CALLS}.")
    numbers = range(1, options.calls + 1)
    retain = frozenset(numbers) if options.retain is None else options.retain
    beyond = sorted(retain - set(numbers))
    if beyond:
        raise UsageError(
            f"--retain names call {beyond[0]}, there are {options.calls} calls",
            hint=f"Choose calls from 1 to {options.calls}, or raise --calls.",
        )
    return Plan(
        "your graph", "backward over your own graph", "", (request.program.text,) * options.calls, retain, options.via
    )


@dataclass
class Stage:
    """One plan at work: its outputs, the graph as it was before the first call, and what has been freed since."""

    plan: Plan
    question: Question
    outputs: list[torch.Tensor] = field(init=False)
    nodes: list[torch.autograd.graph.Node] = field(init=False)
    slots: list[graph.Saved] = field(init=False)
    freed: dict[int, int] = field(init=False, default_factory=dict)
    first_gradient: torch.Tensor | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        for leaf in self.question.differentiated.values():
            leaf.grad = None
        self.forward()
        self.nodes = list(dict.fromkeys(node for output in self.outputs for node in graph.nodes(output)))
        self.slots = [slot for node in self.nodes for slot in graph.saved(node)]

    def forward(self) -> None:
        """Build the graph: the setup once, each distinct output once."""
        known = list(self.question.leaves)
        with default_dtype(self.question.context.dtype):
            torch.set_rng_state(self.question.random_state)
            run = Run(self.question.leaves, self.question.context, None)
            if self.plan.setup:
                setup = parse(f"{self.plan.setup}; {known[0]}", bound=known)
                for statement in setup.statements:
                    run.execute(statement)
            built: dict[str, torch.Tensor] = {}
            for text in self.plan.outputs:
                if text not in built:
                    built[text] = self._output(run, parse(text, bound=[*known, *run.variables]))
        self.outputs = [built[text] for text in self.plan.outputs]

    def _output(self, run: Run, program: Program) -> torch.Tensor:
        try:
            for statement in program.statements:
                run.execute(statement)
            return run.tensor(program.result)
        except (ExpressionError, BoundError) as error:
            error.expression = program.text
            raise

    def play(self) -> Scenario:
        """All calls, with what each returned or raised and what it freed."""
        calls = []
        for number in range(1, len(self.plan.outputs) + 1):
            calls.append(self._captured(number))
            for index, slot in enumerate(self.slots):
                if index not in self.freed and slot.is_freed():
                    self.freed[index] = number
        return Scenario(
            name=self.plan.name,
            title=self.plan.title,
            expression=self.plan.text,
            via=self.plan.via,
            calls=tuple(calls),
            graph=tuple(map(self._node, self.nodes)),
            explanation=self._explanation(calls),
        )

    def _captured(self, number: int) -> Call:
        gradient, error = None, None
        try:
            found = self.call(number)
            gradient = {n: None if g is None else to_tensor(g.detach().clone()) for n, g in found.items()}
        except TorchError as raised:
            error = explain(raised, self.plan.text)
        return Call(number, self.plan.outputs[number - 1], self.retains(number), error is None, gradient, error)

    def retains(self, number: int) -> bool:
        """Whether that call keeps the graph: create_graph does so by itself."""
        return number in self.plan.retain or (self.plan.second_order and number == 1)

    def call(self, number: int) -> Gradients:
        """One backward pass; raises TorchError when PyTorch does."""
        if self.plan.rebuild and number > 1:
            self.forward()
        leaves = self.question.differentiated
        output = self.outputs[number - 1]
        if self.plan.second_order and number > 1:
            assert self.first_gradient is not None
            output = self.first_gradient.sum()
        create = self.plan.second_order and number == 1
        retain = True if number in self.plan.retain else None
        if self.plan.via == "backward":
            with autodiff.raised_in("backward"):
                autodiff.run_backward(output, torch.ones_like(output), retain_graph=retain)
            return {name: leaf.grad for name, leaf in leaves.items()}
        ones = torch.ones_like(output)
        found = autodiff.gradients(output, leaves, cotangent=ones, create_graph=create, retain_graph=retain)
        if create:
            self.first_gradient = next(iter(found.values()))
        return found

    def _node(self, node: torch.autograd.graph.Node) -> GraphNode:
        own = [(index, slot) for index, slot in enumerate(self.slots) if slot.node is node]
        saved = tuple(
            SavedTensor(slot.name, slot.shape, dtype_name(slot.dtype), slot.bytes, self.freed.get(index))
            for index, slot in own
        )
        freed = all(entry.freed_by is not None for entry in saved) if saved else None
        return GraphNode(node.name().rpartition("::")[2], saved, freed)

    def _explanation(self, calls: Sequence[Call]) -> str:
        failed = next((call for call in calls if not call.ok), None)
        if failed is not None:
            return self._why_it_raised(failed.index)
        if self.plan.rebuild:
            return "each call had a graph of its own"
        if not self.slots:
            return "no node saved a tensor, so there was nothing to free"
        if self.plan.second_order:
            return "create_graph=True retains the graph by itself: the second call differentiates the first gradient"
        if self.plan.via == "backward" and len(calls) > 1:
            return f"{_retained(calls)}, and .grad holds the sum of all calls"
        if len(calls) == 1:
            return f"one pass needs nothing retained; it freed {_names(self.slots)}"
        if any(call.retain_graph for call in calls):
            return _retained(calls)
        return "the later calls reached no node whose saved tensors were freed"

    def _why_it_raised(self, number: int) -> str:
        reached = set(graph.nodes(self.outputs[number - 1]))
        gone = [
            slot for i, slot in enumerate(self.slots) if self.freed.get(i, number) < number and slot.node in reached
        ]
        if not gone:
            return f"call {number} raised"
        first = min(self.freed[self.slots.index(slot)] for slot in gone)
        return f"call {number} needs {_names(gone)}, freed by call {first}"


def _retained(calls: Sequence[Call]) -> str:
    numbers = [str(call.index) for call in calls if call.retain_graph]
    if not numbers:
        return "nothing was retained"
    return f"call{'s' if len(numbers) > 1 else ''} {', '.join(numbers)} kept the graph"


def _names(slots: Iterable[graph.Saved]) -> str:
    names = list(dict.fromkeys(f"{slot.node.name().rpartition('::')[2]}.{slot.name}" for slot in slots))
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _first_error(scenario: Scenario) -> Failure | None:
    return next((call.error for call in scenario.calls if call.error is not None), None)
