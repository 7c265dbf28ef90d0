"""The derivatives that `grad` may be asked for: what may be asked of an output, and how it is computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch

from gradcli.diagnose.values import tensor_of
from gradcli.exceptions import BoundError, UsageError
from gradcli.inspections.options import GradOptions
from gradcli.language.request import Value
from gradcli.numerics import autodiff, forward_mode
from gradcli.numerics.autodiff import Gradients, Leaves
from gradcli.numerics.capture import to_tensor
from gradcli.numerics.literals import Context
from gradcli.results import Tensor

MAX_ORDER = 10
MAX_MATRIX = 2**24
"""Elements of a Jacobian or Hessian: 64 MB of float32."""
MAX_ROWS = 2**14
"""Rows of a Jacobian or Hessian: each costs a backward pass through the whole graph."""


def check_options(
    options: GradOptions, output: torch.Tensor, leaves: Leaves, *, elementwise: bool, expression: str
) -> None:
    """Raises UsageError, BoundError for what cannot be asked of this output, differentiated by these leaves."""
    if not 1 <= options.order <= MAX_ORDER:
        raise UsageError(f"--order {options.order} is out of bounds", hint=f"Choose 1 to {MAX_ORDER}.")
    if options.order > 1 and not elementwise:
        raise UsageError(
            "--order needs an elementwise function: each output belongs to one input",
            expression=expression,
            hint="For second derivatives of a scalar of several inputs, use --hessian.",
        )
    if options.order > 1 and options.via == "backward":
        raise UsageError("--order goes with --via grad", hint="Leave --via out.")
    if options.hessian and output.ndim:
        raise UsageError(
            f"--hessian needs a scalar output, this one has the shape {list(output.shape)}",
            expression=expression,
            hint="Reduce it: sum(...) or mean(...).",
        )
    inputs = sum(leaf.numel() for leaf in leaves.values())
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


def jacobians(options: GradOptions, output: torch.Tensor, leaves: Leaves) -> dict[str, Tensor | None] | None:
    """The Jacobian by each leaf; None where it is not asked for."""
    return _tensors(autodiff.jacobians(output, leaves)) if options.jacobian else None


def hessians(options: GradOptions, output: torch.Tensor, leaves: Leaves) -> dict[str, dict[str, Tensor | None]] | None:
    """The Hessian by each two leaves; None where it is not asked for."""
    if not options.hessian:
        return None
    return {name: _tensors(row) for name, row in autodiff.hessians(output, leaves).items()}


def tangent(
    options: GradOptions, function: Callable[[Leaves], torch.Tensor], leaves: Leaves, context: Context
) -> Tensor | None:
    """The JVP, by forward mode; None where it is not asked for."""
    tangents = directions(options.jvp or {}, leaves, context)
    return to_tensor(forward_mode.tangent(function, leaves, tangents)) if tangents else None


def directions(jvp: Mapping[str, Value], leaves: Leaves, context: Context) -> dict[str, torch.Tensor]:
    """The tangent of each leaf that has one.  Raises UsageError for what does not fit."""
    tangents: dict[str, torch.Tensor] = {}
    for name, value in jvp.items():
        if not name and len(leaves) != 1:
            example = " ".join(f"--jvp {n}=1" for n in leaves)
            raise UsageError("--jvp needs the input's name when there are several", hint=f"Write {example}.")
        known = name or next(iter(leaves))
        if known not in leaves:
            raise UsageError(f"--jvp names '{known}', which is not differentiated", hint="Name an input of --wrt.")
        leaf = leaves[known]
        direction = tensor_of(value, context).to(leaf.dtype)
        if direction.numel() == leaf.numel() == 1:
            direction = direction.reshape(leaf.shape)  # a single point is 1-D, the number typed for it is not
        if direction.shape != leaf.shape:
            raise UsageError(
                f"the direction of --jvp has the shape {list(direction.shape)}, {known} has {list(leaf.shape)}",
                hint="Give one number for each of the input.",
            )
        tangents[known] = direction
    return tangents


def _tensors(found: Gradients) -> dict[str, Tensor | None]:
    return {name: None if tensor is None else to_tensor(tensor) for name, tensor in found.items()}
