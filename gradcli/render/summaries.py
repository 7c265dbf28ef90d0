"""A tensor in the room of a cell."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcli.render.numbers import rounded_texts
from gradcli.results import Tensor

MOST_ELEMENTS = 6
"""Elements that are written out,"""
LONGEST_SUMMARY = 24
"""if they take no more characters."""


def summary(tensor: Tensor, digits: int | None) -> str:
    """`0.5`, `[0, 1]`, `[[1, 2], [3, 4]]`, `[2, 3] -1..4`, `[100] 0..1, 3 nan`."""
    values = tensor.values
    if values.size == 1:
        return _nested(values, iter(rounded_texts(values.reshape(-1), tensor.dtype, digits)))
    digits = None if digits is None else max(2, digits - 2)  # room for the others
    if values.size and values.size <= MOST_ELEMENTS:
        text = _nested(values, iter(rounded_texts(values.reshape(-1), tensor.dtype, digits)))
        if digits is None or len(text) <= LONGEST_SUMMARY:
            return text
    shape = str(list(values.shape))
    if not values.size:
        return f"{shape} empty"
    if values.dtype.kind == "b":
        return f"{shape} {int(values.sum())} true"
    flat = np.abs(values.reshape(-1)) if values.dtype.kind == "c" else values.reshape(-1)
    nan = np.isnan(flat) if flat.dtype.kind == "f" else np.zeros(flat.shape, dtype=bool)
    parts = [_range(flat[~nan], tensor.dtype, digits)] if not nan.all() else []
    parts += [f"{int(nan.sum())} nan"] if nan.any() else []
    return f"{shape} {', '.join(parts)}"


def _range(values: np.ndarray, dtype: str, digits: int | None) -> str:
    """The smallest and the largest value; one number if they are the same."""
    ends = np.array([values.min(), values.max()], dtype=values.dtype)
    low, high = rounded_texts(ends, dtype if ends.dtype.kind == "f" else None, digits)
    return f"all {low}" if ends[0] == ends[1] else f"{low}..{high}"


def _nested(values: np.ndarray, texts: Iterator[str]) -> str:
    if values.ndim == 0:
        return next(texts)
    return f"[{', '.join(_nested(part, texts) for part in values)}]"
