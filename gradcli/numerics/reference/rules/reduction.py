"""Reductions: sums, products, moments, norms, extremes over some dimensions."""

# ruff: noqa: A002 - parameters have PyTorch's names
from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from functools import reduce
from operator import mul
from typing import Any

import numpy as np
from mpmath import mp

from gradcli.numerics.reference import swallowing
from gradcli.numerics.reference.reals import (
    INF,
    ONE,
    ZERO,
    Array,
    exponential,
    is_real,
    larger,
    logarithm,
    power,
    quotient,
    reals,
    root,
    smaller,
    sum_of,
)
from gradcli.numerics.reference.rules.comparison import truth
from gradcli.numerics.reference.rules.dimensions import Dims, axes, reduce_rows
from gradcli.numerics.reference.rules.registry import rule
from gradcli.numerics.reference.slope import Real

Value = Any
Extremes = namedtuple("Extremes", ["min", "max"])


def mean_of(row: Sequence[Real]) -> Real:
    return quotient(sum_of(row), mp.mpf(len(row)))


@rule("sum")
def sum_(input: Value, dim: Dims = None, keepdim: bool = False) -> Value:
    if not is_real(input):
        return np.asarray(np.sum(input, axis=axes(dim, input.ndim), keepdims=keepdim, dtype=np.int64))
    swallowing.note_sum(input.ravel())
    summed = np.add.reduce(input, axis=axes(dim, input.ndim), keepdims=keepdim, initial=ZERO)  # type: ignore[call-overload]
    return np.asarray(summed, dtype=object)


@rule("mean")
def mean(input: Value, dim: Dims = None, keepdim: bool = False) -> Value:
    return reduce_rows(mean_of, reals(input), dim, keepdim)


@rule("prod")
def prod(input: Value, dim: Dims = None, keepdim: bool = False) -> Value:
    if not is_real(input):
        return np.asarray(np.prod(input, axis=axes(dim, input.ndim), keepdims=keepdim, dtype=np.int64))
    return reduce_rows(lambda row: reduce(mul, row, ONE), input, dim, keepdim)


@rule("nansum")
def nansum(input: Value, dim: Dims = None, keepdim: bool = False) -> Value:
    return reduce_rows(lambda row: sum_of(_present(row)), reals(input), dim, keepdim)


@rule("nanmean")
def nanmean(input: Value, dim: Dims = None, keepdim: bool = False) -> Value:
    return reduce_rows(lambda row: mean_of(_present(row)), reals(input), dim, keepdim)


def _present(row: Sequence[Real]) -> list[Real]:
    return [x for x in row if x == x]


def variance_of(row: Sequence[Real], correction: Real) -> Real:
    """The sum of squared distances to the mean over max(n - correction, 0)."""
    center = mean_of(row)
    return quotient(sum_of([(x - center) ** 2 for x in row]), mp.mpf(max(len(row) - correction, 0)))


@rule("var")
def var(
    input: Value,
    dim: Dims = None,
    unbiased: bool = True,
    correction: float | None = None,
    keepdim: bool = False,
) -> Value:
    less = int(unbiased) if correction is None else correction
    return reduce_rows(lambda row: variance_of(row, less), reals(input), dim, keepdim)


@rule("std")
def std(input: Value, **how: Any) -> Value:
    return np.asarray(_sqrt(var(input, **how)), dtype=object)


_sqrt = np.frompyfunc(root, 1, 1)


@rule("var_mean")
def var_mean(input: Value, dim: Dims = None, keepdim: bool = False, **how: Any) -> Value:
    return var(input, dim, keepdim=keepdim, **how), mean(input, dim, keepdim)


@rule("std_mean")
def std_mean(input: Value, dim: Dims = None, keepdim: bool = False, **how: Any) -> Value:
    return std(input, dim=dim, keepdim=keepdim, **how), mean(input, dim, keepdim)


def log_sum_exp_of(row: Sequence[Real]) -> Real:
    return logarithm(sum_of([exponential(x) for x in row]))


@rule("logsumexp")
def logsumexp(input: Value, dim: Dims, keepdim: bool = False) -> Value:
    return reduce_rows(log_sum_exp_of, reals(input), dim, keepdim)


def largest_of(row: Sequence[Real]) -> Real:
    return reduce(larger, row)


def smallest_of(row: Sequence[Real]) -> Real:
    return reduce(smaller, row)


@rule("amax")
def amax(input: Value, dim: Dims = None, keepdim: bool = False) -> Value:
    return reduce_rows(largest_of, reals(input), dim, keepdim)


@rule("amin")
def amin(input: Value, dim: Dims = None, keepdim: bool = False) -> Value:
    return reduce_rows(smallest_of, reals(input), dim, keepdim)


@rule("aminmax")
def aminmax(input: Value, dim: Dims = None, keepdim: bool = False) -> Value:
    return Extremes(amin(input, dim, keepdim), amax(input, dim, keepdim))


@rule("all")
def all_(input: Value, dim: Dims = None, keepdim: bool = False) -> Value:
    return np.asarray(np.all(truth(input), axis=axes(dim, input.ndim), keepdims=keepdim))


@rule("any")
def any_(input: Value, dim: Dims = None, keepdim: bool = False) -> Value:
    return np.asarray(np.any(truth(input), axis=axes(dim, input.ndim), keepdims=keepdim))


@rule("count_nonzero")
def count_nonzero(input: Value, dim: Dims = None) -> Value:
    return np.asarray(np.sum(truth(input), axis=axes(dim, input.ndim)))


@rule("sum_to_size")
def sum_to_size(input: Value, size: int | Sequence[int]) -> Value:
    sizes = (size,) if isinstance(size, int) else tuple(size)
    leading = input.ndim - len(sizes)
    kept = sum_(input, list(range(leading))) if leading else input
    short = [dim for dim, wanted in enumerate(sizes) if wanted == 1]
    return sum_(kept, short, True) if short else kept


def norm_of(row: Sequence[Real], p: Real) -> Real:
    """The p-norm of a vector; p may be 0 (how many are not zero), inf or -inf."""
    sizes = [abs(x) for x in row]
    if p == 0:
        return mp.mpf(sum(x != 0 for x in sizes))
    if p in (INF, -INF):
        return largest_of(sizes) if p > 0 else smallest_of(sizes)
    return power(sum_of([power(x, p) for x in sizes]), 1 / p)


def vector_norm(x: Array, p: float, dim: Dims = None, keepdim: bool = False) -> Array:
    """The p-norm over some dimensions, taken as one."""
    return reduce_rows(lambda row: norm_of(row, mp.mpf(p)), reals(x), dim, keepdim)


@rule("linalg.vector_norm")
def linalg_vector_norm(input: Value, ord: float = 2, dim: Dims = None, keepdim: bool = False) -> Value:
    return vector_norm(input, ord, dim, keepdim)


@rule("trapezoid")
def trapezoid(y: Value, x: Value = None, dx: float = 1, dim: int = -1) -> Value:
    return sum_(trapezoids(y, x, dx, dim), dim)


def trapezoids(y: Value, x: Value, dx: float, dim: int) -> Array:
    """The area of each trapezoid along a dimension."""
    heights = np.moveaxis(reals(y), dim, -1)
    widths = reals(dx) if x is None else np.diff(reals(x) if np.ndim(x) == 1 else np.moveaxis(reals(x), dim, -1))
    areas = (heights[..., 1:] + heights[..., :-1]) / 2 * widths
    return np.moveaxis(np.asarray(areas, dtype=object), -1, dim)
