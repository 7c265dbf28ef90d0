"""Order: sorting, extremes with their places, medians, quantiles, searching."""

# ruff: noqa: A002 - parameters have PyTorch's names
from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Sequence
from functools import cmp_to_key
from typing import Any

import numpy as np
from mpmath import mp

from gradcli.numerics.reference.reals import NAN, Array, is_real, reals
from gradcli.numerics.reference.rules.dimensions import map_rows, reduce_rows
from gradcli.numerics.reference.rules.reduction import amax, amin
from gradcli.numerics.reference.rules.registry import RULES, rule
from gradcli.numerics.reference.slope import NoReference, Real

Value = Any
Ordered = namedtuple("Ordered", ["values", "indices"])


def order_of(row: Sequence[Real], descending: bool = False) -> list[int]:
    """The places from the smallest element to the largest; nan counts as the largest, equals keep their order."""

    def compare(one: int, other: int) -> int:
        x, y = row[one], row[other]
        found = int(x != x) - int(y != y) if x != x or y != y else int(x > y) - int(x < y)
        return -found if descending else found

    return sorted(range(len(row)), key=cmp_to_key(compare))


def _picked(input: Value, dim: int, pick: Callable[[Sequence[Real]], list[int]]) -> Ordered:
    """The elements at some places along a dimension, and the places."""
    places = map_rows(pick, input, dim).astype(np.int64)
    if input.ndim == 0:
        return Ordered(input, places)
    return Ordered(np.take_along_axis(input, places, dim), places)


def _one(input: Value, dim: int, keepdim: bool, pick: Callable[[Sequence[Real]], int]) -> Ordered:
    found = _picked(input, dim, lambda row: [pick(row)])
    if keepdim:
        return found
    return Ordered(*(np.asarray(part).squeeze(dim) for part in found))


@rule("sort")
def sort(input: Value, dim: int = -1, descending: bool = False, stable: bool | None = None) -> Value:  # noqa: ARG001
    return _picked(input, dim, lambda row: order_of(row, descending))


@rule("msort")
def msort(input: Value) -> Value:
    return sort(input, 0).values


@rule("argsort")
def argsort(input: Value, **how: Any) -> Value:
    return sort(input, **how).indices


@rule("topk")
def topk(input: Value, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Value:  # noqa: ARG001
    return _picked(input, dim, lambda row: order_of(row, largest)[:k])


@rule("kthvalue")
def kthvalue(input: Value, k: int, dim: int = -1, keepdim: bool = False) -> Value:
    return _one(input, dim, keepdim, lambda row: order_of(row)[k - 1])


def largest_place(row: Sequence[Real]) -> int:
    """The first place of the largest element, of the first nan if there is one."""
    return order_of(row, descending=True)[0]


def smallest_place(row: Sequence[Real]) -> int:
    """The first place of the smallest element, of the first nan if there is one."""
    broken = [place for place, x in enumerate(row) if x != x]
    return broken[0] if broken else order_of(row)[0]


def _extreme(place: Callable[[Sequence[Real]], int], whole: Any, pairwise: str) -> Any:
    def operate(input: Value, other: Value = None, dim: int | None = None, keepdim: bool = False) -> Value:
        if other is not None:
            return RULES[pairwise](input=input, other=other)
        if dim is None:
            return whole(input) if is_real(input) else np.asarray(whole(input)).astype(np.int64)
        return _one(input, dim, keepdim, place)

    return operate


RULES["max"] = _extreme(largest_place, amax, "maximum")
RULES["min"] = _extreme(smallest_place, amin, "minimum")


def _place(place: Callable[[Sequence[Real]], int]) -> Any:
    def operate(input: Value, dim: int | None = None, keepdim: bool = False) -> Value:
        return reduce_rows(place, input, dim, keepdim).astype(np.int64)

    return operate


RULES["argmax"] = _place(largest_place)
RULES["argmin"] = _place(smallest_place)


def middle(row: Sequence[Real]) -> int:
    """The place of the lower median; of a nan if there is one."""
    order = order_of(row)
    return order[-1] if row[order[-1]] != row[order[-1]] else order[(len(row) - 1) // 2]


def middle_of_present(row: Sequence[Real]) -> int:
    """The place of the lower median of what is not nan."""
    order = order_of(row)
    present = [place for place in order if row[place] == row[place]]
    return present[(len(present) - 1) // 2] if present else order[0]


def _median(place: Callable[[Sequence[Real]], int]) -> Any:
    def operate(input: Value, dim: int | None = None, keepdim: bool = False) -> Value:
        if dim is None:
            return reduce_rows(lambda row: row[place(row)], input, None)
        return _one(input, dim, keepdim, place)

    return operate


RULES["median"] = _median(middle)
RULES["nanmedian"] = _median(middle_of_present)


def quantile_of(row: Sequence[Real], q: Real, interpolation: str) -> Real:
    """The quantile between the sorted elements; nan if there is one."""
    ordered = [row[place] for place in order_of(row)]
    if not ordered or ordered[-1] != ordered[-1]:
        return NAN
    rank = q * (len(ordered) - 1)
    below, above = ordered[int(mp.floor(rank))], ordered[int(mp.ceil(rank))]
    share = {
        "linear": rank - mp.floor(rank),
        "lower": 0,
        "higher": 1,
        "midpoint": mp.mpf(rank != mp.floor(rank)) / 2,
        "nearest": int(mp.nint(rank) > mp.floor(rank)),
    }[interpolation]
    return below + share * (above - below)


def _quantile(keep: Callable[[Sequence[Real]], Sequence[Real]]) -> Any:
    def operate(
        input: Value,
        q: Value,
        dim: int | None = None,
        keepdim: bool = False,
        interpolation: str = "linear",
    ) -> Value:
        levels = reals(q)

        def of(level: Real) -> Array:
            return reduce_rows(lambda row: quantile_of(keep(row), level, interpolation), input, dim, keepdim)

        parts = [of(level) for level in levels.ravel()]
        return parts[0] if levels.ndim == 0 else np.stack(parts)

    return operate


RULES["quantile"] = _quantile(lambda row: row)
RULES["nanquantile"] = _quantile(lambda row: [x for x in row if x == x])


@rule("mode")
def mode(input: Value, dim: int = -1, keepdim: bool = False) -> Value:
    """The smallest of the most frequent elements, at its last place."""

    def pick(row: Sequence[Real]) -> int:
        counts = [(sum(y == x for y in row), place) for place, x in enumerate(row)]
        most = max(count for count, _ in counts)
        smallest = min(row[place] for count, place in counts if count == most)
        return max(place for place, x in enumerate(row) if x == smallest)

    return _one(input, dim, keepdim, pick)


@rule("isin")
def isin(
    elements: Value = None,
    test_elements: Value = None,
    element: Value = None,
    test_element: Value = None,
    assume_unique: bool = False,  # noqa: ARG001
    invert: bool = False,
) -> Value:
    looked_for = reals(elements if elements is not None else element)
    among = reals(test_elements if test_elements is not None else test_element).ravel().tolist()
    found = np.frompyfunc(lambda x: any(x == y for y in among), 1, 1)(looked_for)
    return np.asarray(found, dtype=bool) ^ invert


def _insertion(boundaries: Array, value: Value, right: bool) -> Array:
    if boundaries.ndim != 1:
        raise NoReference("searchsorted in several sequences")
    bounds = boundaries.tolist()
    count = np.frompyfunc(lambda x: sum(b <= x if right else b < x for b in bounds), 1, 1)
    return np.asarray(count(reals(value))).astype(np.int64)


@rule("bucketize")
def bucketize(input: Value, boundaries: Value, out_int32: bool = False, right: bool = False) -> Value:  # noqa: ARG001
    return _insertion(reals(boundaries), input, right)


@rule("searchsorted")
def searchsorted(
    sorted_sequence: Value,
    input: Value,
    out_int32: bool = False,  # noqa: ARG001
    right: bool = False,
    side: str | None = None,
    sorter: Value = None,
) -> Value:
    if sorter is not None:
        raise NoReference("searchsorted with a sorter")
    return _insertion(reals(sorted_sequence), input, right or side == "right")
