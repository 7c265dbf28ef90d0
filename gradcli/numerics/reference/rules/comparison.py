"""Comparisons, masks, logic: truth values; and conversions between the three kinds of arrays."""

# ruff: noqa: A002, A006 - parameters have PyTorch's names
from __future__ import annotations

import operator
from typing import Any

import numpy as np
import torch

from gradcli.numerics.reference.reals import absolute, finite, is_nan, is_real, lift, multiply, reals, subtract
from gradcli.numerics.reference.rules.registry import RULES, first, rule
from gradcli.numerics.reference.rules.rounding import trunc
from gradcli.numerics.reference.slope import NoReference

Value = Any


def truth(value: Value) -> Any:
    """As truth values: what is not zero is true."""
    return np.asarray(np.asarray(value) != 0, dtype=bool)


def _compared(compare: Any) -> Any:
    return lambda input, other: np.asarray(compare(np.asarray(input), np.asarray(other)), dtype=bool)


for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    RULES[_name] = _compared(getattr(operator, _name))

RULES["logical_and"] = lambda input, other: truth(input) & truth(other)
RULES["logical_or"] = lambda input, other: truth(input) | truth(other)
RULES["logical_xor"] = lambda input, other: truth(input) ^ truth(other)
RULES["logical_not"] = lambda input: ~truth(input)
RULES["isnan"] = lambda input: is_nan(reals(input))
RULES["isfinite"] = lambda input: _mask(lift(finite)(reals(input)))
RULES["isinf"] = lambda input: ~_mask(lift(finite)(reals(input))) & ~is_nan(reals(input))
RULES["isposinf"] = lambda input: _mask(reals(input) == np.inf)
RULES["isneginf"] = lambda input: _mask(reals(input) == -np.inf)
RULES["isreal"] = lambda input: np.ones(np.shape(input), dtype=bool)
RULES["signbit"] = lambda input: _mask(reals(input) < 0)


def _mask(value: Value) -> Any:
    return np.asarray(value, dtype=bool)


@rule("isclose")
def isclose(
    input: Value,
    other: Value,
    rtol: float = 1e-05,
    atol: float = 1e-08,
    equal_nan: bool = False,
) -> Value:
    x, y = reals(input), reals(other)
    near = _mask(absolute(subtract(x, y)) <= multiply(absolute(y), reals(rtol)) + reals(atol))
    both_nan = is_nan(x) & is_nan(y)
    return _mask(x == y) | (near & RULES["isfinite"](input=y)) | (both_nan if equal_nan else np.zeros((), dtype=bool))


@rule("allclose")
def allclose(input: Value, other: Value, **tolerances: Any) -> Value:
    return bool(np.all(isclose(input, other, **tolerances)))


@rule("equal")
def equal(input: Value, other: Value) -> Value:
    same = np.shape(input) == np.shape(other)
    return same and bool(np.all(np.asarray(RULES["eq"](input=input, other=other))))


RULES["bool"] = first(truth)
RULES["long"] = first(lambda x: _integers(x))
RULES["double"] = first(lambda x: reals(x))


def _integers(value: Value) -> Value:
    if not is_real(value):
        return np.asarray(value).astype(np.int64)
    return lift(lambda x: int(x) if abs(x) < 2**63 else -(2**63))(trunc(value)).astype(np.int64)


@rule("to")
def to(input: Value, dtype: object = None, tensor: Value = None) -> Value:  # noqa: ARG001
    known = {torch.float64: reals, torch.int64: _integers, torch.bool: truth}
    if dtype not in known:
        raise NoReference("a conversion that rounds")
    return known[dtype](input)


def _of_integers(name: str) -> Any:
    """float(mask) and its kin: exact for truth values and small integers, rounding for real numbers."""

    def convert(input: Value) -> Value:
        if is_real(input):
            raise NoReference(name)
        return reals(input)

    return convert


for _name in ("float", "half", "bfloat16"):  # of a mask: exact
    RULES[_name] = _of_integers(_name)


@rule("type_as")
def type_as(input: Value, other: Value) -> Value:
    if np.asarray(other).dtype != object:
        return truth(input) if np.asarray(other).dtype == bool else _integers(input)
    return _of_integers("type_as")(input)
