"""Losses of regression and probability, as the definitions say, element by element or class by class."""

# ruff: noqa: A002 - parameters have PyTorch's names
from __future__ import annotations

from typing import Any

import numpy as np
from mpmath import mp

from gradcli.numerics.reference.reals import (
    ONE,
    ZERO,
    Array,
    absolute,
    add,
    choose,
    divide,
    exp,
    larger,
    lift,
    log,
    logarithm,
    maximum,
    multiply,
    negate,
    quotient,
    reals,
    subtract,
    sum_of,
)
from gradcli.numerics.reference.rules.reduction import log_sum_exp_of
from gradcli.numerics.reference.rules.registry import rule
from gradcli.numerics.reference.slope import Real

Value = Any


def reduced(losses: Array, reduction: str, *, over: Real | None = None) -> Array:
    """The losses, their sum, or their sum over `over` (their number)."""
    if reduction == "none":
        return losses
    share = {"mean": mp.mpf(losses.size) if over is None else over, "sum": ONE}
    if reduction == "batchmean":
        share["batchmean"] = mp.mpf(losses.shape[0]) if losses.ndim else ONE
    return reals(quotient(sum_of(losses.ravel().tolist()), share[reduction]))


def weighted(losses: Array, weight: Value) -> Array:
    """Each loss times its weight."""
    return losses if weight is None else multiply(losses, reals(weight))


def _weighted_mean(losses: Array, weight: Value, reduction: str) -> Array:
    over = None if weight is None else sum_of(reals(weight).ravel().tolist())
    return reduced(weighted(losses, weight), reduction, over=over)


def _distance(input: Value, target: Value) -> Array:
    return absolute(subtract(reals(input), reals(target)))


@rule("mse")
def mse(input: Value, target: Value, reduction: str = "mean", weight: Value = None) -> Value:
    distance = _distance(input, target)
    return _weighted_mean(multiply(distance, distance), weight, reduction)


@rule("l1")
def l1(input: Value, target: Value, reduction: str = "mean", weight: Value = None) -> Value:
    return _weighted_mean(_distance(input, target), weight, reduction)


@rule("smooth_l1")
def smooth_l1(input: Value, target: Value, reduction: str = "mean", beta: float = 1.0) -> Value:
    width = mp.mpf(beta)
    bend = lift(lambda d: d * d / (2 * width) if d < width else d - width / 2)
    return reduced(bend(_distance(input, target)), reduction)


@rule("huber")
def huber(
    input: Value,
    target: Value,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Value = None,
) -> Value:
    width = mp.mpf(delta)
    bend = lift(lambda d: d * d / 2 if d <= width else width * (d - width / 2))
    return reduced(weighted(bend(_distance(input, target)), weight), reduction)  # its weights only multiply


@rule("poisson_nll")
def poisson_nll(
    input: Value,
    target: Value,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-08,
    reduction: str = "mean",
) -> Value:
    x, y = reals(input), reals(target)
    losses = subtract(exp(x), multiply(y, x)) if log_input else subtract(x, multiply(y, log(add(x, reals(eps)))))
    if full:
        losses = add(losses, lift(_stirling)(y))
    return reduced(losses, reduction)


def _stirling(count: Real) -> Real:
    """Stirling's approximation of log(count!), which PyTorch leaves out up to 1."""
    return count * mp.log(count) - count + mp.log(2 * mp.pi * count) / 2 if count > 1 else ZERO


@rule("gaussian_nll")
def gaussian_nll(
    input: Value,
    target: Value,
    var: Value,
    full: bool = False,
    eps: float = 1e-06,
    reduction: str = "mean",
) -> Value:
    distance = _distance(input, target)
    spread = maximum(reals(var), reals(eps))
    if spread.shape == distance.shape[:-1]:
        spread = spread[..., None]
    losses = add(log(spread), divide(multiply(distance, distance), spread))
    losses = add(losses, reals(mp.log(2 * mp.pi))) if full else losses
    return reduced(divide(losses, reals(2)), reduction)


def softplus(x: Real) -> Real:
    """log(1 + exp(x))."""
    return log_sum_exp_of([ZERO, x])


def two_sided(x: Array, target: Array, positive: Value = None) -> Array:
    """-(p target log(sigmoid(x)) + (1 - target) log(1 - sigmoid(x)))."""
    hit = multiply(target, lift(lambda z: softplus(-z))(x))
    miss = multiply(subtract(reals(1), target), lift(softplus)(x))
    return add(hit if positive is None else multiply(reals(positive), hit), miss)


@rule("bce")
def bce(input: Value, target: Value, weight: Value = None, reduction: str = "mean") -> Value:
    x, y = reals(input), reals(target)
    clamped = lift(lambda z: larger(logarithm(z), mp.mpf(-100)))  # as documented
    hit, miss = multiply(y, clamped(x)), multiply(subtract(reals(1), y), clamped(subtract(reals(1), x)))
    return reduced(weighted(negate(add(hit, miss)), weight), reduction)


@rule("bce_with_logits")
def bce_with_logits(
    input: Value,
    target: Value,
    weight: Value = None,
    reduction: str = "mean",
    pos_weight: Value = None,
) -> Value:
    return reduced(weighted(two_sided(reals(input), reals(target), pos_weight), weight), reduction)


@rule("kl_div")
def kl_div(input: Value, target: Value, reduction: str = "mean", log_target: bool = False) -> Value:
    x, y = reals(input), reals(target)
    share, log_share = (exp(y), y) if log_target else (y, log(y))
    nothing = np.asarray(share == 0, dtype=bool)  # 0 log 0 = 0
    losses = choose(nothing, reals(0), multiply(share, subtract(log_share, x)))
    return reduced(np.broadcast_to(losses, np.broadcast_shapes(x.shape, y.shape)), reduction)


def _by_class(scores: Array) -> Array:
    """Scores [C], [N, C] or [N, C, d1, ...] with the classes last."""
    return np.moveaxis(scores, min(1, scores.ndim - 1), -1)


def _class_losses(
    scores: Array, target: Array, weight: Value, ignore_index: int, smoothing: Real
) -> tuple[Array, Real]:
    """-log p of the wanted class (with smoothing also of the others), and the sum of the weights that count."""
    classes = scores.shape[-1]
    factors = [ONE] * classes if weight is None else reals(weight).tolist()
    losses = np.empty(target.shape, dtype=object)
    counted = ZERO
    for place in np.ndindex(target.shape):
        wanted = int(target[place])
        row = scores[place]
        if wanted == ignore_index:
            losses[place] = ZERO
            continue
        counted += factors[wanted]
        loss = -factors[wanted] * row[wanted]
        if smoothing:
            even = -sum((factor * x for factor, x in zip(factors, row, strict=True)), ZERO) / classes
            loss = (1 - smoothing) * loss + smoothing * even
        losses[place] = loss
    return losses, counted


@rule("nll")
def nll(
    input: Value,
    target: Value,
    weight: Value = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Value:
    losses, counted = _class_losses(_by_class(reals(input)), np.asarray(target), weight, ignore_index, ZERO)
    return reduced(losses, reduction, over=counted)


@rule("cross_entropy")
def cross_entropy(
    input: Value,
    target: Value,
    weight: Value = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Value:
    scores = _by_class(reals(input))
    normalizers = np.frompyfunc(lambda *row: log_sum_exp_of(row), scores.shape[-1], 1)(*np.moveaxis(scores, -1, 0))
    logs = subtract(scores, np.asarray(normalizers, dtype=object)[..., None])
    smoothing = mp.mpf(label_smoothing)
    if target.dtype != object:
        losses, counted = _class_losses(logs, target, weight, ignore_index, smoothing)
        return reduced(losses, reduction, over=counted)
    shares = add(multiply(_by_class(target), reals(1 - smoothing)), reals(smoothing / scores.shape[-1]))
    nothing = np.asarray(shares == 0, dtype=bool)  # 0 log 0 = 0
    parts = weighted(choose(nothing, reals(0), negate(multiply(shares, logs))), weight)
    losses = np.asarray(np.add.reduce(parts, axis=-1), dtype=object)
    return reduced(losses, reduction)
