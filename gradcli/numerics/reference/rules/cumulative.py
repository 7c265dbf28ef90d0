"""Running sums, products, extremes, differences."""

# ruff: noqa: A002 - parameters have PyTorch's names
from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from operator import add, mul
from typing import Any

import numpy as np

from gradcli.numerics.reference.reals import Array, exponential, is_real, logarithm, reals
from gradcli.numerics.reference.rules.dimensions import map_rows
from gradcli.numerics.reference.rules.order import Ordered
from gradcli.numerics.reference.rules.reduction import trapezoids
from gradcli.numerics.reference.rules.registry import RULES, rule
from gradcli.numerics.reference.slope import NoReference, Real

Value = Any


@rule("cumsum")
def cumsum(input: Value, dim: int) -> Value:
    running = map_rows(lambda row: list(accumulate(row, add)), input, dim)
    return running if is_real(input) else running.astype(np.int64)


@rule("cumprod")
def cumprod(input: Value, dim: int) -> Value:
    running = map_rows(lambda row: list(accumulate(row, mul)), input, dim)
    return running if is_real(input) else running.astype(np.int64)


@rule("logcumsumexp")
def logcumsumexp(input: Value, dim: int) -> Value:
    def running(row: Sequence[Real]) -> list[Real]:
        return [logarithm(total) for total in accumulate(map(exponential, row), add)]

    return map_rows(running, reals(input), dim)


def _running_extreme(beats: Callable[[Real, Real], bool]) -> Any:
    """The extreme so far and its last place; nan from the first nan on."""

    def places(row: Sequence[Real]) -> list[int]:
        found = [0]
        for new in range(1, len(row)):
            best = found[-1]
            follows = row[new] != row[new] or beats(row[new], row[best])
            found.append(new if follows else best)
        return found

    def operate(input: Value, dim: int) -> Value:
        indices = map_rows(places, input, dim).astype(np.int64)
        return Ordered(np.take_along_axis(input, indices, dim) if input.ndim else input, indices)

    return operate


RULES["cummax"] = _running_extreme(lambda new, best: bool(new >= best))
RULES["cummin"] = _running_extreme(lambda new, best: bool(new <= best))


@rule("diff")
def diff(input: Value, n: int = 1, dim: int = -1, prepend: Value = None, append: Value = None) -> Value:
    parts = [reals(part) for part in (prepend, input, append) if part is not None]
    return np.diff(np.concatenate(parts, axis=dim), n=n, axis=dim)


@rule("gradient")
def gradient(input: Value, spacing: Value = None, dim: Any = None, edge_order: int = 1) -> Value:
    if edge_order != 1:
        raise NoReference("gradient with edge_order=2")
    x = reals(input)
    dims = range(x.ndim) if dim is None else [dim] if isinstance(dim, int) else dim
    given = spacing if isinstance(spacing, list | tuple) else [1 if spacing is None else spacing] * len(dims)
    return tuple(_slopes(x, step, axis) for step, axis in zip(given, dims, strict=True))


def _slopes(x: Array, spacing: Value, axis: int) -> Array:
    """Central differences, weighted where the points are not evenly apart, one-sided ones at both ends."""
    x = np.moveaxis(x, axis, 0)
    points = reals(spacing) if isinstance(spacing, np.ndarray) else reals(np.arange(len(x))) * reals(spacing)
    apart = np.diff(points).reshape(-1, *[1] * (x.ndim - 1))
    steep = np.diff(x, axis=0) / apart
    inside = (steep[:-1] * apart[1:] + steep[1:] * apart[:-1]) / (apart[:-1] + apart[1:])
    return np.moveaxis(np.concatenate([steep[:1], inside, steep[-1:]]), 0, axis)


@rule("cumulative_trapezoid")
def cumulative_trapezoid(y: Value, x: Value = None, dx: float = 1, dim: int = -1) -> Value:
    return cumsum(trapezoids(y, x, dx, dim), dim)
