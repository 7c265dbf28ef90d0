"""Activations by the formula of their row: a rule answers with an expression, whose constants are exact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from gradcli.language.catalogue.activations import ACTIVATIONS
from gradcli.language.catalogue.rows import Activation
from gradcli.language.parser import parse
from gradcli.language.syntax import Program
from gradcli.numerics.reference.reals import Array, reals
from gradcli.numerics.reference.rules.registry import RULES
from gradcli.numerics.reference.slope import NoReference

TANH_GELU = "x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))) / 2"
"""gelu with approximate='tanh', which the row's formula leaves out."""

_NEAR_ZERO = {
    "tanh": "-sign(x) * expm1(-2 * abs(x)) / (expm1(-2 * abs(x)) + 2)",
    "elu": "where(x > 0, x, alpha * expm1(x))",
    "selu": "1.0507009873554805 * where(x > 0, x, 1.6732632423543772 * expm1(x))",
    "celu": "where(x > 0, x, alpha * expm1(x / alpha))",
}
"""Formulas that do not cancel at a number beside 0, for those that do: x - tanh(x) would have the slope of x."""

_GUESSED = "dim: int? = None"
"""In a signature: PyTorch guesses the dimension from how many there are."""

_SWITCHES = {"inplace": False, "training": False}
"""Parameters without which an activation is a function of x."""


@dataclass(frozen=True)
class Formula:
    """An expression that is still to be evaluated, and the values of its names."""

    program: Program
    inputs: Mapping[str, object]


@cache
def _program(text: str) -> Program:
    return parse(text, bound=("x", "alpha", "beta", "threshold", "value", "values", "weight", "lower", "upper", "dim"))


def _formula(row: Activation, **named: Any) -> Formula:
    """The formula of an activation for its bound arguments."""
    x = reals(named.pop("input"))
    for switch, off in _SWITCHES.items():
        if named.pop(switch, off) != off:
            raise NoReference(f"{row.name} with {switch}=True")
    given = dict(row.parameters) | named
    if named.get("dim") is None and _GUESSED in row.signatures[0]:
        given["dim"] = 0 if x.ndim in (0, 1, 3) else 1
    text = TANH_GELU if given.pop("approximate", "none") == "tanh" else _NEAR_ZERO.get(row.name, row.formula)
    parameters = {name: value if isinstance(value, int) else reals(value) for name, value in given.items()}
    if "weight" in parameters:
        parameters["weight"] = _by_channel(reals(parameters["weight"]), x)
    return Formula(_program(text), {"x": x, **parameters})


def _by_channel(weight: Array, x: Array) -> Array:
    """prelu's weight: one for all, or one for each index of dimension 1."""
    return weight.reshape([-1 if dim == 1 else 1 for dim in range(x.ndim)])


for _row in ACTIVATIONS:
    if _row.category == "activation":
        RULES[_row.name] = partial(_formula, _row)
