"""`trace`, `grad` and `check` of a function of a file."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from gradcli.diagnose.bound_expression import ComputeOptions, Selection
from gradcli.exceptions import UsageError
from gradcli.inspections.callables.checked import checked
from gradcli.inspections.callables.function import LeafFunction
from gradcli.inspections.callables.sampled import MOST_ELEMENTS
from gradcli.inspections.derivatives import check_options, hessians, jacobians, tangent
from gradcli.inspections.in_file.call import Call
from gradcli.inspections.options import GradOptions, TraceOptions
from gradcli.inspections.traced_steps import check_path, paths_of, steps_of
from gradcli.language.in_file import FunctionRequest
from gradcli.numerics import autodiff
from gradcli.numerics.autodiff import Gradients, higher_orders
from gradcli.numerics.capture import TorchError, agreement, joint_norm, to_gradients, to_tensor
from gradcli.recording.program.again import Repeated
from gradcli.results import (
    CheckResult,
    CheckSummary,
    Derivative,
    Failure,
    Finding,
    GradResult,
    Method,
    TraceResult,
)


@dataclass(frozen=True)
class _Ran:
    """A forward and a backward pass through a function of a file, the run that made its tape, and what that shows."""

    call: Call
    output: torch.Tensor
    cotangent: torch.Tensor | None
    gradients: Gradients
    again: Repeated
    findings: tuple[Finding, ...]


def _ran(
    request: FunctionRequest, options: GradOptions, compute: ComputeOptions, selection: Selection
) -> _Ran | Failure:
    call = Call.of(request, compute, selection)
    output, entries, user = call.logged()
    _check_differentiable(call, output)
    cotangent = None if options.no_cotangent else call.cotangent(output, options.vjp)
    try:
        gradients = call.gradients(output, cotangent, options.via)
    except TorchError as raised:
        return call.failure(raised)
    again, findings = call.again(output, entries, user, cotangent)
    return _Ran(call, output, cotangent, gradients, again, findings)


def trace_function(
    request: FunctionRequest, options: TraceOptions, compute: ComputeOptions, selection: Selection
) -> TraceResult | Failure:
    """What flowed through every operation of the file."""
    ran = _ran(request, GradOptions(vjp=options.vjp), compute, selection)
    if isinstance(ran, Failure):
        return ran
    call, output, again = ran.call, ran.output, ran.again
    check_path(options, call.wrt)
    seen = {name: again.tape.gradients.get(name) for name in ran.gradients}
    return TraceResult(
        setting=call.setting_after(),
        expression=request.subject,
        inputs=call.inputs,
        output=to_tensor(output),
        gradients=to_gradients(ran.gradients, scalar=output.ndim == 0),
        steps=steps_of(again.tape, ran.findings, call.context),
        paths=paths_of(again.tape, options),
        agrees=again.differs is None and agreement(ran.gradients, seen),
        raised=None,
        findings=ran.findings,
    )


def grad_function(
    request: FunctionRequest, options: GradOptions, compute: ComputeOptions, selection: Selection
) -> GradResult | Failure:
    """Value and derivatives."""
    ran = _ran(request, options, compute, selection)
    if isinstance(ran, Failure):
        return ran
    call, output, leaves = ran.call, ran.output, ran.call.differentiated
    elementwise = _maps_elementwise(ran)
    check_options(options, output, leaves, elementwise=elementwise, expression=request.subject)
    try:
        jacobian, hessian = jacobians(options, output, leaves), hessians(options, output, leaves)
        along = tangent(options, call.with_leaves, leaves, call.context)
        orders = [ran.gradients]
        if options.order > 1:
            orders = higher_orders(output, leaves, cotangent=ran.cotangent, order=options.order)
    except TorchError as raised:
        return call.failure(raised)
    derivatives = [to_gradients(found, scalar=output.ndim == 0) for found in orders]
    how = None if options.no_cotangent else "ones" if options.vjp is None else "given"
    return GradResult(
        setting=call.setting_after(),
        expression=request.subject,
        inputs=call.inputs,
        output=to_tensor(output),
        gradients=derivatives[-1],
        norm=joint_norm(orders[-1]),
        derivatives=tuple(Derivative(n, g) for n, g in enumerate(derivatives, 1)) if options.order > 1 else (),
        jacobians=jacobian,
        hessians=hessian,
        tangent=along,
        method=Method(options.via, options.order, how, elementwise),
        findings=ran.findings,
    )


def _maps_elementwise(ran: _Ran) -> bool:
    """Whether element i of the output depends on element i of each leaf alone, as the operations that were run tell."""
    leaves, tape = ran.call.differentiated.values(), ran.again.tape
    if any(leaf.shape != ran.output.shape for leaf in leaves):
        return False
    return ran.output.numel() == 1 or all(step.is_leaf or step.elementwise for step in tape.steps)


def check_function(request: FunctionRequest, compute: ComputeOptions, selection: Selection) -> CheckResult | Failure:
    """Each derivative beside finite differences, in float64."""
    call = Call.of(request, replace(compute, dtype="float64"), selection, widened=True)
    _check_differentiable(call, call.value())
    elements = sum(leaf.numel() for leaf in call.differentiated.values())
    if elements > MOST_ELEMENTS:
        raise UsageError(
            f"check would call {request.subject} for {elements:,} elements; at most {MOST_ELEMENTS}",
            hint="Choose some inputs: --wrt NAME.",
        )
    function = LeafFunction(request.subject, call.with_leaves, call.leaves, call.wrt)
    try:
        with autodiff.raised_in("backward"):
            found = checked(function, torch.float64, None)
    except TorchError as raised:
        return call.failure(raised)
    if found.unsteady is not None:
        raise UsageError(
            f"{request.subject} gives another value in each call: {found.unsteady.value:g}, {found.unsteady.again:g}",
            hint="Draw random numbers from PyTorch's, NumPy's or Python's generator: each call finds them as before.",
        )
    return CheckResult(
        call.setting_after(),
        request.subject,
        call.inputs,
        (CheckSummary.of("float64", found.rows),),
        found.rows,
        request.name,
    )


def _check_differentiable(call: Call, output: torch.Tensor) -> None:
    if not output.requires_grad:
        raise UsageError(
            f"no gradient leads from {call.request.subject} to an input",
            hint="Is there a detach, a no_grad, or a value that is not floating?",
        )
