"""`grad`: the value of an expression, and its derivatives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from gradcli.diagnose.bound_expression import BoundExpression, ComputeOptions, Selection
from gradcli.diagnose.diagnosis import diagnose
from gradcli.diagnose.evidence import Computed
from gradcli.diagnose.rerun import Rerun
from gradcli.diagnose.values import tensor_of
from gradcli.errors import BoundError, UsageError
from gradcli.inspections.options import GradOptions
from gradcli.inspections.running import Run, cotangent_of
from gradcli.language.in_file import FunctionRequest
from gradcli.language.properties import is_elementwise
from gradcli.language.request import Request
from gradcli.numerics import autodiff
from gradcli.numerics.autodiff import Gradients
from gradcli.numerics.capture import TorchError, joint_norm, to_gradients, to_tensor
from gradcli.results import Derivative, Failure, GradResult, Method, Tensor

if TYPE_CHECKING:
    from gradcli.language.ranges import RangeRequest

MAX_ORDER = 10
MAX_MATRIX = 2**24
"""Elements of a Jacobian or Hessian: 64 MB of float32."""
MAX_ROWS = 2**14
"""Rows of a Jacobian or Hessian: each costs a backward pass through the whole graph."""


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
    check_options(bound, output, options, elementwise)
    leaves = bound.differentiated
    jacobians = _tensors(autodiff.jacobians(output, leaves)) if options.jacobian else None
    hessians = (
        {name: _tensors(row) for name, row in autodiff.hessians(output, leaves).items()} if options.hessian else None
    )
    cotangent, how = cotangent_of(bound, output, options.vjp, none=options.no_cotangent)
    rerun = Rerun(bound, cotangent, options.order, options.via)
    orders = rerun.gradients(output)
    derivatives = [to_gradients(found, scalar=output.ndim == 0) for found in orders]
    computed = Computed(
        derivatives[-1], value, of_sum=bool(output.ndim) and how == "ones" and not elementwise and jacobians is None
    )
    tangent = _tangent(bound, options)
    diagnosis = diagnose(rerun, computed, output, orders, elementwise=elementwise)
    return GradResult(
        setting=bound.setting,
        expression=bound.program.text,
        inputs=bound.inputs,
        output=value,
        gradients=derivatives[-1],
        norm=joint_norm(orders[-1]),
        derivatives=tuple(Derivative(n, g) for n, g in enumerate(derivatives, 1)) if options.order > 1 else (),
        jacobians=jacobians,
        hessians=hessians,
        tangent=tangent,
        method=Method(options.via, options.order, how, elementwise),
        findings=diagnosis.findings,
        sample=diagnosis.sample,
    )


def maps_elementwise(bound: BoundExpression, output: torch.Tensor) -> bool:
    """Whether element i of the output depends on element i of each differentiated input alone."""
    shapes = [leaf.shape for leaf in bound.differentiated.values()]
    return is_elementwise(bound.program) and all(shape == output.shape for shape in shapes)


def check_options(bound: BoundExpression, output: torch.Tensor, options: GradOptions, elementwise: bool) -> None:
    """Raises UsageError, BoundError for what cannot be asked of this output."""
    if not 1 <= options.order <= MAX_ORDER:
        raise UsageError(f"--order {options.order} is out of bounds", hint=f"Choose 1 to {MAX_ORDER}.")
    if options.order > 1 and not elementwise:
        raise UsageError(
            "--order needs an elementwise function: each output belongs to one input",
            expression=bound.program.text,
            hint="For second derivatives of a scalar of several inputs, use --hessian.",
        )
    if options.order > 1 and options.via == "backward":
        raise UsageError("--order goes with --via grad", hint="Leave --via out.")
    if options.hessian and output.ndim:
        raise UsageError(
            f"--hessian needs a scalar output, this one has the shape {list(output.shape)}",
            expression=bound.program.text,
            hint="Reduce it: sum(...) or mean(...).",
        )
    inputs = bound.elements_differentiated
    for name, rows in (("--jacobian", output.numel() * options.jacobian), ("--hessian", inputs * options.hessian)):
        if rows * inputs > MAX_MATRIX:
            raise BoundError(
                f"{name} would have {rows:,} x {inputs:,} = {rows * inputs:,} elements; at most {MAX_MATRIX:,}",
                hint="Ask for products with it instead: --vjp V or --jvp U.",
            )
        if rows > MAX_ROWS:
            raise BoundError(
                f"{name} would take {rows:,} backward passes, one a row; at most {MAX_ROWS:,}",
                hint="Ask for products with it instead: --vjp V or --jvp U.",
            )


def _tensors(found: Gradients) -> dict[str, Tensor | None]:
    return {name: None if tensor is None else to_tensor(tensor) for name, tensor in found.items()}


def _tangent(bound: BoundExpression, options: GradOptions) -> Tensor | None:
    tangents = directions(bound, options)
    return to_tensor(autodiff.tangent(bound.evaluate, bound.differentiated, tangents)) if tangents else None


def directions(bound: BoundExpression, options: GradOptions) -> dict[str, torch.Tensor]:
    """The tangent of each input that has one.  Raises UsageError for what does not fit."""
    tangents: dict[str, torch.Tensor] = {}
    for name, value in (options.jvp or {}).items():
        if not name and len(bound.wrt) != 1:
            example = " ".join(f"--jvp {n}=1" for n in bound.wrt)
            raise UsageError("--jvp needs the input's name when there are several", hint=f"Write {example}.")
        known = name or bound.wrt[0]
        if known not in bound.wrt:
            raise UsageError(f"--jvp names '{known}', which is not differentiated", hint="Name an input of --wrt.")
        leaf = bound.leaves[known]
        direction = tensor_of(value, bound.context).to(leaf.dtype)
        if direction.numel() == leaf.numel() == 1:
            direction = direction.reshape(leaf.shape)  # a single point is 1-D, the number typed for it is not
        if direction.shape != leaf.shape:
            raise UsageError(
                f"the direction of --jvp has the shape {list(direction.shape)}, {known} has {list(leaf.shape)}",
                hint="Give one number for each of the input.",
            )
        tangents[known] = direction
    return tangents
