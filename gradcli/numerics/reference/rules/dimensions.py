"""Dimensions: which are reduced, and arrays as rows along them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from gradcli.numerics.reference.reals import Array

Dims = int | Sequence[int] | None


def axes(dims: Dims, ndim: int) -> tuple[int, ...]:
    """The dimensions meant, from 0; None and [] mean all of them, and a number has none."""
    listed = [dims] if isinstance(dims, int) else list(dims or range(ndim))
    return tuple(dim % ndim for dim in listed) if ndim else ()


def rows(array: Array, dims: Dims) -> Array:
    """The dimensions `dims` as one, the last."""
    reduced = axes(dims, array.ndim)
    kept = [dim for dim in range(array.ndim) if dim not in reduced]
    moved = array.transpose([*kept, *reduced])
    return moved.reshape([*moved.shape[: len(kept)], prod(moved.shape[len(kept) :])])


def restored(result: object, array: Array, dims: Dims, keepdim: bool) -> Array:
    """A reduced array with its dimensions of size 1, if they are to be kept."""
    found = np.asarray(result, dtype=object)
    if not keepdim:
        return found
    reduced = axes(dims, array.ndim)
    return found.reshape([1 if dim in reduced else size for dim, size in enumerate(array.shape)])


def reduce_rows(function: Callable[[list[Any]], Any], array: Array, dims: Dims, keepdim: bool = False) -> Array:
    """A function of the list of elements along some dimensions, for each of the rest."""
    along = rows(array, dims)
    results = np.empty(along.shape[:-1], dtype=object)
    for place in np.ndindex(results.shape):
        results[place] = function(along[place].tolist())
    return restored(results, array, dims, keepdim)


def map_rows(function: Callable[[list[Any]], Sequence[Any]], array: Array, dim: int) -> Array:
    """A function from the list of elements along a dimension to another list, of any length."""
    if array.ndim == 0:
        return np.asarray(function([array.item()])[0], dtype=object)
    moved = np.moveaxis(array, dim, -1)
    flat = moved.reshape(-1, moved.shape[-1])
    mapped = [list(function(row.tolist())) for row in flat]
    length = len(mapped[0]) if mapped else moved.shape[-1]
    result = np.empty((len(mapped), length), dtype=object)
    for place, row in enumerate(mapped):
        result[place] = row
    return np.moveaxis(result.reshape(*moved.shape[:-1], length), -1, dim)
