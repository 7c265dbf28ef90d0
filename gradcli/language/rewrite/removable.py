"""Quotients that are 0/0 at one point and smooth there: the quotient beside it, its first terms at it.

Each row is written once, for f(x)/x; the rules are also those for f(a*x)/x, b*f(x)/x and f(x)/(b*x).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gradcli.language.rewrite.rule import Identity

NAME = "removable"


def _safe(near: str) -> str:
    """x where the quotient is used, a constant elsewhere."""
    return f"where(abs(x) > {near}, x, 0.5)"


_EXACT = (
    ("sin(x)", "sinc(x/pi)"),
    ("tan(x)", "sinc(x/pi)/cos(x)"),
    ("(1 - cos(x))", "sin(x/2)*sinc(x/(2*pi))"),
)
"""Numerators over x with a form that holds everywhere."""

_SERIES = (
    ("(exp(x) - 1)", "expm1", "2e-3", "1 + x/2 + x**2/6 + x**3/24", "1 - x/2 + x**2/12 - x**4/720"),
    ("log(1 + x)", "log1p", "2e-3", "1 - x/2 + x**2/3 - x**3/4", "1 + x/2 - x**2/12 + x**3/24"),
    ("sin(x)", "sin", "0.1", "1 - x**2/6 + x**4/120 - x**6/5040", "1 + x**2/6 + 7*x**4/360 + 31*x**6/15120"),
    ("sinh(x)", "sinh", "0.1", "1 + x**2/6 + x**4/120 + x**6/5040", "1 - x**2/6 + 7*x**4/360 - 31*x**6/15120"),
    ("tanh(x)", "tanh", "0.01", "1 - x**2/3 + 2*x**4/15", "1 + x**2/3 - x**4/45"),
    ("asin(x)", "asin", "0.01", "1 + x**2/6 + 3*x**4/40", "1 - x**2/6 - 17*x**4/360"),
    ("atan(x)", "atan", "0.01", "1 - x**2/3 + x**4/5", "1 + x**2/3 - 4*x**4/45"),
    ("asinh(x)", "asinh", "0.01", "1 - x**2/6 + 3*x**4/40", "1 + x**2/6 - 17*x**4/360"),
    ("atanh(x)", "atanh", "0.01", "1 + x**2/3 + x**4/5", "1 - x**2/3 - 4*x**4/45"),
    ("erf(x)", "erf", "0.01", "(1 - x**2/3 + x**4/10)*2/pi**0.5", "(1 + x**2/3 + x**4/90)*pi**0.5/2"),
)
"""What stands over x, its function f, how close to 0 the series stand, the first terms of f(x)/x and of x/f(x).

So close the slope of the terms has half of the digits of float64 at least, and that of the quotient, a difference of
numbers of the size of 1/x, loses them.
"""

_NEAR = "2e-3"
_ROOT = "sqrt((1 - y)*(1 + y))"
_ARC = f"where(abs(x - 1) > {_NEAR}, acos(y)/{_ROOT}, 1 - (x - 1)/3 + 2*(x - 1)**2/15 - 2*(x - 1)**3/35)"
_ELSEWHERE = (
    Identity(NAME, "acos(x)/sin(acos(x))", _ARC),
    Identity(NAME, "acos(x)/sqrt(1 - x**2)", _ARC),
    Identity(
        NAME,
        "log(x)/(x - 1)",
        f"where(abs(x - 1) > {_NEAR}, log(y)/(y - 1), 1 - (x - 1)/2 + (x - 1)**2/3 - (x - 1)**3/4)",
    ),
    Identity(
        NAME,
        "(x - 1)/log(x)",
        f"where(abs(x - 1) > {_NEAR}, (y - 1)/log(y), 1 + (x - 1)/2 - (x - 1)**2/12 + (x - 1)**3/24)",
    ),
    Identity(NAME, "(sqrt(1 + x) - 1)/x", "1/(sqrt(1 + x) + 1)"),
    Identity(NAME, "(sqrt(x) - 1)/(x - 1)", "1/(sqrt(x) + 1)"),
    Identity(NAME, "sin(x)**2/x", "sin(x)*sinc(x/pi)"),
    Identity(NAME, "sin(x)**2/x**2", "sinc(x/pi)**2"),
    Identity(NAME, "(x**2 - 1)/(x - 1)", "x + 1"),
    Identity(NAME, "(x**2 - a**2)/(x - a)", "x + a"),
    Identity(NAME, "(x**2 - 1)/(x + 1)", "x - 1"),
    Identity(NAME, "x/sin(x)", "1/sinc(x/pi)"),
    Identity(NAME, "x/tan(x)", "cos(x)/sinc(x/pi)"),
    Identity(NAME, "(1 - cos(x))/x**2", "0.5*sinc(x/(2*pi))**2"),
    Identity(
        NAME,
        "(1 - cos(x))/x**2",
        "where(abs(x) > 0.1, 0.5*sinc(x/(2*pi))**2, 0.5 - x**2/24 + x**4/720 - x**6/40320)",
    ),
    Identity(
        NAME,
        "(1 - exp(-x))/x",
        f"where(abs(x) > {_NEAR}, -expm1(-{_safe(_NEAR)})/{_safe(_NEAR)}, 1 - x/2 + x**2/6 - x**3/24)",
    ),
)
"""Others; y is x, safe near 1."""


def _rows(
    exact: Iterable[tuple[str, str]], series: Iterable[tuple[str, ...]], others: Iterable[Identity]
) -> Iterator[Identity]:
    for numerator, closed in exact:
        yield from _family(numerator, closed)
    for row, function, near, over_x, under_x in series:
        safe = _safe(near)
        yield from _family(row, f"where(abs(x) > {near}, {function}({safe})/{safe}, {over_x})")
        inverse = f"where(abs(x) > {near}, {safe}/{function}({safe}), {under_x})"
        yield Identity(NAME, f"x/{row}", inverse)
        yield Identity(NAME, f"b*x/{row}", f"b*{inverse}")
        yield Identity(NAME, f"where(k, c, x/{row})", inverse)
        yield Identity(NAME, f"where(k, x/{row}, c)", inverse)
    for identity in others:
        template = re.sub(r"\by\b", f"where(abs(x - 1) > {_NEAR}, x, 0.5)", identity.template)
        yield Identity(NAME, identity.pattern, template)


def _family(numerator: str, quotient: str) -> Iterator[Identity]:
    """f(x)/x with a factor before it, below it, or within, or with a constant that was put at the point."""
    yield Identity(NAME, f"{numerator}/x", quotient)
    yield Identity(NAME, f"b*{numerator}/x", f"b*({quotient})")
    yield Identity(NAME, f"{numerator}/(b*x)", f"({quotient})/b")
    inside = re.sub(r"\bx\b", "(a*x)", numerator)
    within = re.sub(r"\bx\b", "(a*x)", quotient)
    yield Identity(NAME, f"{inside}/x", f"a*({within})")
    yield Identity(NAME, f"b*{inside}/x", f"b*a*({within})")
    yield Identity(NAME, f"where(k, c, {numerator}/x)", quotient)
    yield Identity(NAME, f"where(k, {numerator}/x, c)", quotient)


ROWS = tuple(_rows(_EXACT, _SERIES, _ELSEWHERE))
