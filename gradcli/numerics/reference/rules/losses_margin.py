"""Losses that ask for a margin between scores or distances, and CTC."""

# ruff: noqa: A002 - parameters have PyTorch's names
from __future__ import annotations

from typing import Any

import numpy as np
from mpmath import mp

from gradcli.numerics.reference.reals import (
    INF,
    ONE,
    ZERO,
    Array,
    add,
    choose,
    divide,
    exponential,
    larger,
    lift,
    logarithm,
    maximum,
    minimum,
    multiply,
    negate,
    reals,
    root,
    subtract,
    sum_of,
)
from gradcli.numerics.reference.rules.distance import pairwise_distance
from gradcli.numerics.reference.rules.losses import reduced, softplus, two_sided, weighted
from gradcli.numerics.reference.rules.reduction import sum_
from gradcli.numerics.reference.rules.registry import rule
from gradcli.numerics.reference.slope import Real

Value = Any


def _hinge(x: Array) -> Array:
    return maximum(x, reals(0))


def _is_one(target: Array) -> Array:
    return np.asarray(target == 1, dtype=bool)


@rule("hinge_embedding")
def hinge_embedding(input: Value, target: Value, margin: float = 1.0, reduction: str = "mean") -> Value:
    x, y = reals(input), reals(target)
    apart = _hinge(subtract(reals(margin), x))
    losses = choose(_is_one(y), x, choose(np.asarray(y == -1, dtype=bool), apart, add(x, apart)))
    return reduced(losses, reduction)


@rule("margin_ranking")
def margin_ranking(input1: Value, input2: Value, target: Value, margin: float = 0, reduction: str = "mean") -> Value:
    lead = multiply(reals(target), subtract(reals(input1), reals(input2)))
    return reduced(_hinge(subtract(reals(margin), lead)), reduction)


@rule("soft_margin")
def soft_margin(input: Value, target: Value, reduction: str = "mean") -> Value:
    return reduced(lift(softplus)(negate(multiply(reals(target), reals(input)))), reduction)


def _samples(scores: Array, target: Array) -> list[tuple[list[Real], list[int]]]:
    """For each sample its scores and its targets."""
    rows = scores.reshape(-1, scores.shape[-1]) if scores.ndim else scores.reshape(1, 1)
    return list(zip(rows.tolist(), target.reshape(len(rows), -1).tolist(), strict=True))


@rule("multi_margin")
def multi_margin(
    input: Value,
    target: Value,
    p: int = 1,
    margin: float = 1.0,
    weight: Value = None,
    reduction: str = "mean",
) -> Value:
    gap = mp.mpf(margin)
    factors = None if weight is None else reals(weight).tolist()

    def loss(scores: list[Real], wanted: int) -> Real:
        apart = [larger(ZERO, gap - scores[wanted] + x) ** p for i, x in enumerate(scores) if i != wanted]
        return sum_of(apart) / len(scores) * (ONE if factors is None else factors[wanted])

    losses = [loss(scores, wanted) for scores, (wanted,) in _samples(reals(input), np.asarray(target))]
    return reduced(np.array(losses, dtype=object).reshape(np.shape(target)), reduction)


@rule("multilabel_margin")
def multilabel_margin(input: Value, target: Value, reduction: str = "mean") -> Value:
    def loss(scores: list[Real], listed: list[int]) -> Real:
        wanted = listed[: listed.index(-1)] if -1 in listed else listed  # -1 ends the list
        others = [x for i, x in enumerate(scores) if i not in wanted]
        return sum_of([larger(ZERO, 1 - (scores[y] - x)) for y in wanted for x in others]) / len(scores)

    scores = reals(input)
    losses = [loss(*sample) for sample in _samples(scores, np.asarray(target))]
    return reduced(np.array(losses, dtype=object).reshape(scores.shape[:-1]), reduction)


@rule("multilabel_soft_margin")
def multilabel_soft_margin(input: Value, target: Value, weight: Value = None, reduction: str = "mean") -> Value:
    each = weighted(two_sided(reals(input), reals(target)), weight)
    return reduced(divide(sum_(each, -1), reals(each.shape[-1])), reduction)


def _cosine(one: list[Real], other: list[Real]) -> Real:
    """The cosine of the angle; nan for a vector of zeros, where it is not defined."""
    sizes = root(sum_of([x * x for x in one])) * root(sum_of([x * x for x in other]))
    return sum_of([x * y for x, y in zip(one, other, strict=True)]) / sizes if sizes else mp.nan


@rule("cosine_embedding")
def cosine_embedding(
    input1: Value,
    input2: Value,
    target: Value,
    margin: float = 0,
    reduction: str = "mean",
) -> Value:
    one, other = np.broadcast_arrays(reals(input1), reals(input2))
    pairs = zip(*(x.reshape(-1, x.shape[-1]).tolist() for x in (one, other)), strict=True)
    cosine = np.array([_cosine(*pair) for pair in pairs], dtype=object).reshape(one.shape[:-1])
    y = reals(target)
    apart = choose(np.asarray(y == -1, dtype=bool), _hinge(subtract(cosine, reals(margin))), reals(0))
    return reduced(choose(_is_one(y), subtract(reals(1), cosine), apart), reduction)


@rule("triplet_margin")
def triplet_margin(
    anchor: Value,
    positive: Value,
    negative: Value,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-06,
    swap: bool = False,
    reduction: str = "mean",
) -> Value:
    near = pairwise_distance(anchor, positive, p, eps)
    far = pairwise_distance(anchor, negative, p, eps)
    far = minimum(far, pairwise_distance(positive, negative, p, eps)) if swap else far
    return reduced(_hinge(add(reals(margin), subtract(near, far))), reduction)


def _alignments(log_probs: Array, labels: list[int], blank: int) -> Real:
    """-log of the probability of all paths that spell the labels, by Graves' forward variables.

    log_probs: [T, C].
    """
    spelled = [blank, *(part for label in labels for part in (label, blank))]
    chances = [[exponential(x) for x in step] for step in log_probs.tolist()]
    forward = [ONE] + [ZERO] * len(spelled)  # before the first step: nothing spelled
    start = True
    for step in chances:
        after = []
        for place, label in enumerate(spelled):
            if start:
                reached = ONE if place < 2 else ZERO
            else:
                reached = forward[place] + (forward[place - 1] if place > 0 else ZERO)
                if place > 1 and label != spelled[place - 2]:  # no blank: it stands two places before each
                    reached += forward[place - 2]
            after.append(reached * step[label])
        forward, start = after, False
    return -logarithm(sum_of(forward[-2:]))


@rule("ctc")
def ctc(
    log_probs: Value,
    targets: Value,
    input_lengths: Value,
    target_lengths: Value,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Value:
    logs = reals(log_probs)
    batched = logs.ndim == 3
    logs = logs if batched else logs[:, None, :]
    steps, sizes = (np.asarray(lengths).ravel().tolist() for lengths in (input_lengths, target_lengths))
    losses = []
    for sample, labels in enumerate(_labels(np.asarray(targets), sizes)):
        loss = _alignments(logs[: int(steps[sample]), sample], labels, blank)
        losses.append(ZERO if zero_infinity and loss == INF else loss)
    found = np.array(losses, dtype=object)
    if reduction == "mean":
        found = divide(found, reals(np.array([max(int(size), 1) for size in sizes])))
    return reduced(found if batched else found.reshape(()), reduction)


def _labels(targets: Array, sizes: list[int]) -> list[list[int]]:
    """The labels of each sample, from a padded table or from one list of all."""
    counts = [int(size) for size in sizes]
    if targets.ndim == 1:
        ends = np.cumsum(counts).tolist()
        return [targets[end - count : end].tolist() for end, count in zip(ends, counts, strict=True)]
    table = targets.reshape(len(counts), -1)
    return [row[:count].tolist() for row, count in zip(table, counts, strict=True)]
