"""Floating dtypes as number systems: spacing, rounding, shortest decimals."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch

_INTEGERS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def ulp(value: float, dtype: torch.dtype) -> float:
    """The distance between neighbouring numbers of a dtype at the magnitude of `value`."""
    info = torch.finfo(dtype)
    magnitude = min(abs(value), info.max)
    if magnitude < info.smallest_normal:
        return smallest_subnormal(dtype)
    return math.ldexp(info.eps, math.frexp(magnitude)[1] - 1)


@cache
def smallest_subnormal(dtype: torch.dtype) -> float:
    """The smallest positive number of a dtype."""
    info = torch.finfo(dtype)
    return info.smallest_normal * info.eps


@cache
def half_the_digits(dtype: torch.dtype) -> float:
    """The relative error at which half of a dtype's digits are lost."""
    return math.sqrt(torch.finfo(dtype).eps)


def as_integers(tensor: torch.Tensor) -> torch.Tensor:
    """The bits of each element as an integer of its size."""
    return tensor.view(integer_of(tensor.dtype))


def integer_of(dtype: torch.dtype) -> torch.dtype:
    """The dtype of integers of the size of a dtype."""
    return _INTEGERS[dtype.itemsize]


def shortest(value: float, dtype: torch.dtype) -> float:
    """The float whose decimals are the shortest that read back to `value` in the dtype."""
    if not math.isfinite(value) or dtype is torch.float64:
        return value
    if dtype in (torch.float32, torch.float16):
        return float(str((np.float32 if dtype is torch.float32 else np.float16)(value)))
    for digits in range(1, 10):
        text = float(f"{value:.{digits}g}")
        if torch.tensor(text, dtype=dtype).item() == value:
            return text
    return value


def is_lost(computed: np.ndarray, true: np.ndarray, dtype: torch.dtype) -> np.ndarray:
    """Where more than half of a dtype's digits are wrong, or a number came out as zero."""
    if np.iscomplexobj(computed) or np.iscomplexobj(true):
        return np.zeros(np.shape(computed), dtype=bool)
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(computed - true) > half_the_digits(dtype) * np.abs(true) + 2 * smallest_subnormal(dtype)
    lost: np.ndarray = np.isfinite(computed) & np.isfinite(true) & (apart | ((computed == 0) & (true != 0)))
    return lost
