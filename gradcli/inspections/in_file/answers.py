"""`trace`, `grad` and `check` of a function of a file."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from gradcli.diagnose.bound_expression import ComputeOptions, Selection
from gradcli.errors import UsageError
from gradcli.inspections.in_file.call import Call
from gradcli.inspections.options import GradOptions, TraceOptions
from gradcli.inspections.traced_steps import steps_of
from gradcli.language.in_file import FunctionRequest
from gradcli.language.request import Value
from gradcli.numerics import autodiff
from gradcli.numerics.autodiff import Gradients
from gradcli.numerics.capture import TorchError, agreement, joint_norm, to_gradients, to_tensor
from gradcli.numerics.differences import differences
from gradcli.recording.program.again import Repeated
from gradcli.results import CheckResult, CheckRow, CheckSummary, Failure, Finding, GradResult, Method, TraceResult

MOST_CHECKED = 200
"""Elements: each costs some forty calls."""
_NEAR = 1e-8
"""Differences of this part of the larger one are rounding."""


@dataclass(frozen=True)
class _Ran:
    """A forward and a backward pass through a function of a file, the run that made its tape, and what that shows."""

    call: Call
    output: torch.Tensor
    gradients: Gradients
    again: Repeated
    findings: tuple[Finding, ...]


def _ran(request: FunctionRequest, vjp: Value | None, compute: ComputeOptions, selection: Selection) -> _Ran | Failure:
    call = Call.of(request, compute, selection)
    output, entries, user = call.logged()
    _check_differentiable(call, output)
    cotangent = call.cotangent(output, vjp)
    try:
        gradients = call.gradients(output, cotangent)
    except TorchError as raised:
        return call.failure(raised)
    again, findings = call.again(output, entries, user, cotangent)
    return _Ran(call, output, gradients, again, findings)


def trace_function(
    request: FunctionRequest, options: TraceOptions, compute: ComputeOptions, selection: Selection
) -> TraceResult | Failure:
    """What flowed through every operation of the file."""
    if options.path is not None:
        raise UsageError("--path is of expressions", hint="Leave it out.")
    ran = _ran(request, options.vjp, compute, selection)
    if isinstance(ran, Failure):
        return ran
    call, output, again = ran.call, ran.output, ran.again
    seen = {name: again.tape.gradients.get(name) for name in ran.gradients}
    return TraceResult(
        setting=call.setting,
        expression=request.subject,
        inputs=call.inputs,
        output=to_tensor(output),
        gradients=to_gradients(ran.gradients, scalar=output.ndim == 0),
        steps=steps_of(again.tape, ran.findings, call.context),
        paths=(),
        agrees=again.differs is None and agreement(ran.gradients, seen),
        raised=None,
        findings=ran.findings,
    )


def grad_function(
    request: FunctionRequest, options: GradOptions, compute: ComputeOptions, selection: Selection
) -> GradResult | Failure:
    """Value and gradients."""
    if options.order != 1 or options.jvp or options.jacobian or options.hessian or options.no_cotangent:
        raise UsageError(
            "of a function in a file there are value and gradients, with --vjp, --wrt and --frozen",
            hint="Leave the other options out.",
        )
    ran = _ran(request, options.vjp, compute, selection)
    if isinstance(ran, Failure):
        return ran
    call, output = ran.call, ran.output
    return GradResult(
        setting=call.setting,
        expression=request.subject,
        inputs=call.inputs,
        output=to_tensor(output),
        gradients=to_gradients(ran.gradients, scalar=output.ndim == 0),
        norm=joint_norm(ran.gradients),
        derivatives=(),
        jacobians=None,
        hessians=None,
        tangent=None,
        method=Method(options.via, 1, "ones" if options.vjp is None else "given", elementwise=False),
        findings=ran.findings,
    )


def check_function(request: FunctionRequest, compute: ComputeOptions, selection: Selection) -> CheckResult | Failure:
    """Reverse mode beside finite differences, in float64."""
    call = Call.of(request, replace(compute, dtype="float64"), selection)
    output = call.value()
    _check_differentiable(call, output)
    elements = sum(leaf.numel() for leaf in call.differentiated.values())
    if elements > MOST_CHECKED:
        raise UsageError(
            f"check would call {request.subject} for {elements:,} elements; at most {MOST_CHECKED}",
            hint="Choose some inputs: --wrt NAME.",
        )
    try:
        found = call.gradients(output, autodiff.ones(output))
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
    return CheckResult(call.setting, request.subject, call.inputs, (summary,), tuple(rows), request.name)


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
