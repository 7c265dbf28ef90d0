"""How far apart vectors are."""

# ruff: noqa: A002 - parameters have PyTorch's names
from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from gradcli.numerics.reference.reals import Array, add, divide, maximum, multiply, reals, subtract
from gradcli.numerics.reference.rules.reduction import sum_, vector_norm
from gradcli.numerics.reference.rules.registry import rule

Value = Any


@rule("cosine_similarity")
def cosine_similarity(x1: Value, x2: Value, dim: int = 1, eps: float = 1e-08) -> Array:
    one, other = np.broadcast_arrays(reals(x1), reals(x2))
    sizes = [maximum(vector_norm(x, 2, dim), reals(eps)) for x in (one, other)]
    return divide(sum_(multiply(one, other), dim), multiply(*sizes))


@rule("pairwise_distance")
def pairwise_distance(x1: Value, x2: Value, p: float = 2.0, eps: float = 1e-06, keepdim: bool = False) -> Array:
    return vector_norm(add(subtract(reals(x1), reals(x2)), reals(eps)), p, -1, keepdim)


@rule("dist")
def dist(input: Value, other: Value, p: float = 2) -> Array:
    return vector_norm(subtract(reals(input), reals(other)), p)


@rule("cdist")
def cdist(x1: Value, x2: Value, p: float = 2.0, compute_mode: str = "") -> Array:  # noqa: ARG001 - how, not what
    return vector_norm(subtract(reals(x1)[..., :, None, :], reals(x2)[..., None, :, :]), p, -1)


@rule("pdist")
def pdist(input: Value, p: float = 2.0) -> Array:
    x = reals(input)
    first, second = zip(*combinations(range(len(x)), 2), strict=True)
    return vector_norm(subtract(x[list(first)], x[list(second)]), p, -1)
