"""Powers, logarithms, trigonometry, steps: what f(s) is for a series s."""

from __future__ import annotations

from functools import partial

from flint import arb

from gradcli.numerics.proven.series import (
    Rule,
    Series,
    UndecidedError,
    UndefinedError,
    check_size,
    composed,
    constant,
    joined,
    positive,
    primitive,
    side,
    with_value,
    within,
)

MOST_FACTORS = 64
"""Whole exponents up to here are products."""


def exp(s: Series) -> Series:
    check_size(s, above=(1, 1))
    return s.exp()


def exp2(s: Series) -> Series:
    check_size(s, above=(1, 1))
    return (s * arb.const_log2()).exp()


def expm1(s: Series) -> Series:
    check_size(s, above=(1, 1))
    return with_value(s[0].expm1(), s.exp())


def log(s: Series) -> Series:
    positive(s[0])
    return s.log()


def log2(s: Series) -> Series:
    return log(s) / arb.const_log2()


def log10(s: Series) -> Series:
    return log(s) / arb.const_log10()


def log1p(s: Series) -> Series:
    if side(s[0], -1) <= 0:
        raise UndefinedError
    return primitive(s[0].log1p(), 1 / (1 + s), s)


def sqrt(s: Series) -> Series:
    if side(s[0]) == 0 and s.prec == 1:
        return s
    positive(s[0])
    return s.sqrt()


def rsqrt(s: Series) -> Series:
    positive(s[0])
    return s.rsqrt()


def reciprocal(s: Series) -> Series:
    if side(s[0]) == 0:
        raise UndefinedError
    return 1 / s


def square(s: Series) -> Series:
    return s * s


def power(s: Series, exponent: float) -> Series:
    """s to the power of a number."""
    whole = int(exponent) if exponent == int(exponent) else None
    if whole is not None and abs(whole) <= MOST_FACTORS:
        product = constant(1, s)
        for _ in range(abs(whole)):
            product = product * s
        return product if whole >= 0 else reciprocal(product)
    if side(s[0]) == 0 and s.prec - 1 < exponent:
        return constant(0, s)
    if whole is not None and s[0] < 0:
        found = ((-s).log() * whole).exp()
        return -found if whole % 2 else found
    positive(s[0])
    return (s.log() * arb(exponent)).exp()


def sin(s: Series) -> Series:
    return s.sin()


def cos(s: Series) -> Series:
    return s.cos()


def tan(s: Series) -> Series:
    return s.tan()


def sinc(s: Series) -> Series:
    """sin(pi s) / (pi s)."""
    if side(s[0]) == 0 and s.prec <= 4:
        return composed([arb(1), arb(0), -(arb.pi() ** 2) / 6, arb(0)][: s.prec], s)
    return s.sin_pi() / (s * arb.pi())


def sinh(s: Series) -> Series:
    check_size(s, above=(1, 1), below=(-1, 1))
    e = s.exp()
    return with_value(s[0].sinh(), (e - 1 / e) / 2)


def cosh(s: Series) -> Series:
    check_size(s, above=(1, 1), below=(1, -1))
    e = s.exp()
    return (e + 1 / e) / 2


def sech2(s: Series) -> Series:
    """The derivative of tanh."""
    w = (-2 * s).exp() if s[0] > 0 else (2 * s).exp()
    return 4 * w / ((1 + w) * (1 + w))


def tanh(s: Series) -> Series:
    return primitive(s[0].tanh(), sech2(s), s)


def asinh(s: Series) -> Series:
    return primitive(s[0].asinh(), (1 + s * s).rsqrt(), s)


def acosh(s: Series) -> Series:
    if side(s[0], 1) == 0 and s.prec == 1:
        return constant(0, s)
    if side(s[0], 1) <= 0:
        raise UndefinedError
    return primitive(s[0].acosh(), ((s - 1) * (s + 1)).rsqrt(), s)


def _between(s: Series, value: arb, direction: int) -> Series:
    """asin and acos: at the ends of [-1, 1] they have a value and no slope."""
    if s.prec > 1 or (side(s[0], 1) and side(s[0], -1)):
        within(s[0], -1, 1)
    return primitive(value, direction * ((1 - s) * (1 + s)).rsqrt(), s) if s.prec > 1 else constant(value, s)


def atanh(s: Series) -> Series:
    within(s[0], -1, 1)
    return primitive(s[0].atanh(), 1 / ((1 - s) * (1 + s)), s)


def asin(s: Series) -> Series:
    return _between(s, s[0].asin(), 1)


def acos(s: Series) -> Series:
    return _between(s, s[0].acos(), -1)


def atan(s: Series) -> Series:
    return primitive(s[0].atan(), 1 / (1 + s * s), s)


def absolute(s: Series) -> Series:
    return joined(side(s[0]), lambda: -s, lambda: s, lambda: s)


def sign(s: Series) -> Series:
    value = side(s[0])
    return joined(value, lambda: constant(-1, s), lambda: constant(1, s), lambda: constant(0, s))


def maximum(s: Series, other: Series) -> Series:
    return joined(side((s - other)[0]), lambda: other, lambda: s, lambda: s)


def minimum(s: Series, other: Series) -> Series:
    return joined(side((s - other)[0]), lambda: s, lambda: other, lambda: s)


def clamp(s: Series, low: Series | None, high: Series | None) -> Series:
    found = s if low is None else maximum(s, low)
    return found if high is None else minimum(found, high)


def _steps(rounded: str, s: Series) -> Series:
    """floor or ceil: constant between whole numbers, where it jumps."""
    below, above = getattr(s[0].lower(), rounded)(), getattr(s[0].upper(), rounded)()
    if not below == above:
        raise UndecidedError
    value = constant(below, s)
    is_whole = bool(s[0] == s[0].floor())
    if not is_whole and s[0].contains_integer():
        raise UndecidedError
    step = 1 if rounded == "ceil" else -1
    other = constant(below + step, s)
    return joined(0 if is_whole else 1, lambda: other, lambda: value, lambda: value)


def trunc(s: Series) -> Series:
    if side(s[0]) == 0:
        return constant(0, s)
    return RULES["floor" if side(s[0]) > 0 else "ceil"](s)


def frac(s: Series) -> Series:
    return s - trunc(s)


def round_(s: Series) -> Series:
    """To the nearest whole number, ties to the even one."""
    half = s[0] - arb(0.5)
    if half == half.floor():  # a tie: the value jumps
        if s.prec > 1:
            return joined(0, lambda: constant(half.floor(), s), lambda: constant(half.floor() + 1, s), lambda: s)
        lower = half.floor()
        return constant(lower if lower / 2 == (lower / 2).floor() else lower + 1, s)
    below, above = (s[0].lower() + arb(0.5)).floor(), (s[0].upper() + arb(0.5)).floor()
    if not below == above or (s[0] + arb(0.5)).contains_integer():
        raise UndecidedError
    return constant(below, s)


RULES: dict[str, Rule] = {
    "exp": exp,
    "exp2": exp2,
    "expm1": expm1,
    "log": log,
    "log2": log2,
    "log10": log10,
    "log1p": log1p,
    "sqrt": sqrt,
    "rsqrt": rsqrt,
    "reciprocal": reciprocal,
    "square": square,
    "sin": sin,
    "cos": cos,
    "tan": tan,
    "sinc": sinc,
    "sinh": sinh,
    "cosh": cosh,
    "tanh": tanh,
    "asinh": asinh,
    "acosh": acosh,
    "atanh": atanh,
    "asin": asin,
    "acos": acos,
    "atan": atan,
    "abs": absolute,
    "sign": sign,
    "sgn": sign,
    "floor": partial(_steps, "floor"),
    "ceil": partial(_steps, "ceil"),
    "trunc": trunc,
    "frac": frac,
    "round": round_,
    "neg": lambda s: -s,
    "positive": lambda s: s,
    "nan_to_num": lambda s: s,
    "deg2rad": lambda s: s * (arb.pi() / 180),
    "rad2deg": lambda s: s * (180 / arb.pi()),
}
"""By the names of the catalogue, of functions that take one series and nothing else."""
