"""Attention, and functions that are random only while a network is trained."""

# ruff: noqa: A002 - parameters have PyTorch's names
from __future__ import annotations

from typing import Any

import numpy as np
from mpmath import mp

from gradcli.numerics.reference.reals import INF, add, choose, divide, exp, multiply, reals
from gradcli.numerics.reference.rules.products import product
from gradcli.numerics.reference.rules.reduction import sum_
from gradcli.numerics.reference.rules.registry import rule
from gradcli.numerics.reference.slope import NoReference

Value = Any


@rule("scaled_dot_product_attention")
def attention(
    query: Value,
    key: Value,
    value: Value,
    attn_mask: Value = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Value:
    if dropout_p or enable_gqa:
        raise NoReference("attention with dropout or grouped queries")
    q, k = reals(query), reals(key)
    factor = 1 / mp.sqrt(q.shape[-1]) if scale is None else mp.mpf(scale)
    scores = multiply(product(q, np.swapaxes(k, -1, -2)), reals(factor))
    mask = np.tri(q.shape[-2], k.shape[-2], dtype=bool) if is_causal else attn_mask
    if mask is not None:
        allowed = mask.dtype == bool
        scores = choose(mask, scores, reals(-INF)) if allowed else add(scores, reals(mask))
    powers = exp(scores)
    return product(divide(powers, sum_(powers, -1, True)), reals(value))


@rule("dropout", "dropout1d", "dropout2d", "dropout3d")
def dropout(input: Value, p: float = 0.5, training: bool = True, inplace: bool = False) -> Value:
    if inplace or (training and p):
        raise NoReference("dropout in training")
    return input


@rule("alpha_dropout", "feature_alpha_dropout")
def alpha_dropout(input: Value, p: float = 0.5, training: bool = False, inplace: bool = False) -> Value:
    return dropout(input, p, training, inplace)
