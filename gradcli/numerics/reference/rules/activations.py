"""Activations by the formula of their row, evaluated as an expression; constants in a formula are exact."""

from __future__ import annotations

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

_SWITCHES = {"inplace": False, "training": False}
"""Parameters without which an activation is a function of x."""


@cache
def _program(text: str) -> Program:
    return parse(text, bound=("x", "alpha", "beta", "threshold", "value", "values", "weight", "lower", "upper", "dim"))


def activation(row: Activation, **named: Any) -> Array:
    """The value of an activation for its bound arguments."""
    from gradcli.numerics.reference.evaluator import evaluate  # which imports the rules

    x = reals(named.pop("input"))
    for switch, off in _SWITCHES.items():
        if named.pop(switch, off) != off:
            raise NoReference(f"{row.name} with {switch}=True")
    given = dict(row.parameters) | named
    if "dim" in given and given["dim"] is None:
        given["dim"] = 0 if x.ndim in (0, 1, 3) else 1  # PyTorch's guess
    text = TANH_GELU if given.pop("approximate", "none") == "tanh" else row.formula
    parameters = {name: value if isinstance(value, int) else reals(value) for name, value in given.items()}
    if "weight" in parameters:
        parameters["weight"] = _by_channel(reals(parameters["weight"]), x)
    return evaluate(_program(text), {"x": x, **parameters}, exact=True)


def _by_channel(weight: Array, x: Array) -> Array:
    """prelu's weight: one for all, or one for each index of dimension 1."""
    if weight.size == 1:
        return weight.reshape(())
    return weight.reshape([-1 if dim == 1 else 1 for dim in range(x.ndim)])


for _row in ACTIVATIONS:
    if _row.category == "activation":
        RULES[_row.name] = partial(activation, _row)
