"""Scaling by statistics of the elements: layer, batch, group norm and their kin."""

# ruff: noqa: A002 - parameters have PyTorch's names
from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.numerics.reference.reals import Array, add, divide, maximum, multiply, pow_, reals, sqrt, subtract
from gradcli.numerics.reference.rules.dimensions import Dims
from gradcli.numerics.reference.rules.reduction import mean, sum_, var, vector_norm
from gradcli.numerics.reference.rules.registry import rule
from gradcli.numerics.reference.slope import NoReference

Value = Any


@rule("normalize")
def normalize(input: Value, p: float = 2.0, dim: Dims = 1, eps: float = 1e-12) -> Value:
    x = reals(input)
    return divide(x, maximum(vector_norm(x, p, dim, True), reals(eps)))


def _standardized(x: Array, dims: Dims, eps: float) -> Array:
    """Less the mean, over the root of the biased variance and eps."""
    return _scaled(x, mean(x, dims, True), var(x, dims, correction=0, keepdim=True), eps)


def _scaled(x: Array, center: Array, variance: Array, eps: float) -> Array:
    return divide(subtract(x, center), sqrt(add(variance, reals(eps))))


def _affine(x: Array, weight: Value, bias: Value) -> Array:
    scaled = x if weight is None else multiply(x, reals(weight))
    return scaled if bias is None else add(scaled, reals(bias))


def _trailing(normalized_shape: Value) -> list[int]:
    count = 1 if isinstance(normalized_shape, int) else len(normalized_shape)
    return [-1 - dim for dim in range(count)]


@rule("layer_norm")
def layer_norm(
    input: Value,
    normalized_shape: Value,
    weight: Value = None,
    bias: Value = None,
    eps: float = 1e-05,
) -> Value:
    return _affine(_standardized(reals(input), _trailing(normalized_shape), eps), weight, bias)


@rule("rms_norm")
def rms_norm(input: Value, normalized_shape: Value, weight: Value = None, eps: float | None = None) -> Value:
    if eps is None:
        raise NoReference("rms_norm with the eps of a dtype")
    x = reals(input)
    squares = mean(multiply(x, x), _trailing(normalized_shape), True)
    return _affine(divide(x, sqrt(add(squares, reals(eps)))), weight, None)


def _per_channel(values: Value, x: Array) -> Array:
    return reals(values).reshape([-1 if dim == 1 else 1 for dim in range(x.ndim)])


def _channel_affine(x: Array, weight: Value, bias: Value) -> Array:
    return _affine(x, *(None if part is None else _per_channel(part, x) for part in (weight, bias)))


@rule("group_norm")
def group_norm(
    input: Value,
    num_groups: int,
    weight: Value = None,
    bias: Value = None,
    eps: float = 1e-05,
) -> Value:
    x = reals(input)
    groups = x.reshape(x.shape[0], num_groups, -1)
    return _channel_affine(_standardized(groups, 2, eps).reshape(x.shape), weight, bias)


@rule("instance_norm")
def instance_norm(
    input: Value,
    running_mean: Value = None,
    running_var: Value = None,
    weight: Value = None,
    bias: Value = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,  # noqa: ARG001 - of the running statistics, not of the result
    eps: float = 1e-05,
) -> Value:
    x = reals(input)
    if use_input_stats:
        standard = _standardized(x, list(range(2, x.ndim)), eps)
    else:
        standard = _scaled(x, _per_channel(running_mean, x), _per_channel(running_var, x), eps)
    return _channel_affine(standard, weight, bias)


@rule("batch_norm")
def batch_norm(
    input: Value,
    running_mean: Value = None,
    running_var: Value = None,
    weight: Value = None,
    bias: Value = None,
    training: bool = False,
    momentum: float = 0.1,  # noqa: ARG001
    eps: float = 1e-05,
) -> Value:
    x = reals(input)
    if training:
        standard = _standardized(x, [dim for dim in range(x.ndim) if dim != 1], eps)
    else:
        standard = _scaled(x, _per_channel(running_mean, x), _per_channel(running_var, x), eps)
    return _channel_affine(standard, weight, bias)


@rule("local_response_norm")
def local_response_norm(
    input: Value,
    size: int,
    alpha: float = 0.0001,
    beta: float = 0.75,
    k: float = 1.0,
) -> Value:
    x = reals(input)
    squares = multiply(x, x)
    around = [
        sum_(squares[:, max(0, channel - size // 2) : channel + (size - 1) // 2 + 1], 1)
        for channel in range(x.shape[1])
    ]
    mean_square = divide(np.stack(around, axis=1), reals(size))
    return divide(x, pow_(add(reals(k), multiply(reals(alpha), mean_square)), reals(beta)))


@rule("renorm")
def renorm(input: Value, p: float, dim: int, maxnorm: float) -> Value:
    x = reals(input)
    norms = vector_norm(x, p, [d for d in range(x.ndim) if d != dim % x.ndim], True)
    factor = divide(reals(maxnorm), add(norms, reals(1e-7)))  # PyTorch's guard against division by zero
    return multiply(x, np.where(np.asarray(norms > maxnorm, dtype=bool), factor, reals(1)))
