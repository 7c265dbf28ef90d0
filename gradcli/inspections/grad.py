"""`grad`: the value of an expression, and its derivatives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from gradcli.diagnose.bound_expression import BoundExpression, ComputeOptions, Selection, bind, tensor_of
from gradcli.diagnose.diagnosis import gather
from gradcli.diagnose.explain.failure import explain
from gradcli.diagnose.findings import with_findings
from gradcli.diagnose.fixes.attach import with_fixes
from gradcli.diagnose.sampling import sampled
from gradcli.errors import BoundError, UsageError
from gradcli.inspections.options import GradOptions
from gradcli.language.properties import is_elementwise
from gradcli.language.request import Request
from gradcli.numerics import autodiff
from gradcli.numerics.autodiff import Gradients
from gradcli.numerics.capture import TorchError, norm, to_gradient, to_norm, to_tensor
from gradcli.results import Derivative, Failure, Gradient, GradResult, Method, Tensor

if TYPE_CHECKING:
    from gradcli.language.ranges import RangeRequest

MAX_ORDER = 10
MAX_MATRIX = 2**24
"""Elements of a Jacobian or Hessian: 64 MB of float32."""
MAX_ROWS = 2**14
"""Rows of a Jacobian or Hessian: each costs a backward pass through the whole graph."""


def grad(
    request: Request | RangeRequest,
    options: GradOptions = GradOptions(),
    compute: ComputeOptions = ComputeOptions(),
    selection: Selection = Selection(),
) -> GradResult | Failure:
    """Value and gradients of an expression; a Failure where PyTorch raised."""
    if not isinstance(request, Request):
        from gradcli.inspections.curves.ranges import at_points  # most calls go over no range

        request, selection = at_points(request, compute, selection)
    shape: list[int] | None = None
    bound: BoundExpression | None = None
    try:
        bound = bind(request, compute, selection)
        output = bound.evaluate()
        shape = list(output.shape)
        return _answer(bound, output, options)
    except TorchError as raised:
        from gradcli.diagnose.explain.locate import located  # only needed once something went wrong

        found = raised if bound is None else located(raised, bound)
        return explain(found, request.program.text, frozen=selection.frozen, output=shape, inputs=request.names)


def _answer(bound: BoundExpression, output: torch.Tensor, options: GradOptions) -> GradResult:
    elementwise = maps_elementwise(bound, output)
    value = to_tensor(output)  # before backward: an in-place program may change nothing any more
    check_options(bound, output, options, elementwise)
    leaves = bound.differentiated
    jacobians = _tensors(autodiff.jacobians(output, leaves)) if options.jacobian else None
    hessians = (
        {name: _tensors(row) for name, row in autodiff.hessians(output, leaves).items()} if options.hessian else None
    )
    cotangent, how = _cotangent(bound, output, options)
    orders = _orders(output, leaves, cotangent, options)
    derivatives = [to_gradients(found, scalar=output.ndim == 0) for found in orders]
    result = GradResult(
        setting=bound.setting,
        expression=bound.program.text,
        inputs=bound.inputs,
        output=value,
        gradients=derivatives[-1],
        norm=joint_norm(orders[-1]),
        derivatives=tuple(Derivative(n, g) for n, g in enumerate(derivatives, 1)) if options.order > 1 else (),
        jacobians=jacobians,
        hessians=hessians,
        tangent=_tangent(bound, options),
        method=Method(options.via, options.order, how, elementwise),
    )
    part = sampled(bound, output, cotangent, orders[-1], elementwise=elementwise)
    if part is None:
        return _with_findings(result, bound, cotangent, options, (output, orders[0]))
    found = _with_findings(part.thin(result), part.bound, part.cotangent, options, None)
    return replace(result, findings=tuple(map(part.at_home, found.findings)), sample=part.sample)


def _with_findings(
    result: GradResult,
    bound: BoundExpression,
    cotangent: torch.Tensor | None,
    options: GradOptions,
    plain: tuple[torch.Tensor, Gradients] | None,
) -> GradResult:
    """The result with its findings; `plain`: output and gradients of the plain run, where they are of `bound`."""
    evidence = gather(
        bound,
        cotangent=cotangent,
        gradients=lambda wide: _last_order(wide, cotangent, options),
        plain=plain,
        order=options.order,
    )
    found = with_fixes(with_findings(result, evidence), bound, cotangent)
    return found if evidence.sample is None else replace(found, sample=evidence.sample)


def _orders(
    output: torch.Tensor, leaves: Mapping[str, torch.Tensor], cotangent: torch.Tensor | None, options: GradOptions
) -> list[Gradients]:
    if options.order > 1:
        return autodiff.higher_orders(output, leaves, cotangent=cotangent, order=options.order)
    return [autodiff.gradients(output, leaves, cotangent=cotangent, via=options.via)]


def _last_order(bound: BoundExpression, cotangent: torch.Tensor | None, options: GradOptions) -> Gradients:
    output = bound.evaluate()
    same = None if cotangent is None else cotangent.to(output.dtype)
    return _orders(output, bound.differentiated, same, options)[-1]


def maps_elementwise(bound: BoundExpression, output: torch.Tensor) -> bool:
    """Whether element i of the output depends on element i of each differentiated input alone."""
    shapes = [leaf.shape for leaf in bound.differentiated.values()]
    return is_elementwise(bound.program) and all(shape == output.shape for shape in shapes)


def to_gradients(found: Gradients, *, scalar: bool) -> dict[str, Gradient | None]:
    """Gradients as data; those of a scalar output have a direction."""
    present = [gradient for gradient in found.values() if gradient is not None]
    joint = norm(present) if scalar and present else None
    return {
        name: None if gradient is None else to_gradient(gradient, joint_norm=joint) for name, gradient in found.items()
    }


def joint_norm(found: Gradients) -> np.ndarray | None:
    """The 2-norm of all gradients together, None if there is none."""
    present = [gradient for gradient in found.values() if gradient is not None]
    return to_norm(norm(present), present[0].dtype) if present else None


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
    inputs = sum(leaf.numel() for leaf in bound.differentiated.values())
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


def _cotangent(
    bound: BoundExpression, output: torch.Tensor, options: GradOptions
) -> tuple[torch.Tensor | None, str | None]:
    if options.no_cotangent:
        return None, None
    if options.vjp is not None:
        return tensor_of(options.vjp, bound.context).detach().to(output.dtype), "given"
    return autodiff.ones(output), "ones"


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
