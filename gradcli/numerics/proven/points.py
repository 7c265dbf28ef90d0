"""A proven derivative at a single number, with as many digits as that takes."""

from __future__ import annotations

from math import factorial, frexp

from flint import arb, ctx

from gradcli.numerics.proven.expressions import NOWHERE, Enclosure
from gradcli.numerics.proven.series import HugeError, KinkError, UndefinedError, coefficients

CERTAIN_DIGITS = 60
"""Binary digits that are certain of a number."""
SPARE_DIGITS, MOST_DIGITS = 20, 5000
"""Binary digits beside the certain ones with which a number is tried first, and those with which it is given up."""


def exactly(function: Enclosure, x: float, order: int, *, certain: int = CERTAIN_DIGITS) -> arb | None:
    """The n-th derivative at x, certain to so many binary digits or far below every number; None where that fails.

    Raises UndefinedError and KinkError.
    """
    point, terms = arb(x), order + 1
    digits = certain + SPARE_DIGITS + max(0, frexp(x)[1])  # what is periodic loses as many as x has before the point
    tiny = arb(2) ** -1100
    while digits <= MOST_DIGITS:
        ctx.prec, ctx.cap = digits, terms + 1
        try:
            found = coefficients(function(point, terms))[order]
        except (UndefinedError, KinkError):
            raise
        except (*NOWHERE, HugeError):
            found = arb("nan")
        if found.is_finite() and (found == 0 or found.rel_accuracy_bits() >= certain or abs(found) < tiny):
            return found * factorial(order)
        digits *= 2
    return None
