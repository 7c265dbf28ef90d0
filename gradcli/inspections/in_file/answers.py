"""`trace`, `grad` and `check` of a function of a file."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from gradcli.diagnose.bound_expression import ComputeOptions, Selection
from gradcli.exceptions import UsageError
from gradcli.inspections.derivatives import check_options, hessians, jacobians, tangent
from gradcli.inspections.in_file.call import Call
from gradcli.inspections.options import GradOptions, TraceOptions
from gradcli.inspections.traced_steps import check_path, paths_of, steps_of
from gradcli.language.in_file import FunctionRequest
from gradcli.numerics import autodiff
from gradcli.numerics.autodiff import Gradients, higher_orders
from gradcli.numerics.capture import TorchError, agreement, joint_norm, to_gradients, to_tensor
from gradcli.numerics.differences import differences
from gradcli.recording.program.again import Repeated
from gradcli.results import (
    CheckResult,
    CheckRow,
    CheckSummary,
    Derivative,
    Failure,
    Finding,
    GradResult,
    Method,
    TraceResult,
)

MOST_CHECKED = 200
"""Elements: each costs some forty calls."""
_NEAR = 1e-8
"""Differences of this part of the larger one are rounding."""


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
    """Reverse mode beside finite differences, in float64."""
    call = Call.of(request, replace(compute, dtype="float64"), selection, widened=True)
    output = call.value()
    _check_differentiable(call, output)
    elements = sum(leaf.numel() for leaf in call.differentiated.values())
    if elements > MOST_CHECKED:
        raise UsageError(
            f"check would call {request.subject} for {elements:,} elements; at most {MOST_CHECKED}",
            hint="Choose some inputs: --wrt NAME.",
        )
    try:
        found = call.gradients(output, autodiff.ones(output), "grad")
    except TorchError as raised:
        return call.failure(raised)
    rows = [
        _row(call, name, index, found[name])
        for name, leaf in call.differentiated.items()
        for index in np.ndindex(*leaf.shape)
    ]
    counts = {verdict: sum(row.verdict == verdict for row in rows) for verdict in ("agree", "disagree", "kink")}
    unknown = len(rows) - sum(counts.values())
    summary = CheckSummary("float64", counts["agree"], counts["disagree"], counts["kink"], 0, unknown, None)
    return CheckResult(call.setting_after(), request.subject, call.inputs, (summary,), tuple(rows), request.name)


def _row(call: Call, name: str, index: tuple[int, ...], gradient: torch.Tensor | None) -> CheckRow:
    """One element by both ways."""
    leaf = call.leaves[name].detach().clone()

    def function(points: np.ndarray) -> np.ndarray:
        values = []
        for point in points.reshape(-1):
            moved = leaf.clone()
            moved[index] = float(point)
            values.append(call.at({name: moved}).sum().item())
        return np.array(values).reshape(points.shape)

    here = leaf[index].item()
    seen = differences(function, np.array([here]))
    slope, error, kink = float(seen.slope[0]), float(seen.error[0]), bool(seen.kink[0])
    reverse = 0.0 if gradient is None else gradient[index].item()
    if kink:
        verdict = "kink"
    elif not np.isfinite(slope):
        verdict = "no reference"
    else:
        verdict = "agree" if abs(reverse - slope) <= error + _NEAR * max(abs(slope), abs(reverse)) else "disagree"
    return CheckRow(
        variable=name,
        index=index,
        dtype="float64",
        value=here,
        reverse=reverse,
        forward=None,
        finite_difference=slope if np.isfinite(slope) else None,
        finite_difference_error=error if np.isfinite(error) else None,
        reference=None,
        left=float(seen.left[0]) if kink else None,
        right=float(seen.right[0]) if kink else None,
        ulp_error=None,
        verdict=verdict,  # type: ignore[arg-type]
        why=None,
        wrong_modes=("reverse",) if verdict == "disagree" else (),
    )


def _check_differentiable(call: Call, output: torch.Tensor) -> None:
    if not output.requires_grad:
        raise UsageError(
            f"no gradient leads from {call.request.subject} to an input",
            hint="Is there a detach, a no_grad, or a value that is not floating?",
        )
