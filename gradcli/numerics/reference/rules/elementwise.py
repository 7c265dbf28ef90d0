"""Arithmetic, powers, logarithms, trigonometry, rounding: each element on its own."""

# ruff: noqa: A002 - parameters have PyTorch's names
from __future__ import annotations

from typing import Any

import numpy as np
from mpmath import mp

from gradcli.numerics.reference.reals import (
    NAN,
    Array,
    add,
    choose,
    divide,
    exponential,
    guarded,
    is_nan,
    is_real,
    lift,
    logarithm,
    maximum,
    minimum,
    multiply,
    pow_,
    quotient,
    reals,
    root,
    subtract,
)
from gradcli.numerics.reference.rules.registry import RULES, first, rule
from gradcli.numerics.reference.rules.rounding import floor, trunc
from gradcli.numerics.reference.slope import Real

Value = Any
"""An array or a plain number."""


def _sinc(x: Real) -> Real:
    return mp.sincpi(x)


def _log1p(x: Real) -> Real:
    return mp.log1p(x) if x > -1 else -mp.inf if x == -1 else NAN


def _rsqrt(x: Real) -> Real:
    return quotient(mp.one, root(x)) if x >= 0 else NAN


def _atanh(x: Real) -> Real:
    return NAN if abs(x) > 1 else mp.inf * mp.sign(x) if abs(x) == 1 else mp.atanh(x)


UNARY = {
    "acos": guarded(mp.acos),
    "acosh": guarded(mp.acosh),
    "asin": guarded(mp.asin),
    "asinh": guarded(mp.asinh),
    "atan": guarded(mp.atan),
    "atanh": guarded(_atanh),
    "cos": guarded(mp.cos),
    "cosh": guarded(mp.cosh),
    "exp": exponential,
    "exp2": lambda x: exponential(x * mp.ln2),
    "expm1": guarded(mp.expm1),
    "log": logarithm,
    "log10": lambda x: logarithm(x) / mp.ln10,
    "log1p": _log1p,
    "log2": lambda x: logarithm(x) / mp.ln2,
    "rsqrt": _rsqrt,
    "sin": guarded(mp.sin),
    "sinc": guarded(_sinc),
    "sinh": guarded(mp.sinh),
    "sqrt": root,
    "tan": guarded(mp.tan),
    "deg2rad": lambda x: x * mp.pi / 180,
    "rad2deg": lambda x: x * 180 / mp.pi,
    "reciprocal": lambda x: quotient(mp.one, x),
    "square": lambda x: x * x,
}
"""By row: a function of one real number."""


def _of_reals(function: Any) -> Any:
    over = lift(function)
    return first(lambda x: over(reals(x)))


for _name, _function in UNARY.items():
    RULES[_name] = _of_reals(_function)


def keeps_integers(function: Any) -> Any:
    """A rule of two operands that is one of integers for integers, and of reals as soon as one is real."""

    def operate(input: Value, other: Value) -> Value:
        if is_real(input) or is_real(other):
            return function(reals(input), reals(other))
        return function(np.asarray(input), np.asarray(other))

    return operate


_add = keeps_integers(lambda x, y: add(x, y) if x.dtype == object else np.asarray(x + y))
_subtract = keeps_integers(lambda x, y: subtract(x, y) if x.dtype == object else np.asarray(x - y))
_multiply = keeps_integers(lambda x, y: np.asarray(x * y))


def _scaled(other: Value, alpha: Value) -> Value:
    return other if alpha == 1 else _multiply(alpha, other)


@rule("add")
def add_(input: Value, other: Value, alpha: Value = 1) -> Value:
    return _add(input, _scaled(other, alpha))


@rule("sub")
def sub(input: Value, other: Value, alpha: Value = 1) -> Value:
    return _subtract(input, _scaled(other, alpha))


@rule("rsub")
def rsub(input: Value, other: Value, alpha: Value = 1) -> Value:
    return _subtract(other, _scaled(input, alpha))


RULES["mul"] = _multiply


@rule("neg")
def neg(input: Value) -> Value:
    return np.asarray(-input)


@rule("positive", "resolve_neg", "resolve_conj", "conj", "conj_physical", "real", "clone", "contiguous", "detach")
def identity(input: Value) -> Value:
    """The same value. That goes for detach too: the derivative of x * x.detach() is 2 x, whatever a graph says."""
    return input


@rule("abs")
def abs_(input: Value) -> Value:
    return np.asarray(abs(input))


def _floored(x: Array, y: Array) -> Array:
    """The floor of x / y: -1 where an infinite y leaves nothing of the quotient but a negative sign."""
    ratio = divide(x, y)
    below = np.asarray((ratio == 0) & (x != 0) & ((x < 0) != (y < 0)), dtype=bool)
    return choose(below, reals(-1), floor(ratio))


def _truncated(x: Array, y: Array) -> Array:
    return trunc(divide(x, y))


@rule("div")
def div(input: Value, other: Value, rounding_mode: str | None = None) -> Value:
    if rounding_mode is None:
        return divide(reals(input), reals(other))
    rounded = {"floor": _floored, "trunc": _truncated}[rounding_mode](reals(input), reals(other))
    return rounded if is_real(input) or is_real(other) else rounded.astype(np.int64)


@rule("floor_divide")
def floor_divide(input: Value, other: Value) -> Value:
    return div(input, other, "floor")


def _less(x: Array, y: Array, times: Array) -> Array:
    """x without so many times y: x itself where y does not go into it, even an infinite one."""
    return choose(np.asarray(times == 0, dtype=bool), x, subtract(x, multiply(y, times)))


RULES["remainder"] = keeps_integers(lambda x, y: _less(x, y, _floored(x, y)) if x.dtype == object else np.mod(x, y))
RULES["fmod"] = keeps_integers(lambda x, y: _less(x, y, _truncated(x, y)) if x.dtype == object else np.fmod(x, y))


@rule("pow", "float_power")
def power(input: Value, exponent: Value) -> Value:
    if is_real(input) or is_real(exponent):
        return pow_(reals(input), reals(exponent))
    return np.asarray(np.asarray(input) ** np.asarray(exponent))


RULES["maximum"] = keeps_integers(lambda x, y: maximum(x, y) if x.dtype == object else np.maximum(x, y))
RULES["minimum"] = keeps_integers(lambda x, y: minimum(x, y) if x.dtype == object else np.minimum(x, y))
RULES["fmax"] = keeps_integers(lambda x, y: choose(is_nan(x), y, choose(is_nan(y), x, maximum(x, y))))
RULES["fmin"] = keeps_integers(lambda x, y: choose(is_nan(x), y, choose(is_nan(y), x, minimum(x, y))))


@rule("clamp")
def clamp(input: Value, min: Value = None, max: Value = None) -> Value:
    low = input if min is None else RULES["maximum"](input=input, other=min)
    return low if max is None else RULES["minimum"](input=low, other=max)


@rule("clamp_min")
def clamp_min(input: Value, min: Value) -> Value:
    return clamp(input, min=min)


@rule("clamp_max")
def clamp_max(input: Value, max: Value) -> Value:
    return clamp(input, max=max)


@rule("where")
def where(condition: Value, input: Value, other: Value) -> Value:
    if is_real(input) or is_real(other):
        return choose(np.asarray(condition, dtype=bool), reals(input), reals(other))
    return np.where(np.asarray(condition, dtype=bool), input, other)


@rule("addcmul")
def addcmul(input: Value, tensor1: Value, tensor2: Value, value: Value = 1) -> Value:
    return add(reals(input), multiply(multiply(reals(tensor1), reals(tensor2)), reals(value)))


@rule("addcdiv")
def addcdiv(input: Value, tensor1: Value, tensor2: Value, value: Value = 1) -> Value:
    return add(reals(input), multiply(divide(reals(tensor1), reals(tensor2)), reals(value)))


@rule("lerp")
def lerp(input: Value, end: Value, weight: Value) -> Value:
    start = reals(input)
    return add(start, multiply(reals(weight), subtract(reals(end), start)))
