"""Activations, written so that nothing cancels: a bad formula is never wrong in ball arithmetic, only slow."""

from __future__ import annotations

from flint import arb, fmpq

from gradcli.exceptions import ArgumentError
from gradcli.numerics.proven.elementary import clamp, expm1, maximum, minimum, tanh
from gradcli.numerics.proven.series import Rule, Series, constant, joined, primitive, side, with_value

ALPHA = fmpq(16732632423543772848170429916717, 10**31)
SCALE = fmpq(10507009873554804934193349852946, 10**31)
"""selu's constants, which make means and variances of 0 and 1 a fixed point: Klambauer et al. (2017)."""


def sigmoid(s: Series) -> Series:
    if s[0] > 0:
        return 1 / (1 + (-s).exp())
    w = s.exp()
    return w / (1 + w)


def softplus_(s: Series) -> Series:
    """log(1 + exp(s))."""
    x = s[0]
    value = x.exp().log1p() if x < 0 else x + (-x).exp().log1p()
    return primitive(value, sigmoid(s), s)


def softplus(s: Series, beta: float = 1.0, threshold: float = 20.0) -> Series:
    """PyTorch takes s itself above the threshold, which is a small jump."""
    scaled = s * arb(beta)
    smooth = lambda: softplus_(scaled) / arb(beta)  # noqa: E731
    return joined(side(scaled[0], threshold), smooth, lambda: s, smooth)


def logsigmoid(s: Series) -> Series:
    return -softplus_(-s)


def silu(s: Series) -> Series:
    return s * sigmoid(s)


def mish(s: Series) -> Series:
    if s[0] > 0:
        w = (-s).exp()
        return s - s * 2 * w * w / (1 + 2 * w + 2 * w * w)
    w = s.exp()
    v = w * w + 2 * w
    return s * v / (v + 2)


def gelu(s: Series, approximate: str = "none") -> Series:
    if approximate == "tanh":
        u = (2 / arb.pi()).sqrt() * (s + arb(fmpq(44715, 1000000)) * s * s * s)
        return s * sigmoid(2 * u)
    if approximate != "none":
        raise ArgumentError(f"gelu has no approximation '{approximate}'")
    root = arb(fmpq(1, 2)).sqrt()
    if s[0] > 0:
        return s - s * (s * root).erfc() / 2
    return s * (-s * root).erfc() / 2


def softsign(s: Series) -> Series:
    below = lambda: with_value(s[0] / (1 - s[0]), 1 / (1 - s) - 1)  # noqa: E731 - s / (1 - s) has slopes that cancel
    above = lambda: with_value(s[0] / (1 + s[0]), 1 - 1 / (1 + s))  # noqa: E731
    return joined(side(s[0]), below, above, above)


def tanhshrink(s: Series) -> Series:
    return s - tanh(s)


def relu(s: Series) -> Series:
    return joined(side(s[0]), lambda: constant(0, s), lambda: s, lambda: s)


def leaky_relu(s: Series, negative_slope: float = 0.01) -> Series:
    return joined(side(s[0]), lambda: s * arb(negative_slope), lambda: s, lambda: s)


def elu(s: Series, alpha: float = 1.0) -> Series:
    return joined(side(s[0]), lambda: expm1(s) * arb(alpha), lambda: s, lambda: s)


def celu(s: Series, alpha: float = 1.0) -> Series:
    return joined(side(s[0]), lambda: expm1(s / arb(alpha)) * arb(alpha), lambda: s, lambda: s)


def selu(s: Series) -> Series:
    return joined(side(s[0]), lambda: expm1(s) * arb(SCALE * ALPHA), lambda: s * arb(SCALE), lambda: s)


def hardtanh(s: Series, min_val: float = -1.0, max_val: float = 1.0) -> Series:
    return clamp(s, constant(min_val, s), constant(max_val, s))


def hardsigmoid(s: Series) -> Series:
    return clamp((s + 3) / 6, constant(0, s), constant(1, s))


def hardswish(s: Series) -> Series:
    below = lambda: constant(0, s)  # noqa: E731
    middle = lambda: s * (s + 3) / 6  # noqa: E731
    upper = lambda: joined(side(s[0], 3), middle, lambda: s, lambda: s)  # noqa: E731
    return joined(side(s[0], -3), below, upper, below)


def softshrink(s: Series, lambd: float = 0.5) -> Series:
    zero = constant(0, s)
    return maximum(s - arb(lambd), zero) + minimum(s + arb(lambd), zero)


def hardshrink(s: Series, lambd: float = 0.5) -> Series:
    zero = lambda: constant(0, s)  # noqa: E731
    lower = lambda: joined(side(s[0], -lambd), lambda: s, zero, zero)  # noqa: E731
    return joined(side(s[0], lambd), lower, lambda: s, zero)


def threshold(s: Series, threshold: float, value: float) -> Series:
    low = lambda: constant(value, s)  # noqa: E731
    return joined(side(s[0], threshold), low, lambda: s, low)


def rrelu(s: Series, lower: float = 1 / 8, upper: float = 1 / 3) -> Series:
    """Without training: the mean of the slopes."""
    return leaky_relu(s, (lower + upper) / 2)


RULES: dict[str, Rule] = {
    "sigmoid": sigmoid,
    "softplus": softplus,
    "logsigmoid": logsigmoid,
    "silu": silu,
    "mish": mish,
    "gelu": gelu,
    "softsign": softsign,
    "tanhshrink": tanhshrink,
    "relu": relu,
    "relu6": lambda s: hardtanh(s, 0, 6),
    "leaky_relu": leaky_relu,
    "prelu": lambda s, weight=0.25: leaky_relu(s, weight),
    "rrelu": rrelu,
    "elu": elu,
    "celu": celu,
    "selu": selu,
    "hardtanh": hardtanh,
    "hardsigmoid": hardsigmoid,
    "hardswish": hardswish,
    "softshrink": softshrink,
    "hardshrink": hardshrink,
    "threshold": threshold,
}
"""By the names of the catalogue: functions of a series, and of numbers by PyTorch's names."""
