"""Stretches of an axis: their ends as numbers, and their points."""

from __future__ import annotations

import torch

from gradcli.diagnose.values import tensor_of
from gradcli.exceptions import UsageError
from gradcli.language.curve import PointRange
from gradcli.language.request import Value
from gradcli.numerics.evaluate import Context

_LARGEST = 1e300
"""Beyond this, an end times the number of points may overflow."""


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
