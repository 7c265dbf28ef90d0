"""Plain PyTorch code with and without troubles, as someone might have written it."""

from __future__ import annotations

import torch
from torch.nn import functional


def logarithm_of_a_negative_number(x, w):
    hidden = torch.log(x)
    return (hidden * w).sum()


def one_cause_written_twice(x):
    hidden = torch.log(x)
    return (hidden + torch.log(x)).sum()


def overflow(x):
    return torch.exp(x).sum()


def root_of_zero(x):
    return x.sqrt().sum()


def root_times_zero(x):
    return (x * x.sqrt()).sum()


def roots_that_meet(x):
    return (x.sqrt() - (2 * x).sqrt()).sum()


def masked_root(x):
    root = torch.sqrt(x - 1)
    return torch.where(x > 1, root, torch.zeros_like(x)).sum()


def overwritten_root(x):
    root = torch.sqrt(x - 1) * 1.0
    root[0] = 1.0
    return root.sum()


def zero_times_infinity(x, m):
    return (
        m
        * torch.log(x)
    ).sum()  # fmt: skip


def meeting_infinities(x):
    up = 1 / x
    return (up - up.abs()).sum()


def steep(x):
    return torch.sin(1e6 * x).sum()


def far_out(x):
    return torch.sigmoid(4 * x).sum()


def all_dead(x):
    return functional.relu(x).sum()


def some_dead(x):
    return torch.clamp(x, min=0.0).sum()


def broken_before(x, w):
    return (x * w).exp().sum()


def too_small_a_product(a, b):
    return 1 / (a * b)


def on_a_kink(x):
    return torch.abs(x).sum()


def step_function(x):
    return torch.round(x).sum()


def no_probabilities(p, target):
    return functional.binary_cross_entropy_with_logits(p, target) + functional.kl_div(p, target, reduction="sum")


def infinite_constant(x):
    return (x * float("inf")).sum()


def one_line_many_times(x):
    hidden = x
    for _ in range(4):
        hidden = torch.sqrt(hidden - 1)
    return hidden.sum()


def changed_in_place(x):
    hidden = x + 1
    hidden *= 0.0
    return torch.log(hidden).sum()


def _helper(value):
    return torch.rsqrt(value)


def two_calls_of_one_helper(x, y):
    return (_helper(x) + _helper(y)).sum()


def classifier(x, w, target):
    return functional.cross_entropy(torch.tanh(x @ w), target)


def mask_in_use(x):
    scores = x.masked_fill(x > 2, float("-inf"))
    return torch.softmax(scores, dim=-1)[0].square()


def safe_root(x):
    positive = torch.where(x > 0, x, torch.ones_like(x))
    return torch.where(x > 0, positive.sqrt(), 0.5 * x).sum()


def weighted_mean(x, w):
    return (x * w.softmax(0)).sum() / x.numel()
