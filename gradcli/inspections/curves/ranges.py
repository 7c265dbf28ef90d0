"""`grad` over ranges: the points of a curve or the grid of a field, and the many points that a plot is drawn from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from gradcli.diagnose.bound_expression import ComputeOptions, Selection, tensor_of
from gradcli.errors import UsageError
from gradcli.inspections.activate import DRAWN_POINTS, activate
from gradcli.inspections.curves.stretches import points_of
from gradcli.inspections.grad import grad
from gradcli.inspections.options import ActivateOptions, GradOptions
from gradcli.language import catalogue
from gradcli.language.curve import Stretch, read_curves
from gradcli.language.names import without_prefix
from gradcli.language.properties import is_elementwise, is_random
from gradcli.language.ranges import RangeRequest
from gradcli.language.request import Binding, Request, Value
from gradcli.numerics.evaluate import Context
from gradcli.results import ActivateResult, Failure, GradResult


def over_ranges(asked: RangeRequest, compute: ComputeOptions) -> Request:
    """The request with its points: 1-D ones of one range, a grid of two, the first along the rows."""
    context = Context(torch.float64, "cpu", compute.max_elements)
    axes = {name: _points(stretch, context, compute) for name, stretch in asked.stretches.items()}
    if len(axes) == 2:
        _check_scalars(asked, compute)
        across, up = axes.values()
        axes = dict(zip(axes, np.meshgrid(across, up), strict=True))
    bindings = tuple(Binding(name, Value("the range", numbers=values)) for name, values in axes.items())
    return Request(asked.program, (*bindings, *asked.bindings), (), None)


def selected(asked: RangeRequest, selection: Selection) -> Selection:
    """Only what runs through a range is differentiated, unless other names are chosen."""
    free = tuple(name for name in asked.stretches if name not in selection.frozen)
    return selection if selection.wrt is not None or not free else replace(selection, wrt=free)


def drawn(
    subject: str,
    request: Request,
    result: GradResult | Failure,
    options: GradOptions,
    compute: ComputeOptions,
    selection: Selection,
) -> GradResult | ActivateResult | Failure:
    """The same curve over many points between the smallest and the largest: for a plot, not for a table.

    A function of the catalogue comes with what is known about it: its kinks, where it is saturated or dead.
    """
    if isinstance(result, Failure) or not result.method.elementwise or is_random(request.program):
        return result
    if options.vjp is not None or options.no_cotangent:
        return result
    axes = [name for name, tensor in result.inputs.items() if tensor.values.ndim]
    if len(axes) != 1 or result.inputs[axes[0]].values.dtype.kind != "f":
        return result
    points = result.inputs[axes[0]].values
    finite = points[np.isfinite(points)].astype(np.float64)
    if finite.size < 2 or finite.min() == finite.max():
        return result
    axis = Value("the axis", numbers=np.linspace(finite.min(), finite.max(), DRAWN_POINTS))
    row = catalogue.find_activation(without_prefix(subject.strip()))
    found: GradResult | ActivateResult | Failure
    if row is not None and options.order <= 2 and is_elementwise(request.program):
        found = activate(read_curves(subject, []), ActivateOptions((axis,), order=options.order), compute)
    else:
        rest = tuple(binding for binding in request.bindings if binding.name != axes[0])
        asked = Request(request.program, (Binding(axes[0], axis), *rest), (), None)
        found = grad(asked, GradOptions(options.order, via=options.via), compute, selection)
    return result if isinstance(found, Failure) else found


def _points(stretch: Stretch, context: Context, compute: ComputeOptions) -> np.ndarray:
    dtype: torch.dtype = getattr(torch, compute.dtype)
    exact = points_of(stretch, context)
    points = exact.to(dtype).double()
    if not bool(torch.isfinite(points).all()):
        farthest = max((float(end) for end in exact[[0, -1]]), key=abs)
        raise UsageError(
            f"--range goes to {farthest:g}, which {compute.dtype} cannot hold",
            hint="Choose nearer ends, or --dtype float64.",
        )
    if float(points[0]) == float(points[-1]) and stretch.count > 1:
        where = f"{float(points[0]):g}" if float(exact[0]) == float(exact[-1]) else f"{points[0]:g} in {compute.dtype}"
        raise UsageError(f"--range begins and ends at {where}", hint="Choose two different ends: --range -5:5:11.")
    return np.asarray(points.numpy())


def _check_scalars(asked: RangeRequest, compute: ComputeOptions) -> None:
    """Raises UsageError if a name beside the two of a field is more than one number."""
    context = Context(getattr(torch, compute.dtype), "cpu", compute.max_elements)
    for binding in asked.bindings:
        size = tensor_of(binding.value, context).numel()
        if size != 1:
            raise UsageError(
                f"'{binding.name}' has {size:,} values, beside two ranges it is one number",
                hint=f"Write {binding.name}=1.",
            )
