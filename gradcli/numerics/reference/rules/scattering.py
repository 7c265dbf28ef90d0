"""Elements added to, or combined with, others at given places."""

# ruff: noqa: A002 - parameters have PyTorch's names
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import reduce as fold
from operator import mul
from typing import Any

import numpy as np

from gradcli.language import catalogue
from gradcli.numerics.reference import arrangement
from gradcli.numerics.reference.reals import ONE, ZERO, Array, larger, multiply, reals, smaller
from gradcli.numerics.reference.rules.registry import rule
from gradcli.numerics.reference.slope import NoReference, Real

Value = Any
Place = tuple[Any, ...]


def _mean(values: Sequence[Real]) -> Real:
    return sum(values, ZERO) / len(values)


_COMBINED: dict[str, Callable[[Sequence[Real]], Real]] = {
    "sum": lambda values: sum(values, ZERO),
    "add": lambda values: sum(values, ZERO),
    "prod": lambda values: fold(mul, values, ONE),
    "multiply": lambda values: fold(mul, values, ONE),
    "mean": _mean,
    "amax": lambda values: fold(larger, values),
    "amin": lambda values: fold(smaller, values),
}


def _gathered(array: Array, arriving: Iterator[tuple[Place, Real]], how: str, include_self: bool = True) -> Array:
    """The array with what arrives at each place combined with what stands there."""
    groups: dict[Place, list[Real]] = {}
    for place, value in arriving:
        groups.setdefault(place, []).append(value)
    result = array.copy()
    for place, values in groups.items():
        result[place] = _COMBINED[how]([array[place], *values] if include_self else values)
    return result


def _scattered(index: Array, dim: int, source: Array) -> Iterator[tuple[Place, Real]]:
    for place in np.ndindex(index.shape):
        target = list(place)
        target[dim] = int(index[place])
        yield tuple(target), source[place]


@rule("scatter_add")
def scatter_add(input: Value, dim: int, index: Value, src: Value) -> Value:
    return _gathered(reals(input), _scattered(index, dim, reals(src)), "sum")


@rule("scatter_reduce")
def scatter_reduce(
    input: Value,
    dim: int,
    index: Value,
    src: Value,
    reduce: str,
    include_self: bool = True,
) -> Value:
    return _gathered(reals(input), _scattered(index, dim, reals(src)), reduce, include_self)


@rule("scatter")
def scatter(
    input: Value,
    dim: int,
    index: Value,
    src: Value = None,
    value: Value = None,
    reduce: str | None = None,
) -> Value:
    array = reals(input)
    source = np.broadcast_to(reals(value), index.shape) if src is None else reals(src)
    if reduce is not None:
        return _gathered(array, _scattered(index, dim, source), reduce)
    result = array.copy()
    for place, arriving in _scattered(index, dim, source):
        result[place] = arriving
    return result


def _slices(array: Array, dim: int, index: Array, source: Array) -> Iterator[tuple[Place, Real]]:
    along = dim % max(array.ndim, 1)
    for place in np.ndindex(source.shape):
        target = list(place)
        target[along] = int(index.reshape(-1)[place[along]])
        yield tuple(target), source[place]


@rule("index_add")
def index_add(input: Value, dim: int, index: Value, source: Value, alpha: Value = 1) -> Value:
    array = reals(input)
    return _gathered(array, _slices(array, dim, index, multiply(reals(alpha), reals(source))), "sum")


@rule("index_reduce")
def index_reduce(
    input: Value,
    dim: int,
    index: Value,
    source: Value,
    reduce: str,
    include_self: bool = True,
) -> Value:
    array = reals(input)
    return _gathered(array, _slices(array, dim, index, reals(source)), reduce, include_self)


@rule("put")
def put(input: Value, index: Value, source: Value, accumulate: bool = False) -> Value:
    array = reals(input)
    flat = array.ravel()
    arriving = (((int(i),), x) for i, x in zip(index.ravel(), reals(source).ravel(), strict=True))
    if accumulate:
        return _gathered(flat, arriving, "sum").reshape(array.shape)
    result = flat.copy()
    for place, x in arriving:
        result[place] = x
    return result.reshape(array.shape)


@rule("index_put")
def index_put(input: Value, indices: Value, values: Value, accumulate: bool = False) -> Value:
    where = tuple(index for index in indices)
    if any(index.dtype == object for index in where):
        raise NoReference("an index that is real")
    array = reals(input)
    places = np.arange(array.size).reshape(array.shape)[where]
    spread = np.broadcast_to(reals(values), places.shape)
    return put(array, places, spread, accumulate)


@rule("embedding")
def embedding(
    input: Value,
    weight: Value,
    padding_idx: int | None = None,  # noqa: ARG001 - concerns the gradient
    max_norm: float | None = None,
    norm_type: float = 2.0,  # noqa: ARG001
    scale_grad_by_freq: bool = False,
) -> Value:
    if max_norm is not None or scale_grad_by_freq:
        raise NoReference("embedding that changes its weight or its gradient")
    return reals(weight)[np.asarray(input)]


@rule("interpolate")
def interpolate(input: Value, mode: str = "nearest", **how: Any) -> Value:
    if mode not in ("nearest", "nearest-exact"):
        raise NoReference(f"interpolate with mode='{mode}'")
    row = catalogue.find("interpolate")
    assert row is not None
    return arrangement.by_name(row, {"input": input, "mode": mode, **how})


@rule("fold")
def fold_(input: Value, output_size: Any, kernel_size: Any, **how: Any) -> Value:
    """Blocks summed where they overlap: the places are those from which unfold would have taken them."""
    blocks = reals(input)
    batch = blocks if blocks.ndim == 3 else blocks[None]
    sizes, kernel = ((n, n) if isinstance(n, int) else tuple(n) for n in (output_size, kernel_size))
    shape = (batch.shape[1] // (kernel[0] * kernel[1]), *sizes)
    unfold = catalogue.find("unfold")
    assert unfold is not None
    numbers = np.arange(1, np.prod(shape) + 1).reshape(1, *shape)
    places = arrangement.by_name(unfold, {"input": numbers, "kernel_size": kernel, **how})
    out = np.full((len(batch), int(np.prod(shape)) + 1), ZERO, dtype=object)  # place 0 is the padding
    for sample, values in enumerate(batch):
        for place, x in zip(np.ravel(np.asarray(places)), values.ravel(), strict=True):
            out[sample, place] += x
    found = out[:, 1:].reshape(-1, *shape)
    return found if blocks.ndim == 3 else found[0]
