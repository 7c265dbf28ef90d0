"""Arrays of mpmath's real numbers with the conventions of IEEE 754: 1/0 is inf, log(0) is -inf, sqrt(-1) is nan.

There are three kinds of arrays: object arrays of mpf, which can be differentiated, int64 arrays and bool arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from mpmath import mp
from numpy.typing import NDArray

from gradcli.numerics.reference import swallowing
from gradcli.numerics.reference.slope import NoReference, Real

Array = NDArray[Any]
Scalar = Callable[..., Real]

NAN = mp.nan
INF = mp.inf
ZERO = mp.zero
ONE = mp.one

NEGLIGIBLE = mp.mpf("1e-340")
"""Below all that float64 can hold: what a rounding error leaves of a slope that is zero."""
REMEMBERED = 10_000
"""Values of one function, a few hundred bytes each."""
_LARGEST_EXPONENT = 20_000
"""Bits in the exponent of an argument beyond which exp and its kin would fill the memory with digits."""
_NO_VALUE = (ValueError, ZeroDivisionError, OverflowError, mp.NoConvergence)


def is_real(value: object) -> bool:
    """Whether a value is an array of real numbers, or a plain floating number."""
    return isinstance(value, float) or (isinstance(value, np.ndarray) and value.dtype == object)


def reals(value: Any) -> Array:
    """Numbers or an array as an array of mpf, exactly."""
    if isinstance(value, np.ndarray):
        if value.dtype == object:
            return value
        if value.dtype.kind == "c":
            raise NoReference("complex numbers")
        return _as_array(_from_plain(value.astype(object)))
    if isinstance(value, int | float):
        return _as_array(mp.mpf(value))
    if isinstance(value, complex):
        raise NoReference("complex numbers")
    return _as_array(+value)  # mp.pi and the like: rounded to the precision of now


def lift(function: Scalar, arguments: int = 1) -> Callable[..., Array]:
    """A function of numbers as one of arrays, element by element, broadcast."""
    over = np.frompyfunc(function, arguments, 1)
    return lambda *arrays: _as_array(over(*arrays))


def remembered(function: Scalar) -> Scalar:
    """A function that takes long: a slope by one element computes all the others again."""

    @lru_cache(maxsize=REMEMBERED)
    def of(_precision: int, *parts: tuple[int, int, int, int]) -> Real:  # which are hashed faster than the numbers
        return function(*map(mp.make_mpf, parts))

    return lambda *numbers: of(mp.prec, *[number._mpf_ for number in numbers])


def guarded(function: Scalar) -> Scalar:
    """A function of one real number that is nan where it has no real value, or none that fits into memory."""

    @remembered
    def safe(x: Real) -> Real:
        if x != x or magnitude(x) > _LARGEST_EXPONENT:
            return NAN
        try:
            return real_part(function(x))
        except _NO_VALUE:
            return NAN

    return safe


def guarded_pair(function: Scalar) -> Scalar:
    """The same for two arguments."""

    @remembered
    def safe(x: Real, y: Real) -> Real:
        if x != x or y != y or max(magnitude(x), magnitude(y)) > _LARGEST_EXPONENT:
            return NAN
        try:
            return real_part(function(x, y))
        except _NO_VALUE:
            return NAN

    return safe


def real_part(value: Real) -> Real:
    """A real result; nan if it is complex."""
    if isinstance(value, mp.mpc):
        return value.real if value.imag == 0 else NAN
    return value


def finite(x: Real) -> bool:
    """Whether a number is neither infinite nor nan."""
    return bool(x._mpf_[1]) or not x._mpf_[2]


def magnitude(x: Real) -> int:
    """The binary exponent of a number; 0 for zero and the infinities."""
    _, mantissa, exponent, bits = x._mpf_
    return int(exponent + bits) if mantissa else 0


def _as_array(value: object) -> Array:
    return np.asarray(value, dtype=object)


def _plain(x: object) -> Real:
    return mp.mpf(x)


_from_plain = np.frompyfunc(_plain, 1, 1)


@remembered
def exponential(x: Real) -> Real:
    """exp(x), at the ends of what fits into memory 0 or inf; remembered, since a softmax takes those of all elements
    again when one of them moves."""
    if magnitude(x) > _LARGEST_EXPONENT:
        return INF if x > 0 else ZERO
    return mp.exp(x)


@remembered
def logarithm(x: Real) -> Real:
    if x > 0:
        return mp.log(x)
    return -INF if x == 0 else NAN


def root(x: Real) -> Real:
    return mp.sqrt(x) if x >= 0 else NAN


def quotient(x: Real, y: Real) -> Real:
    if y != 0:
        return x / y
    if x == 0 or x != x:
        return NAN
    return INF if x > 0 else -INF


@remembered
def power(x: Real, y: Real) -> Real:
    """x**y: 1 for y = 0 and for x = 1 whatever the other is, nan for a negative base and a broken exponent."""
    if not (finite(x) and finite(y)):
        return ONE if y == 0 or x == 1 else _power_at_infinity(x, y)
    if y == 0:
        return ONE
    if x == 0:
        return ZERO if y > 0 else INF
    if x < 0 and y != mp.floor(y):
        return NAN
    if magnitude(y) + max(magnitude(x), 0).bit_length() > _LARGEST_EXPONENT:
        return INF if (abs(x) > 1) == (y > 0) else ZERO
    return x**y


def _power_at_infinity(x: Real, y: Real) -> Real:
    if x != x or y != y:
        return NAN
    if not finite(y):
        size = abs(x)
        return ONE if size == 1 else INF if (size > 1) == (y > 0) else ZERO
    if y < 0:
        return ZERO
    odd = y == mp.floor(y) and mp.floor(y / 2) * 2 != y
    return x if odd else INF


def larger(x: Real, y: Real) -> Real:
    """The maximum; nan if one is nan."""
    return y if y > x or y != y else x


def smaller(x: Real, y: Real) -> Real:
    """The minimum; nan if one is nan."""
    return y if y < x or y != y else x


exp = lift(exponential)
log = lift(logarithm)
sqrt = lift(root)
divide = lift(quotient, 2)
pow_ = lift(power, 2)
maximum = lift(larger, 2)
minimum = lift(smaller, 2)
absolute = lift(abs)


def add(x: Array, y: Array) -> Array:
    swallowing.note(x, y)
    return _as_array(x + y)


def subtract(x: Array, y: Array) -> Array:
    swallowing.note(x, y)
    return _as_array(x - y)


def multiply(x: Array, y: Array) -> Array:
    return _as_array(x * y)


def negate(x: Array) -> Array:
    return _as_array(-x)


def choose(condition: Array, yes: Array, no: Array) -> Array:
    """Element by element; what is not chosen does not matter, whatever it is."""
    return _as_array(np.where(condition, yes, no))


def is_nan(x: Array) -> Array:
    """Where a real array is nan."""
    return np.asarray(x != x, dtype=bool)


def sum_of(row: Sequence[Real]) -> Real:
    swallowing.note_sum(row)
    return sum(row, ZERO)
