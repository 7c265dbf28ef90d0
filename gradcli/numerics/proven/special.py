"""The error functions, gamma, Bessel and Airy functions: their series by explicit derivatives where Arb has none."""

from __future__ import annotations

from flint import arb, arb_series, ctx, fmpq

from gradcli.numerics.proven.series import (
    Rule,
    Series,
    UndefinedError,
    check_size,
    coefficients,
    composed,
    constant,
    positive,
    primitive,
    side,
    with_value,
    within,
)


def _half_root() -> arb:
    """1 / sqrt(2)."""
    return arb(fmpq(1, 2)).sqrt()


def erf(s: Series) -> Series:
    return primitive(s[0].erf(), (-(s * s)).exp() * 2 / arb.pi().sqrt(), s)


def erfc(s: Series) -> Series:
    return s.erfc()


def erfinv(s: Series) -> Series:
    within(s[0], -1, 1)
    return _inverse_error(s, s[0].erfinv())


def _inverse_error(s: Series, value: arb) -> Series:
    """The y with erf(y) = s, by y' = sqrt(pi) / 2 * exp(y**2): one more term each time."""
    half, y = arb.pi().sqrt() / 2, constant(value, s)
    for _ in range(s.prec - 1):
        y = primitive(value, half * (y * y).exp(), s)
    return y


def ndtri(s: Series) -> Series:
    """The quantile of the normal distribution."""
    within(s[0], 0, 1)
    return _inverse_error(2 * s - 1, -((2 * s[0]).erfcinv())) * arb(2).sqrt()


def ndtr(s: Series) -> Series:
    """The distribution function of the normal distribution."""
    u = s * _half_root()
    return 1 - u.erfc() / 2 if s[0] > 0 else (-u).erfc() / 2


def log_ndtr(s: Series) -> Series:
    u = s * _half_root()
    if s[0] > 0:
        return with_value((-(u[0].erfc()) / 2).log1p(), (1 - u.erfc() / 2).log())
    return (erfcx(-u) / 2).log() - u * u


def erfcx(s: Series) -> Series:
    """exp(s**2) * erfc(s). Its k-th coefficient is (-1)**k / sqrt(pi) * U((k + 1) / 2, 1 / 2, s**2) right of 0."""
    x = s[0]
    if x > 1:
        squared, root = x * x, arb.pi().sqrt()
        half = arb(fmpq(1, 2))
        found = [squared.hypgeom_u(arb(fmpq(k + 1, 2)), half) * (-1) ** k / root for k in range(s.prec)]
        return composed(found, s)
    check_size(s, below=(1, -1))
    return (s * s).exp() * s.erfc()


def lgamma(s: Series) -> Series:
    """log |gamma|; left of 0 by the reflection, with poles at the whole numbers."""
    if side(s[0]) > 0:
        return s.lgamma()
    if s[0] == s[0].floor():
        raise UndefinedError
    wave = s.sin_pi()
    return (arb.pi() / (wave if side(wave[0]) > 0 else -wave)).log() - (1 - s).lgamma()


def digamma(s: Series) -> Series:
    return polygamma(s, 0)


def polygamma(s: Series, n: int) -> Series:
    """The n-th derivative of digamma, by more coefficients of lgamma."""
    more = n + 1
    ctx.cap = max(ctx.cap, s.prec + more + 1)
    wide = arb_series([s[0], 1], s.prec + more)
    found = lgamma(wide)
    for _ in range(more):
        found = found.derivative()
    return composed(coefficients(found)[: s.prec], s)


def mvlgamma(s: Series, p: int) -> Series:
    found = constant(arb.pi().log() * p * (p - 1) / 4, s)
    for j in range(p):
        shifted = s - arb(fmpq(j, 2))
        positive(shifted[0])
        found = found + shifted.lgamma()
    return found


def logit(s: Series) -> Series:
    within(s[0], 0, 1)
    return primitive((s[0] / (1 - s[0])).log(), 1 / (s * (1 - s)), s)


def entr(s: Series) -> Series:
    """-s * log(s)."""
    if side(s[0]) == 0 and s.prec == 1:
        return constant(0, s)
    positive(s[0])
    return -s * s.log()


def airy_ai(s: Series) -> Series:
    return s.airy_ai()


def spherical_bessel_j0(s: Series) -> Series:
    """sin(s) / s."""
    if side(s[0]) == 0 and s.prec <= 4:
        return composed([arb(1), arb(0), arb(fmpq(-1, 6)), arb(0)][: s.prec], s)
    return s.sin() / s


RULES: dict[str, Rule] = {
    "erf": erf,
    "erfc": erfc,
    "erfinv": erfinv,
    "special.erfcx": erfcx,
    "special.ndtr": ndtr,
    "special.ndtri": ndtri,
    "special.log_ndtr": log_ndtr,
    "special.entr": entr,
    "lgamma": lgamma,
    "digamma": digamma,
    "polygamma": polygamma,
    "mvlgamma": mvlgamma,
    "logit": logit,
    "special.airy_ai": airy_ai,
    "special.spherical_bessel_j0": spherical_bessel_j0,
}
"""By the names of the catalogue."""
