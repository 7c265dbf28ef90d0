"""`retain-demo`: what happens when backward is called more than once over one graph, and why."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.diagnose.bound_expression import BoundExpression, ComputeOptions, Selection, bind
from gradcli.diagnose.diagnosis import given_findings
from gradcli.diagnose.explain.failure import explain
from gradcli.diagnose.explain.locate import located
from gradcli.exceptions import UsageError, listed
from gradcli.inspections.options import RetainOptions
from gradcli.inspections.retaining.backward_run import BackwardRun
from gradcli.inspections.retaining.graph_report import BackwardOutcome, GraphReport, Passed, slot_names
from gradcli.inspections.retaining.scenarios import BY_NAME, GIVEN, INPUT, SCENARIOS, ScenarioPlan
from gradcli.inspections.retaining.workarounds import workarounds
from gradcli.language.request import Request, read
from gradcli.numerics import bounds
from gradcli.numerics.capture import TorchError, to_tensor
from gradcli.progress import steps
from gradcli.recording.tape import node_name
from gradcli.results import BackwardCall, Failure, RetainDemoResult, Scenario

MAX_CALLS = 100
_ANOTHER = "under instruments the calls did something else"
SHOWN = "twice"
"""The scenario whose error is shown where none is named."""


def retain_demo(
    request: Request | None = None,
    options: RetainOptions = RetainOptions(),
    compute: ComputeOptions = ComputeOptions(),
    selection: Selection = Selection(),
) -> RetainDemoResult | Failure:
    """The scenarios, one of them, or the user's own graph; a Failure where forward or the very first call raised."""
    asked = demonstration() if request is None else request
    plans = SCENARIOS if request is None and options.scenario is None else (chosen_plan(request, options),)
    bound: BoundExpression | None = None
    try:
        bound = bind(asked, compute, selection)
        numbers = bound.elements_differentiated
        bounds.check_kept(options.calls * numbers, f"--calls {options.calls}", most=compute.max_elements)
        scenarios = tuple(_play(plan, bound) for plan in plans)
    except TorchError as raised:
        found = raised if bound is None else located(raised, bound)
        return explain(found, asked.program.text, frozen=selection.frozen, inputs=asked.names)
    errors = {scenario.name: _first_error(scenario) for scenario in scenarios}
    return RetainDemoResult(
        setting=bound.setting,
        expression=None if request is None else asked.program.text,
        inputs=bound.inputs,
        scenarios=scenarios,
        error=next(iter(errors.values())) if len(errors) == 1 else errors[SHOWN],
        given=GIVEN if request is None else None,
        findings=given_findings([bound]),
    )


def reproduce(request: Request | None, options: RetainOptions, compute: ComputeOptions, selection: Selection) -> None:
    """The same calls with nothing caught: raises TorchError with PyTorch's own exception inside."""
    asked = demonstration() if request is None else request
    plan = chosen_plan(request, options)
    run = BackwardRun(plan, bind(asked, compute, selection))
    for number in range(1, len(plan.outputs) + 1):
        run.call(number)


def chosen_plan(request: Request | None, options: RetainOptions) -> ScenarioPlan:
    """The plan that shows the error: the user's own, the scenario of that name, or two calls over a softmax."""
    return BY_NAME[options.scenario or SHOWN] if request is None else plan_of(request, options)


def demonstration() -> Request:
    """The article's softmax."""
    return read("softmax(a, dim=0)[1]", [INPUT], command="retain-demo")


def request_of(plan: ScenarioPlan) -> Request:
    """A scenario as the graph of a program.  Raises UsageError for one that differentiates more than one output."""
    if plan.rebuild or plan.second_order or len(set(plan.outputs)) > 1:
        one_output = [p.name for p in SCENARIOS if not (p.rebuild or p.second_order or len(set(p.outputs)) > 1)]
        raise UsageError(
            f"--emit torch writes calls of one output, and '{plan.name}' is more", hint=f"Choose {listed(one_output)}."
        )
    return read(plan.text, [INPUT], command="retain-demo")


def plan_of(request: Request, options: RetainOptions) -> ScenarioPlan:
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
    return ScenarioPlan(
        "your graph",
        "backward over your own graph",
        "",
        (request.program.text,) * options.calls,
        retain=retain,
        via=options.via,
    )


def _play(plan: ScenarioPlan, bound: BoundExpression) -> Scenario:
    """The plain calls, the same under instruments, and the fixes where one raised.

    Raises TorchError where the first call does: then there is no second pass to speak of.
    """
    run = BackwardRun(plan, bound)
    outcomes = [run.attempt(number) for number in steps(range(1, len(plan.outputs) + 1), "calls")]
    if isinstance(outcomes[0], TorchError):
        raise outcomes[0]
    report = GraphReport(plan, bound)
    agrees = report.agrees(outcomes)
    calls = tuple(_call(number, run, outcome, report, agrees) for number, outcome in enumerate(outcomes, 1))
    raised = any(not call.ok for call in calls)
    why, explanation = _explanation(plan, calls, report) if agrees else ("", _ANOTHER)
    return Scenario(
        name=plan.name,
        title=plan.title,
        expression=plan.text,
        via=plan.via,
        calls=calls,
        graph=report.graph_nodes() if agrees else (),
        explanation=explanation,
        why=why,
        code=plan.code,
        fixes=workarounds(plan, bound) if raised else (),
        agrees=agrees,
    )


def _call(number: int, run: BackwardRun, outcome: BackwardOutcome, report: GraphReport, agrees: bool) -> BackwardCall:
    """A call as data: the outcome of the plain run, and from the watched run what it did to the graph."""
    passed: Passed | None = report.calls[number - 1] if agrees else None
    gradient, error = None, None
    if isinstance(outcome, TorchError):
        placed = _placed(outcome, number, report) if agrees else outcome
        error = explain(placed, run.plan.text, inputs=tuple(run.bound.leaves))
    else:
        gradient = {name: None if tensor is None else to_tensor(tensor) for name, tensor in outcome.items()}
    stopped = None if passed is None else passed.stopped
    return BackwardCall(
        index=number,
        expression=run.plan.outputs[number - 1],
        retain_graph=run.retains(number),
        ok=error is None,
        gradient=gradient,
        error=error,
        kept_bytes=None if passed is None else passed.kept_bytes,
        node=None if stopped is None else node_name(stopped),
    )


def _placed(raised: TorchError, number: int, report: GraphReport) -> TorchError:
    """The exception with the sub-expression at whose node the pass died, and who freed what it needed."""
    raised.text = report.plan.text
    step = report.step_of(report.calls[number - 1].stopped)
    gone = report.missing(number)
    if step is not None:
        raised.place = step.span
    if step is not None and gone:
        culprit = report.freed_by(gone)
        raised.cause = f"Call {number} needs {slot_names(gone)}: '{step.text}' saved it, call {culprit} freed it."
    return raised


def _explanation(plan: ScenarioPlan, calls: Sequence[BackwardCall], report: GraphReport) -> tuple[str, str]:
    """Why it went as it did: in a few words, and in a sentence."""
    failed = next((call for call in calls if not call.ok), None)
    if failed is not None:
        gone = report.missing(failed.index)
        if not gone:
            return "", f"call {failed.index} raised"
        freed_by = f"call {report.freed_by(gone)}"
        return f"{freed_by} freed it", f"call {failed.index} needs {slot_names(gone)}, freed by {freed_by}"
    if plan.rebuild:
        return "a new graph", "each call had a graph of its own"
    if not report.slots:
        return "nothing to free", "no node saved a tensor, so there was nothing to free"
    if plan.second_order:
        return (
            "retains as well",
            "create_graph=True retains the graph by itself: the second call differentiates the first gradient",
        )
    if plan.via == "backward" and len(calls) > 1:
        return ".grad: the sum", f"{_retained(calls)}, and .grad holds the sum of all calls"
    if len(calls) == 1:
        return "the first call", f"one pass needs nothing retained; it freed {slot_names(report.slots)}"
    if any(call.retain_graph for call in calls):
        return "retained", _retained(calls)
    return "other nodes", "the later calls reached no node whose saved tensors were freed"


def _retained(calls: Sequence[BackwardCall]) -> str:
    numbers = [str(call.index) for call in calls if call.retain_graph]
    if not numbers:
        return "nothing was retained"
    cost = max(call.kept_bytes or 0 for call in calls if call.retain_graph)
    names = f"call{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"
    return f"{names} kept the graph, {cost:,} bytes of it" if cost else f"{names} kept the graph, which costs no memory"


def _first_error(scenario: Scenario) -> Failure | None:
    return next((call.error for call in scenario.calls if call.error is not None), None)
