"""`trace`: the tape of an expression, where its troubles begin, and the chain rule with numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import torch

from gradcli.diagnose.bound_expression import BoundExpression, ComputeOptions, Selection, bind, tensor_of
from gradcli.diagnose.diagnosis import agreement, evidence_of
from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.explain.failure import explain
from gradcli.diagnose.findings import with_findings
from gradcli.diagnose.findings.table import GIVEN
from gradcli.diagnose.fixes.attach import with_fixes
from gradcli.diagnose.origins.local import slope_by_node, slope_of
from gradcli.errors import UsageError, did_you_mean
from gradcli.gc_paused import gc_paused
from gradcli.inspections.grad import to_gradients
from gradcli.inspections.options import TraceOptions
from gradcli.language.request import Request, Value
from gradcli.numerics import autodiff
from gradcli.numerics.autodiff import Gradients
from gradcli.numerics.capture import TorchError, to_tensor
from gradcli.progress import steps
from gradcli.recording.from_expression import ExpressionRecorder, operation_name
from gradcli.recording.operation import LEAF
from gradcli.recording.paths import paths
from gradcli.recording.recorder import record_backward
from gradcli.recording.tape import Step as TapeStep
from gradcli.recording.tape import Tape
from gradcli.results import Failure, Path, Step, Tensor, TraceResult
from gradcli.results.trace import LARGEST_STEP


def trace(
    request: Request,
    options: TraceOptions = TraceOptions(),
    compute: ComputeOptions = ComputeOptions(),
    selection: Selection = Selection(),
) -> TraceResult | Failure:
    """The tape; where PyTorch raises, the tape up to there and the exception in `raised`."""
    text = request.program.text
    try:
        bound = bind(request, compute, selection)
    except TorchError as raised:
        return explain(raised, text, frozen=selection.frozen, inputs=request.names)
    _check(options, bound)
    with gc_paused():
        return _traced(bound, options, selection)


def _traced(bound: BoundExpression, options: TraceOptions, selection: Selection) -> TraceResult:
    recorder = ExpressionRecorder(bound.program, bound.in_place)
    try:
        output = bound.evaluate()  # the plain run first: instruments must not decide what happens
        cotangent = torch.ones_like(output) if options.vjp is None else _given(options.vjp, bound, output)
        plain = _gradients(bound, output, cotangent)
        recorded = bound.evaluate(observe=recorder)
        tape = record_backward(recorder, recorded, bound.differentiated, cotangent, retain_graph=True)
    except TorchError as raised:
        return _raised(bound, raised, selection)
    tape.agrees = agreement(plain, tape.gradients) and agreement({"": output}, {"": recorded})
    evidence = evidence_of(bound, tape, cotangent, lambda wide: _shadowed(wide, cotangent))
    result = TraceResult(
        setting=bound.setting,
        expression=bound.program.text,
        inputs=bound.inputs,
        output=to_tensor(output),
        gradients=to_gradients(tape.gradients, scalar=output.ndim == 0),
        steps=_steps(tape, evidence),
        paths=_paths(tape, options),
        agrees=tape.agrees,
        raised=None,
    )
    return _marked(with_fixes(with_findings(result, evidence), bound, cotangent))


def _check(options: TraceOptions, bound: BoundExpression) -> None:
    if options.path is not None and options.path not in bound.wrt:
        raise UsageError(
            f"--path names '{options.path}', which is not differentiated",
            hint=did_you_mean(options.path, bound.wrt) or f"The inputs are {', '.join(bound.wrt) or 'none'}.",
        )


def _given(vjp: Value, bound: BoundExpression, output: torch.Tensor) -> torch.Tensor:
    return tensor_of(vjp, bound.context).detach().to(output.dtype)


def _gradients(bound: BoundExpression, output: torch.Tensor, cotangent: torch.Tensor) -> Gradients:
    return autodiff.gradients(output, bound.differentiated, cotangent=cotangent)


def _shadowed(bound: BoundExpression, cotangent: torch.Tensor) -> Gradients:
    output = bound.evaluate()
    return _gradients(bound, output, cotangent.to(output.dtype))


def _raised(bound: BoundExpression, raised: TorchError, selection: Selection) -> TraceResult:
    """The steps up to the exception, from a run under the observer that ends in the same way."""
    from gradcli.diagnose.explain.locate import located  # only needed once something went wrong

    recorder = ExpressionRecorder(bound.program, bound.in_place)
    shape: list[int] | None = None
    found = raised
    try:
        shape = list(bound.evaluate(observe=recorder).shape)
        found = located(raised, bound)
    except TorchError as again:
        found = located(again, bound)
    tape = recorder.unfinished()
    unfinished = _unfinished(found, bound.program.text, recorder)
    result = TraceResult(
        setting=bound.setting,
        expression=bound.program.text,
        inputs=bound.inputs,
        output=None,
        gradients=dict.fromkeys(bound.wrt),
        steps=(*_steps(tape, None), *unfinished),
        paths=(),
        agrees=True,
        raised=explain(found, bound.program.text, frozen=selection.frozen, output=shape, inputs=tuple(bound.leaves)),
        stopped=len(tape.steps) if unfinished else found.step,
    )
    if found.stage == "forward":
        return result
    return _marked(with_findings(result, Evidence(None, tape, bound.context)))


def _unfinished(raised: TorchError, text: str, recorder: ExpressionRecorder) -> tuple[Step, ...]:
    """The operation that raised, which has no value."""
    if raised.stage != "forward" or raised.node is None:
        return ()
    start, end = raised.node.span
    operands = tuple(dict.fromkeys(recorder.operands_of(raised.node)))
    return (Step(text[start:end], raised.node.span, operation_name(raised.node), None, operands, None, None, None, ()),)


@torch.no_grad()
def _steps(tape: Tape, evidence: Evidence | None) -> tuple[Step, ...]:
    """Each input once, and every operation."""
    return tuple(
        Step(
            expression=step.text,
            span=step.span,
            operation=step.name,
            node=step.graph_node,
            operands=tuple(dict.fromkeys(step.operands)),
            value=_small(step.value),
            gradient=_small(tape.arriving(step)),
            derivative=_small(_slope(step, evidence)),
            findings=(),
        )
        for step in steps(tape.steps, "steps of the trace")
    )


def _slope(step: TapeStep, evidence: Evidence | None) -> torch.Tensor | None:
    """The local derivative of an elementwise step by its first differentiated operand."""
    value = step.value
    if evidence is None or value is None or value.numel() > LARGEST_STEP or not step.elementwise or not step.edges:
        return None
    found = slope_by_node(step)
    if found is not None:
        return found
    with torch.enable_grad():
        return slope_of(step, evidence.context)


def _small(tensor: torch.Tensor | None) -> Tensor | None:
    return None if tensor is None or tensor.numel() > LARGEST_STEP else to_tensor(tensor)


def _paths(tape: Tape, options: TraceOptions) -> tuple[Path, ...]:
    if options.path is None:
        return ()
    return tuple(
        Path(
            options.path,
            tuple(step.text for step in way.steps),
            tuple(map(to_tensor, way.arriving)),
            to_tensor(way.gradient),
            way.share,
        )
        for way in paths(tape, options.path)
    )


def _marked(result: TraceResult) -> TraceResult:
    """The result with the codes of its findings at the steps that they are about."""
    codes: dict[int, dict[str, None]] = {}
    for finding in result.findings:
        if finding.step is not None:
            codes.setdefault(finding.step, {})[finding.code] = None
    marked = (
        replace(step, findings=_codes_at(step, codes.get(number, ()))) for number, step in enumerate(result.steps)
    )
    return replace(result, steps=tuple(marked))


def _codes_at(step: Step, codes: Iterable[str]) -> tuple[str, ...]:
    """An input is only to blame for what it was given as; the rest belongs to the expression that is nothing else."""
    return tuple(code for code in codes if (step.operation == LEAF) == (code in GIVEN))
