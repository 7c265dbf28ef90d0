"""`trace`: the tape of an expression, where its troubles begin, and the chain rule with numbers."""

from __future__ import annotations

from dataclasses import replace

import torch

from gradcli.diagnose.bound_expression import BoundExpression, ComputeOptions, Selection
from gradcli.diagnose.diagnosis import told
from gradcli.diagnose.evidence import Computed, Evidence
from gradcli.diagnose.findings import found_in
from gradcli.diagnose.rerun import Rerun
from gradcli.gc_paused import gc_paused
from gradcli.inspections.options import TraceOptions
from gradcli.inspections.running import Run, cotangent_of
from gradcli.inspections.traced_steps import check_path, paths_of, steps_of
from gradcli.language.in_file import FunctionRequest
from gradcli.language.request import Request
from gradcli.numerics.bounds import check_kept
from gradcli.numerics.capture import TorchError, agreement, to_gradients, to_tensor
from gradcli.numerics.evaluate import Observed, Observer
from gradcli.numerics.graph import storage_of
from gradcli.recording.from_expression import ExpressionRecorder, operation_name
from gradcli.recording.recorder import record_backward, tensors_in
from gradcli.results import Failure, Finding, Gradient, TracedStep, TraceResult


def trace(
    request: Request | FunctionRequest,
    options: TraceOptions = TraceOptions(),
    compute: ComputeOptions = ComputeOptions(),
    selection: Selection = Selection(),
) -> TraceResult | Failure:
    """The tape; where PyTorch raises, the tape up to there and the exception in `raised`."""
    if isinstance(request, FunctionRequest):
        from gradcli.inspections.in_file.answers import trace_function  # for files alone

        return trace_function(request, options, compute, selection)
    run = Run(request, compute, selection)
    try:
        bound = run.start()
    except TorchError as raised:
        return run.failure(raised)
    check_path(options, bound.wrt)
    with gc_paused():
        return _traced(bound, run, options)


def _traced(bound: BoundExpression, run: Run, options: TraceOptions) -> TraceResult:
    recorder = ExpressionRecorder(bound.program, bound.in_place)
    try:
        output = run.output()  # the plain run first: instruments must not decide what happens
        check_kept(2 * output.numel(), "trace", most=bound.context.max_elements)
        given = options.vjp is not None
        cotangent = cotangent_of(bound, output, options.vjp)[0] if given else torch.ones_like(output)
        rerun = Rerun(bound, cotangent)
        (plain,) = rerun.gradients(output)
        recorded = bound.evaluate(observe=_within_bounds(recorder, bound.context.max_elements))
        tape = record_backward(recorder, recorded, bound.differentiated, cotangent, retain_graph=True)
    except TorchError as raised:
        return _raised(bound, run, raised)
    agrees = agreement(plain, tape.gradients) and agreement({"": output}, {"": recorded})
    computed = Computed(to_gradients(tape.gradients, scalar=output.ndim == 0), to_tensor(output))
    evidence = Evidence(rerun, computed, recorded=tape)
    ways = paths_of(tape, options)
    findings = told(evidence, explains=options.explains) if options.fixes else found_in(evidence)
    return TraceResult(
        setting=bound.setting,
        expression=bound.program.text,
        inputs=bound.inputs,
        output=computed.output,
        gradients=computed.gradients,
        steps=steps_of(tape, findings, bound.context),
        paths=ways,
        agrees=agrees,
        raised=None,
        findings=findings,
    )


def _within_bounds(recorder: ExpressionRecorder, most: int) -> Observer:
    """The recorder, as long as it keeps no more than `most` numbers: each value, and the gradient that reaches it."""
    seen: set[int] = set()
    kept = 0

    def observe(node: Observed, value: object, arguments: list[object]) -> None:
        nonlocal kept
        for tensor in tensors_in(value):
            if (memory := storage_of(tensor)) not in seen:
                seen.add(memory)
                kept += 2 * tensor.numel()
        check_kept(kept, "trace", most=most)
        recorder(node, value, arguments)

    return observe


def _raised(bound: BoundExpression, run: Run, raised: TorchError) -> TraceResult:
    """The steps up to the exception, from a run under the observer that ends in the same way."""
    recorder = ExpressionRecorder(bound.program, bound.in_place)
    try:
        bound.evaluate(observe=recorder)
    except TorchError as again:
        raised = again
    failure, tape = run.failure(raised), recorder.unfinished()
    unfinished = _unfinished(raised, bound.program.text, recorder)
    gradients: dict[str, Gradient | None] = dict.fromkeys(bound.wrt)
    findings: tuple[Finding, ...] = ()
    if raised.stage != "forward":  # numbers that the dtype cannot hold have done nothing yet
        computed = Computed(gradients, raised=failure, stopped=raised.step)
        findings = found_in(Evidence(Rerun(replace(bound, written={})), computed, recorded=tape, tape_alone=True))
    return TraceResult(
        setting=bound.setting,
        expression=bound.program.text,
        inputs=bound.inputs,
        output=None,
        gradients=gradients,
        steps=(*steps_of(tape, findings, None), *unfinished),
        paths=(),
        agrees=True,
        raised=failure,
        stopped=len(tape.steps) if unfinished else raised.step,
        findings=findings,
    )


def _unfinished(raised: TorchError, text: str, recorder: ExpressionRecorder) -> tuple[TracedStep, ...]:
    """The operation that raised, which has no value."""
    if raised.stage != "forward" or raised.node is None:
        return ()
    start, end = raised.node.span
    operands = tuple(dict.fromkeys(recorder.operands_of(raised.node)))
    return (
        TracedStep(
            text[start:end], raised.node.span, operation_name(raised.node), None, operands, None, None, None, ()
        ),
    )
