"""Power series with proven coefficients: f(x + t) in t, of a number x or of all numbers of a ball at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flint import arb, arb_series

Series = arb_series
Rule = Callable[..., Series]


class UndecidedError(Exception):
    """A ball is too wide to tell on which side of a kink, a pole or an end of the domain it is: its halves may be."""


class UndefinedError(Exception):
    """There is no real number here: outside of the domain, or at a pole."""


class KinkError(Exception):
    """The slopes on both sides differ, or the function jumps."""


class HugeError(Exception):
    """Over a whole ball a function and its derivatives are beyond every number of a dtype.

    A ball is a middle and a radius: of numbers whose ratio is e**1000 it holds 0 as well.
    even, odd: the signs of its derivatives of even and odd order.
    """

    def __init__(self, even: int, odd: int) -> None:
        super().__init__()
        self.even, self.odd = even, odd


BEYOND = 2000
"""exp2 of it is beyond every number of every dtype, also in proportion to derivatives."""


def variable(x: arb, terms: int) -> Series:
    """x + t."""
    return arb_series([x, arb(1)][:terms], terms)


def constant(value: arb | float, like: Series) -> Series:
    return arb_series([arb(value)], like.prec)


def coefficients(series: Series) -> list[arb]:
    """All coefficients, those that are zero at the end too."""
    found = series.coeffs()
    return found + [arb(0)] * (series.prec - len(found))


def with_value(value: arb, series: Series) -> Series:
    """The series with a sharper first coefficient."""
    return arb_series([value, *coefficients(series)[1:]], series.prec)


def primitive(value: arb, slope: Series, inner: Series) -> Series:
    """f(inner) by the value of f and the series of f'(inner): the integral of f'(inner) * inner'."""
    terms = inner.prec
    if terms == 1:
        return arb_series([value], 1)
    rates = coefficients(slope if is_variable(inner) else slope * inner.derivative())
    check_length(rates, terms - 1)
    return arb_series([value, *(rate / (k + 1) for k, rate in enumerate(rates[: terms - 1]))], terms)


def composed(outer: Sequence[arb], inner: Series) -> Series:
    """f(inner) by the coefficients of f around the first coefficient of the inner series."""
    check_length(outer, inner.prec)
    found = arb_series(list(outer), inner.prec)
    if is_variable(inner):
        return found
    return found(arb_series([arb(0), *coefficients(inner)[1:]], inner.prec))


def check_length(found: Sequence[arb], wanted: int) -> None:
    """Coefficients that were cut off are no zeros: `ctx.cap` cuts without a word."""
    if len(found) < wanted:
        raise RuntimeError(f"{wanted} coefficients are needed, and there are {len(found)}")


def is_variable(series: Series) -> bool:
    """Whether the series is x + t, of which a function is its own series."""
    found = series.coeffs()
    return series.prec == 1 or (len(found) == 2 and bool(found[1] == 1))


def side(x: arb, at: arb | float = 0) -> int:
    """1, -1 or 0: on which side of a number x is, or whether it is that number. Raises UndecidedError."""
    if x > at:
        return 1
    if x < at:
        return -1
    if x == at:
        return 0
    raise UndecidedError


def joined(where: int, below: Callable[[], Series], above: Callable[[], Series], at: Callable[[], Series]) -> Series:
    """One of two pieces by the side. Where they meet, as many coefficients as both agree in; the value is that of `at`.

    Raises KinkError where more are asked for.
    """
    if where:
        return above() if where > 0 else below()
    value = at()
    if value.prec == 1:
        return value
    left, right = coefficients(below()), coefficients(above())
    if all(bool(one == other) for one, other in zip(left, right, strict=True)):
        return value
    raise KinkError


Signs = tuple[int, int]
"""Those of the derivatives of even and of odd order."""


def check_size(s: Series, *, above: Signs | None = None, below: Signs | None = None) -> None:
    """Raises HugeError where x is a ball beyond a number, and f(x) grows there as exp does at least.

    One term alone does not tell whether it is x itself.
    """
    if s.prec > 1 and is_variable(s) and not s[0].is_exact():
        if above is not None and s[0] > BEYOND:
            raise HugeError(*above)
        if below is not None and s[0] < -BEYOND:
            raise HugeError(*below)


def positive(x: arb) -> None:
    """Raises UndefinedError where x is not above 0, UndecidedError where that is not known."""
    if side(x) <= 0:
        raise UndefinedError


def within(x: arb, low: float, high: float) -> None:
    """Raises UndefinedError where x is not between two numbers, UndecidedError where that is not known."""
    if side(x, low) <= 0 or side(x, high) >= 0:
        raise UndefinedError
