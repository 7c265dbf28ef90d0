"""Special functions: error, gamma, Bessel, zeta, and polynomials."""

# ruff: noqa: A002, A006 - parameters have PyTorch's names
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mpmath import mp

from gradcli.numerics.reference.reals import (
    INF,
    NAN,
    ONE,
    ZERO,
    exponential,
    finite,
    guarded,
    guarded_pair,
    larger,
    lift,
    logarithm,
    magnitude,
    power,
    quotient,
    reals,
    smaller,
)
from gradcli.numerics.reference.rules.registry import RULES, first, rule
from gradcli.numerics.reference.slope import NoReference, Real

Value = Any
MAX_ORDER = 1000
"""Orders, dimensions and degrees: mpmath or a recurrence takes a step for each, and PyTorch's values end far below."""


def _log_gamma(x: Real) -> Real:
    """log |gamma(x)|, on the left by reflection."""
    if x <= 0 and x == mp.floor(x):
        return INF
    return mp.loggamma(x) if x > 0 else mp.log(mp.pi / abs(mp.sinpi(x))) - mp.loggamma(1 - x)


def _erfc(x: Real) -> Real:
    """Of a number whose square is beyond float64 mpmath finds no value: there it is at its ends."""
    if magnitude(x) < 512:
        return mp.erfc(x)
    return ZERO if x > 0 else mp.mpf(2)


def _entropy(x: Real) -> Real:
    return -_x_log(x, x) if x >= 0 else -INF if x < 0 else NAN


def _x_log(x: Real, y: Real) -> Real:
    """x log(y); 0 where x is 0, whatever y is but nan."""
    return ZERO if x == 0 and y == y else x * logarithm(y)


def _x_log1p(x: Real, y: Real) -> Real:
    return ZERO if x == 0 and y == y else x * (mp.log1p(y) if y > -1 else logarithm(1 + y))


def _normal_integral(x: Real) -> Real:
    return _erfc(-x / mp.sqrt(2)) / 2


def _erfcx(x: Real) -> Real:
    """exp(x**2) erfc(x); where mpmath finds no erfc its first term is all of it: the second is 1e-308 of that."""
    if x > 0 and (magnitude(x) >= 512 or not finite(x)):
        return 1 / (x * mp.sqrt(mp.pi))
    return exponential(x * x) * mp.erfc(x)


def _inverse_normal_integral(x: Real) -> Real:
    """Of a tiny number too, which few digits do not show beside 1."""
    with mp.extraprec(max(0, -magnitude(x))):
        found = mp.sqrt(2) * mp.erfinv(2 * x - 1)
    return +found


# mpmath has no Bessel functions of an infinity: there they are at their limits


def _bessel_i(order: int, x: Real) -> Real:
    return mp.besseli(order, x) if finite(x) else x if order else INF


def _scaled_bessel_i(order: int, x: Real) -> Real:
    return exponential(-abs(x)) * mp.besseli(order, x) if finite(x) else ZERO


def _bessel_j(order: int, x: Real) -> Real:
    return mp.besselj(order, x) if finite(x) else ZERO


def _bessel_y(order: int, x: Real) -> Real:
    if x <= 0:
        return -INF if x == 0 else NAN
    return mp.bessely(order, x) if finite(x) else ZERO


def _bessel_k(order: int, x: Real) -> Real:
    if x <= 0:
        return INF if x == 0 else NAN
    return mp.besselk(order, x) if finite(x) else ZERO


def _scaled_bessel_k(order: int, x: Real) -> Real:
    return exponential(x) * _bessel_k(order, x) if x < INF else ZERO


UNARY: dict[str, Callable[[Real], Real]] = {
    "digamma": mp.digamma,
    "erf": mp.erf,
    "erfc": _erfc,
    "erfinv": mp.erfinv,
    "i0": lambda x: _bessel_i(0, x),
    "lgamma": _log_gamma,
    "special.airy_ai": lambda x: mp.airyai(x),
    "special.bessel_j0": lambda x: _bessel_j(0, x),
    "special.bessel_j1": lambda x: _bessel_j(1, x),
    "special.bessel_y0": lambda x: _bessel_y(0, x),
    "special.bessel_y1": lambda x: _bessel_y(1, x),
    "special.entr": _entropy,
    "special.erfcx": _erfcx,
    "special.i0e": lambda x: _scaled_bessel_i(0, x),
    "special.i1": lambda x: _bessel_i(1, x),
    "special.i1e": lambda x: _scaled_bessel_i(1, x),
    "special.log_ndtr": lambda x: logarithm(_normal_integral(x)),
    "special.modified_bessel_i0": lambda x: _bessel_i(0, x),
    "special.modified_bessel_i1": lambda x: _bessel_i(1, x),
    "special.modified_bessel_k0": lambda x: _bessel_k(0, x),
    "special.modified_bessel_k1": lambda x: _bessel_k(1, x),
    "special.ndtr": _normal_integral,
    "special.ndtri": _inverse_normal_integral,
    "special.scaled_modified_bessel_k0": lambda x: _scaled_bessel_k(0, x),
    "special.scaled_modified_bessel_k1": lambda x: _scaled_bessel_k(1, x),
    "special.spherical_bessel_j0": lambda x: mp.sinc(x),
}
"""By row: a function of one real number."""


def _enter(name: str, over: Callable[..., Any]) -> None:
    RULES[name] = first(lambda x: over(reals(x)))


for _name, _function in UNARY.items():
    _enter(_name, lift(guarded(_function)))


@rule("logit")
def logit(input: Value, eps: float | None = None) -> Value:
    def of(x: Real) -> Real:
        if eps is not None:
            x = smaller(larger(x, mp.mpf(eps)), 1 - mp.mpf(eps))
        return logarithm(quotient(x, 1 - x))

    return lift(of)(reals(input))


def _bounded(steps: float, what: str, most: int = MAX_ORDER) -> None:
    """Work that grows with a number of the user's, not with the size of a tensor, ends somewhere."""
    if steps > most:
        raise NoReference(f"{what} above {most}")


def _psi(n: Real, x: Real) -> Real:
    _bounded(-x, "polygamma at a distance below zero", MAX_ORDER * 10)
    return mp.psi(int(n), x)


def _log_gamma_of_dimension(p: Real, x: Real) -> Real:
    if x <= (p - 1) / 2:
        return NAN
    return p * (p - 1) / 4 * mp.log(mp.pi) + sum(_log_gamma(x - mp.mpf(j) / 2) for j in range(int(p)))


_polygamma = lift(guarded_pair(_psi), 2)
_multivariate_log_gamma = lift(guarded_pair(_log_gamma_of_dimension), 2)


@rule("polygamma")
def polygamma(n: int, input: Value) -> Value:
    _bounded(n, "polygamma of an order")
    return _polygamma(reals(n), reals(input))


@rule("mvlgamma")
def mvlgamma(input: Value, p: int) -> Value:
    _bounded(p, "mvlgamma of a dimension")
    return _multivariate_log_gamma(reals(p), reals(input))


def _incomplete_gamma(a: Real, x: Real) -> Real:
    return mp.gammainc(a, 0, x, regularized=True) if a > 0 and x >= 0 else NAN


def _incomplete_gamma_above(a: Real, x: Real) -> Real:
    _bounded(a, "the upper incomplete gamma function of a parameter", MAX_ORDER**3)
    return mp.gammainc(a, x, regularized=True) if a > 0 and x >= 0 else NAN


def _zeta(s: Real, q: Real) -> Real:
    if not (finite(s) and finite(q)):  # for which mpmath looks without an end
        return power(1 / q, s) if s > 1 and q > 0 else NAN
    return INF if s == 1 else mp.zeta(s, q) if s > 1 and q > 0 else NAN


BINARY = {
    "igamma": guarded_pair(_incomplete_gamma),
    "igammac": guarded_pair(_incomplete_gamma_above),
    "special.xlog1py": _x_log1p,
    "special.zeta": guarded_pair(_zeta),
    "xlogy": _x_log,
}
"""By row: a function of two real numbers."""


def _enter_pair(name: str, over: Callable[..., Any]) -> None:
    RULES[name] = lambda input, other: over(reals(input), reals(other))


for _name, _pair in BINARY.items():
    _enter_pair(_name, lift(_pair, 2))


def _recurrence(first_two: Callable[[Real], tuple[Real, Real]], step: Callable[..., Real]) -> Callable[..., Real]:
    """The polynomial of degree n, from those of degree 0 and 1 and the rule for the next."""

    def of(x: Real, n: Real) -> Real:
        degree = int(n)
        _bounded(degree, "a polynomial of a degree")
        if degree < 0:
            return ZERO
        before, now = first_two(x)
        for k in range(1, degree):
            before, now = now, step(x, k, before, now)
        return now if degree else before

    return of


def _chebyshev(linear: Callable[[Real], Real], shifted: bool = False) -> Callable[..., Real]:
    """All four kinds share the rule of the next; they differ in degree 1."""
    scale, shift = (2, 1) if shifted else (1, 0)
    polynomial = _recurrence(lambda x: (ONE, linear(x)), lambda x, _, before, now: 2 * x * now - before)
    return lambda x, n: polynomial(scale * x - shift, n)


_FIRST_DEGREE: dict[str, Callable[[Real], Real]] = {
    "t": lambda x: x,
    "u": lambda x: 2 * x,
    "v": lambda x: 2 * x - 1,
    "w": lambda x: 2 * x + 1,
}
POLYNOMIALS = {
    **{f"special.chebyshev_polynomial_{k}": _chebyshev(linear) for k, linear in _FIRST_DEGREE.items()},
    **{f"special.shifted_chebyshev_polynomial_{k}": _chebyshev(linear, True) for k, linear in _FIRST_DEGREE.items()},
    "special.hermite_polynomial_h": _recurrence(
        lambda x: (ONE, 2 * x), lambda x, k, before, now: 2 * x * now - 2 * k * before
    ),
    "special.hermite_polynomial_he": _recurrence(lambda x: (ONE, x), lambda x, k, before, now: x * now - k * before),
    "special.laguerre_polynomial_l": _recurrence(
        lambda x: (ONE, 1 - x), lambda x, k, before, now: ((2 * k + 1 - x) * now - k * before) / (k + 1)
    ),
    "special.legendre_polynomial_p": _recurrence(
        lambda x: (ONE, x), lambda x, k, before, now: ((2 * k + 1) * x * now - k * before) / (k + 1)
    ),
}


def _enter_polynomial(name: str, over: Callable[..., Any]) -> None:
    RULES[name] = lambda x, n: over(reals(x), reals(n))


for _name, _pair in POLYNOMIALS.items():
    _enter_polynomial(_name, lift(guarded_pair(_pair), 2))
