"""Rows of activations with their parameters, and PyTorch's functions for them."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, cast

import torch
from each import each

from gradcli.language.catalogue.activations import ACTIVATIONS
from gradcli.language.catalogue.rows import Activation
from gradcli.language.catalogue.signature import parse_signature

Parameters = dict[str, Any]

BY_NAME = {row.name: row for row in ACTIVATIONS}

OTHER_PARAMETERS: dict[str, list[Parameters]] = {
    "celu": [{"alpha": 2.0}, {"alpha": 0.5}],
    "elu": [{"alpha": 0.5}, {"alpha": 2.0}],
    "hardshrink": [{"lambd": 1.0}],
    "hardtanh": [{"min_val": -2.0, "max_val": 0.5}],
    "heaviside": [{"values": 0.0}, {"values": 1.0}],
    "leaky_relu": [{"negative_slope": 0.2}, {"negative_slope": 2.0}],
    "prelu": [{"weight": 0.1}, {"weight": 3.0}],
    "rrelu": [{"lower": 0.1, "upper": 0.6}],
    "softplus": [{"beta": 2.0}, {"beta": 2.0, "threshold": 1.0}],
    "softshrink": [{"lambd": 1.0}],
    "threshold": [{"threshold": 0.25, "value": 20.0}, {"threshold": 0.5, "value": -1.5}],
}
"""Parameters beside the defaults, with which every statement about a row has to hold as well."""

PYTORCH_IS_INEXACT = {
    "hardsigmoid": (1e-7, "f' is the float32 value of 1/6, in float64 too"),
}
"""Derivatives that PyTorch rounds: the relative difference allowed, and why."""

PYTORCH_HAS_NO_DERIVATIVE = {"heaviside": "derivative for aten::heaviside is not implemented"}

STARTS_AT = {"log1p": -1.0 + 1e-16, "sqrt": 0.0}
"""The first x of functions that are not defined everywhere."""


def elementwise_cases() -> list[Any]:
    rows = [row for row in ACTIVATIONS if row.elementwise]
    return [(row, dict(row.parameters) | other) for row in rows for other in [{}, *OTHER_PARAMETERS.get(row.name, [])]]


every_row = each("row", ACTIVATIONS, ids=lambda row: row.name)
every_elementwise_case = each(
    "row, parameters", elementwise_cases(), ids=lambda case: (case[0].name, *case[1].values())
)


def real(value: Any) -> torch.Tensor:
    if isinstance(value, torch.Tensor):
        return value if value.dtype == torch.bool else value.double()
    return torch.tensor(value, dtype=torch.bool if isinstance(value, bool) else torch.float64)


def of_tensors(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """A PyTorch function that also takes Python's numbers, as the expression language does."""
    return lambda *arguments: function(*map(real, arguments))


NAMES: dict[str, Any] = {
    function.__name__: of_tensors(function)
    for function in (
        *(torch.abs, torch.atan, torch.cos, torch.erf, torch.exp, torch.log, torch.log1p, torch.maximum),
        *(torch.minimum, torch.sigmoid, torch.sin, torch.sqrt, torch.tanh, torch.where),
    )
} | {"chunk": torch.chunk, "sum": torch.sum, "pi": math.pi, "e": math.e, "nan": math.nan, "inf": math.inf}


def run(expression: str, **names: Any) -> Any:
    return eval(expression, {"__builtins__": {}}, NAMES | names)


def resolved(path: str) -> Callable[..., torch.Tensor]:
    found: Any = functools.reduce(getattr, path.removeprefix("torch.").split("."), cast("Any", torch))
    return cast("Callable[..., torch.Tensor]", found)


def pytorch(row: Activation, x: torch.Tensor, parameters: Parameters) -> torch.Tensor:
    """What PyTorch returns; a parameter that its signature calls a tensor is passed as one."""
    tensors = {p.name for p in parse_signature(row.signatures[0]).parameters if p.kind == "tensor"}
    return resolved(row.torch)(x, **{k: real(v) if k in tensors else v for k, v in parameters.items()})


def slope(row: Activation, x: torch.Tensor, parameters: Parameters) -> torch.Tensor:
    """What autograd returns, 0 for a step that it cannot differentiate."""
    if row.name in PYTORCH_HAS_NO_DERIVATIVE:
        return torch.zeros_like(x)
    x = x.clone().requires_grad_()
    return torch.autograd.grad(pytorch(row, x, parameters).sum(), x)[0]


def kinks(row: Activation, parameters: Parameters) -> list[float]:
    places = [float(run(kink, **parameters)) for kink in row.kinks]
    return [place for place in places if not math.isnan(place)]
