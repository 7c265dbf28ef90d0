"""Rounding, signs, parts of numbers, and what is made of integers and bits."""

# ruff: noqa: A002, A006 - parameters have PyTorch's names
from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np
from mpmath import mp

from gradcli.numerics.reference import swallowing
from gradcli.numerics.reference.reals import (
    ZERO,
    Array,
    absolute,
    add,
    choose,
    exp,
    finite,
    guarded_pair,
    is_nan,
    is_real,
    lift,
    log,
    magnitude,
    multiply,
    negate,
    pow_,
    reals,
    sqrt,
    subtract,
)
from gradcli.numerics.reference.rules.registry import RULES, first, rule
from gradcli.numerics.reference.slope import NoReference, Real

Value = Any
Parts = namedtuple("Parts", ["mantissa", "exponent"])


def _to_integers(function: Callable[[Real], Real]) -> Callable[[Array], Array]:
    over = lift(function)

    def rounded(x: Array) -> Array:
        swallowing.note_rounding(x)
        return over(x)

    return rounded


nearest = _to_integers(mp.nint)  # halves to even, as PyTorch does
trunc = _to_integers(lambda x: mp.floor(x) if x > 0 else mp.ceil(x))
floor = _to_integers(mp.floor)
ceil = _to_integers(mp.ceil)
sign = lift(mp.sign)

RULES["sign"] = RULES["sgn"] = first(lambda x: sign(x) if is_real(x) else np.sign(x))
RULES["ceil"] = first(lambda x: ceil(reals(x)))
RULES["floor"] = first(lambda x: floor(reals(x)))
RULES["trunc"] = first(lambda x: trunc(reals(x)))
RULES["frac"] = first(lambda x: subtract(reals(x), trunc(reals(x))))


@rule("round")
def round_(input: Value, decimals: int = 0) -> Value:
    scale = reals(mp.mpf(10) ** decimals)
    return np.asarray(nearest(multiply(reals(input), scale)) / scale, dtype=object)


def _of_two_reals(function: Any) -> Any:
    return lambda input, other: function(reals(input), reals(other))


def _angle(y: Real, x: Real) -> Real:
    if not (finite(x) or finite(y)):  # IEEE 754 has the middle of the quadrant
        y, x = mp.sign(y), mp.sign(x)
    return mp.atan2(y, x)


RULES["atan2"] = _of_two_reals(lift(guarded_pair(_angle), 2))
RULES["hypot"] = _of_two_reals(lambda x, y: sqrt(add(multiply(x, x), multiply(y, y))))
RULES["logaddexp"] = _of_two_reals(lambda x, y: log(add(exp(x), exp(y))))
RULES["logaddexp2"] = _of_two_reals(lambda x, y: log(add(pow_(reals(2), x), pow_(reals(2), y))) / mp.ln2)
RULES["copysign"] = _of_two_reals(lambda x, y: choose(np.asarray(y < 0, dtype=bool), negate(absolute(x)), absolute(x)))
RULES["ldexp"] = _of_two_reals(lambda x, y: multiply(x, pow_(reals(2), y)))
RULES["angle"] = first(lambda x: choose(is_nan(x), x, choose(np.asarray(x < 0, dtype=bool), reals(mp.pi), reals(ZERO))))


def _not_finite(x: Real, when_nan: Real, above: Real, below: Real) -> Real:
    if finite(x):
        return x
    found = when_nan if x != x else above if x > 0 else below
    if found is None:
        raise NoReference("nan_to_num of an infinity")  # becomes the largest number of a dtype
    return found


@rule("nan_to_num")
def nan_to_num(
    input: Value,
    nan: float | None = None,
    posinf: float | None = None,
    neginf: float | None = None,
) -> Value:
    above, below = (None if bound is None else mp.mpf(bound) for bound in (posinf, neginf))
    return lift(lambda x: _not_finite(x, mp.mpf(nan or 0), above, below))(reals(input))


@rule("frexp")
def frexp(input: Value) -> Value:
    x = reals(input)
    return Parts(lift(lambda part: mp.ldexp(part, -magnitude(part)))(x), lift(magnitude)(x).astype(np.int64))


def _of_integers(function: Any) -> Any:
    return lambda input, other: np.asarray(function(np.asarray(input), np.asarray(other)))


for _name, _function in {
    "bitwise_and": np.bitwise_and,
    "bitwise_or": np.bitwise_or,
    "bitwise_xor": np.bitwise_xor,
    "bitwise_left_shift": np.left_shift,
    "bitwise_right_shift": np.right_shift,
    "gcd": np.gcd,
    "lcm": np.lcm,
}.items():
    RULES[_name] = _of_integers(_function)


RULES["bitwise_not"] = first(lambda x: np.invert(x))
