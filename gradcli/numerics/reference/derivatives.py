"""grad(u, x) inside an expression: a difference quotient at twice the digits, so that nothing of its error is left."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from mpmath import mp

from gradcli.numerics.reference.reals import NAN, ZERO, Array, finite, is_nan, magnitude, reals
from gradcli.numerics.reference.slope import BITS_PER_DIGIT, NoReference, Real

MOST_ELEMENTS = 16
"""Of an input: each costs five evaluations, inside each evaluation of what stands around it."""
_FINER = 4
"""Binary places by which the second step is smaller: the gap between the sides of a smooth function shrinks as much."""


def slopes(function: Callable[[Array], Array], point: Array) -> Array:
    """d sum(function) / d point, element by element; NaN where the function is not finite.

    An element that is NaN is left out: so are marked those that do not matter where all elements are moved at once.
    Raises NoReference at a kink, and for many elements.
    """
    if point.size > MOST_ELEMENTS:
        raise NoReference(f"grad by more than {MOST_ELEMENTS} elements")
    digits = mp.dps
    with mp.workdps(2 * digits + 20):
        x = reals(point)
        left_out = is_nan(x)
        here = function(x)
        counted = ~left_out if here.shape == x.shape else np.ones(here.shape, dtype=bool)
        flat = partial(_flat, function, counted.ravel())
        found = [NAN if left_out.flat[i] else _slope(flat, x, i, digits) for i in range(x.size)]
    result = np.empty(x.size, dtype=object)
    result[:] = [+slope for slope in found]  # rounded to the precision of now
    return result.reshape(x.shape)


def _flat(function: Callable[[Array], Array], counted: Array, point: Array) -> Array:
    """The elements of a value that count, in a row."""
    return function(point).ravel()[counted]


def _slope(function: Callable[[Array], Array], point: Array, place: int, digits: int) -> Real:
    here = function(point)

    def quotients(step: Real) -> tuple[Real, Real]:
        """To the left and to the right."""
        below, above = (function(_moved(point, place, by)) for by in (-step, step))
        return _sum(here - below) / step, _sum(above - here) / step

    step = mp.ldexp(1, magnitude(point.flat[place]) - int((digits / 2 + 5) * BITS_PER_DIGIT))
    left, right = quotients(step)
    if not (finite(left) and finite(right)):
        return NAN
    nearer = quotients(mp.ldexp(step, -_FINER))
    if 2 * abs(nearer[1] - nearer[0]) > abs(right - left):
        raise NoReference("grad at a kink")
    return (left + right) / 2


def _moved(point: Array, place: int, by: Real) -> Array:
    flat = point.copy().ravel()
    flat[place] = flat[place] + by
    return flat.reshape(point.shape)


def _sum(values: Array) -> Real:
    return sum(values.tolist(), ZERO)
