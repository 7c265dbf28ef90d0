"""`grad`: the value of an expression, and its derivatives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from gradcli.diagnose.bound_expression import BoundExpression, ComputeOptions, Selection
from gradcli.diagnose.diagnosis import diagnose
from gradcli.diagnose.evidence import Computed
from gradcli.diagnose.rerun import Rerun
from gradcli.inspections.derivatives import check_options, hessians, jacobians, tangent
from gradcli.inspections.options import GradOptions
from gradcli.inspections.running import Run, cotangent_of
from gradcli.language.in_file import FunctionRequest
from gradcli.language.properties import is_elementwise
from gradcli.language.request import Request
from gradcli.numerics.capture import TorchError, joint_norm, to_gradients, to_tensor
from gradcli.results import Derivative, Failure, GradResult, Method

if TYPE_CHECKING:
    from gradcli.language.ranges import RangeRequest


def grad(
    request: Request | FunctionRequest | RangeRequest,
    options: GradOptions = GradOptions(),
    compute: ComputeOptions = ComputeOptions(),
    selection: Selection = Selection(),
) -> GradResult | Failure:
    """Value and gradients of an expression; a Failure where PyTorch raised."""
    if isinstance(request, FunctionRequest):
        from gradcli.inspections.in_file.answers import grad_function  # for files alone

        return grad_function(request, options, compute, selection)
    if not isinstance(request, Request):
        from gradcli.inspections.curves.ranges import at_points  # most calls go over no range

        request, selection = at_points(request, compute, selection)
    run = Run(request, compute, selection)
    try:
        return _answer(run.start(), run.output(), options)
    except TorchError as raised:
        return run.failure(raised)


def _answer(bound: BoundExpression, output: torch.Tensor, options: GradOptions) -> GradResult:
    elementwise = maps_elementwise(bound, output)
    value = to_tensor(output)  # before backward: an in-place program may change nothing any more
    leaves = bound.differentiated
    check_options(options, output, leaves, elementwise=elementwise, expression=bound.program.text)
    jacobian, hessian = jacobians(options, output, leaves), hessians(options, output, leaves)
    cotangent, how = cotangent_of(bound, output, options.vjp, none=options.no_cotangent)
    rerun = Rerun(bound, cotangent, options.order, options.via)
    orders = rerun.gradients(output)
    derivatives = [to_gradients(found, scalar=output.ndim == 0) for found in orders]
    computed = Computed(
        derivatives[-1], value, of_sum=bool(output.ndim) and how == "ones" and not elementwise and jacobian is None
    )
    along = tangent(options, bound.evaluate, leaves, bound.context)
    diagnosis = diagnose(rerun, computed, output, orders, elementwise=elementwise)
    return GradResult(
        setting=bound.setting,
        expression=bound.program.text,
        inputs=bound.inputs,
        output=value,
        gradients=derivatives[-1],
        norm=joint_norm(orders[-1]),
        derivatives=tuple(Derivative(n, g) for n, g in enumerate(derivatives, 1)) if options.order > 1 else (),
        jacobians=jacobian,
        hessians=hessian,
        tangent=along,
        method=Method(options.via, options.order, how, elementwise),
        findings=diagnosis.findings,
        sample=diagnosis.sample,
    )


def maps_elementwise(bound: BoundExpression, output: torch.Tensor) -> bool:
    """Whether element i of the output depends on element i of each differentiated input alone."""
    shapes = [leaf.shape for leaf in bound.differentiated.values()]
    return is_elementwise(bound.program) and all(shape == output.shape for shape in shapes)
