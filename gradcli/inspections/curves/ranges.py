"""Ranges of an axis: the points of a curve, or the grid of a field."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from gradcli.diagnose.bound_expression import ComputeOptions, Selection
from gradcli.diagnose.values import tensor_of
from gradcli.exceptions import UsageError
from gradcli.language.curve import PointRange
from gradcli.language.ranges import RangeRequest
from gradcli.language.request import Binding, Request, Value
from gradcli.numerics.evaluate import Context

_LARGEST = 1e300
"""Beyond this, an end times the number of points may overflow."""


def at_points(asked: RangeRequest, compute: ComputeOptions, selection: Selection) -> tuple[Request, Selection]:
    """The request with its points: 1-D ones of one range, a grid of two, the first along the rows.

    Only what runs through a range is differentiated, unless other names are chosen.
    """
    context = Context(torch.float64, "cpu", compute.max_elements)
    axes = {name: _points(stretch, context, compute) for name, stretch in asked.stretches.items()}
    if len(axes) == 2:
        _check_scalars(asked, compute)
        across, up = axes.values()
        axes = dict(zip(axes, np.meshgrid(across, up), strict=True))
    bindings = tuple(Binding(name, Value("the range", numbers=values)) for name, values in axes.items())
    free = tuple(name for name in axes if name not in selection.frozen)
    if selection.wrt is None and free:
        selection = replace(selection, wrt=free)
    return Request(asked.program, (*bindings, *asked.bindings), (), None), selection


def _points(stretch: PointRange, context: Context, compute: ComputeOptions) -> np.ndarray:
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


def points_of(stretch: PointRange, context: Context) -> torch.Tensor:
    """The points of a stretch in double precision, both ends included."""
    start, stop = (_end(end, tensor_of(end, context)) for end in (stretch.start, stretch.stop))
    place = torch.arange(stretch.count, dtype=torch.float64)
    last = max(stretch.count - 1, 1)
    if max(abs(start), abs(stop)) > _LARGEST:
        return start * (1 - place / last) + stop * (place / last)
    # weighed, not added up: the middle of -2:2 is 0, and a tenth is the nearest number to 0.1
    return (start * (last - place) + stop * place) / last


def real(point: Value, tensor: torch.Tensor) -> torch.Tensor:
    """The tensor, unless it is complex."""
    if tensor.is_complex():
        raise UsageError(f"'{point.text}' is complex, an axis is real")
    return tensor


def _end(end: Value, tensor: torch.Tensor) -> float:
    """An end of a stretch: one finite number."""
    if real(end, tensor).numel() != 1 or not bool(torch.isfinite(tensor).all()):
        raise UsageError(f"--range ends at one finite number, not '{end.text}'", hint="For example --range -5:5:11.")
    return float(tensor)
