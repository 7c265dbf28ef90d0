"""Ways to come close to a point: from every side, with generic ratios between its coordinates, at several rates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random

import numpy as np
from mpmath import mp

from gradcli.numerics.reference.reals import NAN, ONE, ZERO, Array, finite
from gradcli.numerics.reference.slope import Real

DISTANCES = (10, 20, 40)
"""Decimal exponents of the distances, relative to each coordinate, or at 0 to the smallest other number below 1."""
INNER = 25
"""A slope beside the point is a difference over a step shorter than the distance by so many decimal places.

More than the middle distance has: sin(1/x) must not be taken at two points of other waves.
"""
DIGITS = 400
"""Enough for a third-order cancellation at the shortest distance."""
MAX_SIGNS = 3
"""Up to so many coordinates all combinations of signs are tried."""
MAX_LINES = 3
"""Of signs, where not all combinations are tried."""


@dataclass(frozen=True)
class Line:
    """A line through the point: for each name the sizes (with signs) and the rates of its coordinates."""

    sizes: Mapping[str, Array]
    rates: Mapping[str, Array]


def lines(inputs: Mapping[str, Array], names: Sequence[str], *, together: bool) -> list[Line]:
    """Lines in every combination of signs for few coordinates, in generic ones for many; curves of other rates too.

    together: all elements of an input may share one sign and one rate, as each is judged by itself.
    """
    random = Random(5)  # noqa: S311 - the same lines each time
    count = len(names) if together else sum(inputs[name].size for name in names)
    found = []
    for signs, rates in _courses(count, random):
        own_sizes, own_rates, taken = {}, {}, 0
        for name in names:
            array = inputs[name]
            places = [taken] * array.size if together else list(range(taken, taken + array.size))
            taken += 1 if together else array.size
            # no integers at any distance: exp of a large one is computed as a power of e, which is slow
            own_sizes[name] = _shaped([signs[at] * mp.mpf(random.randint(49, 145)) / 97 for at in places], array)
            own_rates[name] = _shaped([rates[at] for at in places], array)
        found.append(Line(own_sizes, own_rates))
    return found


def _courses(count: int, random: Random) -> Iterator[tuple[list[int], list[int]]]:
    """The signs and the rates of each line: every sign at one rate, then some coordinates faster than the others."""
    same = [1] * count
    signs = list(_signs(count, random))
    for one in signs:
        yield one, same
    if count == 1:
        return
    faster = [[1 + (at == fast) for at in range(count)] for fast in range(count)]
    if count > MAX_SIGNS:
        mixed = [random.choice((1, 2)) for _ in range(count)]
        faster = [mixed, [3 - rate for rate in mixed]]
    for rates in faster:
        yield signs[0], rates
    if count == 2:
        for rates in faster:
            yield signs[1], rates


def _signs(count: int, random: Random) -> Iterator[list[int]]:
    """One of each pair of opposite combinations."""
    if count <= MAX_SIGNS:
        yield from ([1, *rest] for rest in product((1, -1), repeat=count - 1))
        return
    yield [1] * count
    codes = list(range(count))  # the signs of one coordinate on the lines: of four no two have all signs in common
    random.shuffle(codes)
    for line in range(MAX_LINES - 1):
        yield [1 - 2 * (code >> line & 1) for code in codes]


def displaced(
    inputs: Mapping[str, Array], line: Line, side: int, exponent: int, at_zero: Real
) -> tuple[dict[str, Array], dict[str, Array]]:
    """The inputs at a distance of 10**-exponent on one side of a line, and how far each coordinate has moved.

    at_zero: what a zero is moved by parts of.
    """
    moved, distances = dict(inputs), {}
    for name, sizes in line.sizes.items():
        distance_at = {rate: mp.mpf(10) ** (-exponent * rate) for rate in set(line.rates[name].flat)}
        places = [
            _placed(x, size * (at_zero if x == 0 else 1), side, distance_at[rate])
            for x, size, rate in zip(inputs[name].ravel(), sizes.ravel(), line.rates[name].ravel(), strict=True)
        ]
        moved[name] = _shaped([x for x, _ in places], inputs[name])
        distances[name] = _shaped([distance for _, distance in places], inputs[name])
    return moved, distances


def scale_at_zero(inputs: Mapping[str, Array]) -> Real:
    """What a zero is moved by parts of: the smallest other number, beside which a step of 1e-10 may be a long way."""
    numbers = (x for array in inputs.values() if array.dtype == object for x in array.ravel())
    return min((ONE, *(abs(x) for x in numbers if x != 0)))


def _placed(x: Real, size: Real, side: int, distance: Real) -> tuple[Real, Real]:
    """A coordinate beside x, and how far from it; an infinite one becomes a large number, on both sides another one."""
    if x != x:
        return NAN, ONE
    if not finite(x):
        far = abs(size) ** side / distance
        return (far if x > 0 else -far), far
    step = side * size * distance * (abs(x) if x != 0 else 1)
    return x + step, abs(step)


def _shaped(values: Sequence[object], like: Array) -> Array:
    array = np.empty(len(values), dtype=object)
    array[:] = list(values)
    return array.reshape(like.shape) if values else np.full(like.shape, ZERO, dtype=object)
