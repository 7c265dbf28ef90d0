"""Rows of losses with their examples, and PyTorch's functions for them.

The rows' expressions are run by Python here, not by our own evaluator, so that one mistake cannot hide another.
"""

from __future__ import annotations

import functools
import inspect
import math
import warnings
from collections.abc import Callable
from typing import Any, cast

import torch
from each import each
from torch.nn import functional

from gradcli.language.catalogue.losses import LOSSES
from gradcli.language.catalogue.rows import Loss
from gradcli.language.catalogue.signature import Parameter, parse_signature

Tensors = dict[str, torch.Tensor]

BY_NAME = {row.name: row for row in LOSSES}

TOLERANCE = {
    "cosine_embedding": (1e-11, "PyTorch adds 1e-12 to the squared norms"),
}
"""Relative differences above 1e-12 between a formula and PyTorch, and why."""

DEPRECATED = {"size_average", "reduce"}

every_row = each("row", LOSSES, ids=lambda row: row.name)


def real(value: Any) -> torch.Tensor:
    if isinstance(value, torch.Tensor):
        return value if value.dtype == torch.bool else value.double()
    return torch.tensor(value, dtype=torch.bool if isinstance(value, bool) else torch.float64)


def of_tensors(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """A PyTorch function that also takes Python's numbers and lists, as the expression language does."""
    return lambda *arguments, **keywords: function(*map(real, arguments), **keywords)


NAMES: dict[str, Any] = {
    name: of_tensors(getattr(torch, name))
    for name in ["abs", "exp", "log", "log1p", "maximum", "minimum", "sigmoid", "sign", "where", "xlogy"]
} | {
    "cosine_similarity": torch.cosine_similarity,
    "log_softmax": of_tensors(torch.log_softmax),
    "logsigmoid": functional.logsigmoid,
    "norm": torch.norm,
    "one_hot": functional.one_hot,
    "pi": math.pi,
    "softmax": torch.softmax,
}


BUILTINS = {"__builtins__": {"__import__": __import__}}
"""None of Python's own, but what a function of PyTorch's needs that imports something when it is first called."""


def run(expression: str, **names: Any) -> Any:
    """The value of the last statement; those before it are assignments."""
    known = NAMES | names
    *assignments, last = expression.split("; ")
    for assignment in assignments:
        name, _, value = assignment.partition(" = ")
        known[name] = eval(value, BUILTINS, known)
    return eval(last, BUILTINS, known)


def resolved(path: str) -> Callable[..., torch.Tensor]:
    found: Any = functools.reduce(getattr, path.removeprefix("torch.").split("."), cast("Any", torch))
    return cast("Callable[..., torch.Tensor]", found)


def pytorch(row: Loss, inputs: Tensors, **parameters: Any) -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "reduction: 'mean' divides")  # kl_div, each time
        return resolved(row.torch)(**inputs, **parameters)


def tensors(row: Loss, values: dict[str, Any]) -> Tensors:
    """Values in float64, class indices as int64."""
    content = {argument.name: argument.content for argument in row.arguments}
    return {name: real(value) if content[name] == "real" else real(value).long() for name, value in values.items()}


def predictions(row: Loss) -> list[str]:
    return [argument.name for argument in row.arguments if argument.role == "prediction"]


def gradient(row: Loss, inputs: Tensors, **parameters: Any) -> torch.Tensor:
    """The derivative of the summed loss with respect to the first prediction."""
    first = predictions(row)[0]
    leaf = inputs[first].clone().requires_grad_()
    loss = pytorch(row, inputs | {first: leaf}, **({"reduction": "sum"} | parameters))
    return torch.autograd.grad(loss, leaf)[0]


def theirs(row: Loss) -> dict[str, inspect.Parameter]:
    signature = inspect.signature(resolved(row.torch))
    return {name: parameter for name, parameter in signature.parameters.items() if name not in DEPRECATED}


def ours(row: Loss) -> dict[str, Parameter]:
    assert len(row.signatures) == 1
    return {parameter.name: parameter for parameter in parse_signature(row.signatures[0]).parameters}
