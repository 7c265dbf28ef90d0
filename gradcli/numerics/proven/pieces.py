"""Proven polynomials: the n-th derivative of a function over a run of consecutive numbers of a dtype.

For the numbers of a piece, in u = (x - centre) / radius with a radius that is a power of two, so that float64 holds u
exactly:

    f^(n)(x) = sum over k < m of b_k u**k, plus a remainder of at most B_m in size

b_k comes from Arb at the centre, B_m from Arb on the ball of the whole piece (Lagrange's remainder). Horner's scheme in
float64 adds at most 2 m 2**-53 times the sum of |b_k| (Higham, Accuracy and Stability of Numerical Algorithms, 5.1),
and m 2**-1074 where numbers become subnormal; constants and x times a power of two lose nothing. No function of any
mathematical library takes part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import factorial, frexp, inf, isfinite, nextafter

from flint import arb, ctx

from gradcli.numerics.proven.expressions import NOWHERE, Enclosure
from gradcli.numerics.proven.formats import Format
from gradcli.numerics.proven.series import HugeError, UndefinedError, coefficients

TERMS = 11
"""The most coefficients of a piece."""
DIGITS = 100
"""Binary digits of the coefficients at the centre."""
FEWEST = 4
"""Numbers in a run that is not bisected any more: each is left to Arb by itself."""
FEW = 128
"""Numbers in a run that is looked at once more before it is bisected: they are so few that Arb may have them all."""
EXACT = 2.0**-48
"""ULPs by which a value may be off and still be taken for the truth: Arb's answers are rounded to float64 as well."""
_ROUNDED = 1.0000001
"""Makes up for the rounding of a bound to a float."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A polynomial over `count` magnitudes from `start` on, all of one sign, and what it may be off at the most.

    is_exact: whether that is next to nothing, so that a value is the truth, rounded to float64.
    """

    sign: int
    start: int
    count: int
    centre: float
    radius: float
    coefficients: tuple[float, ...]
    bound: float
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive magnitudes of one sign."""

    sign: int
    start: int
    count: int


@dataclass(frozen=True, slots=True)
class Undefined:
    """A run on which there is no real number."""

    run: Run


def pieces(
    function: Enclosure, order: int, dtype: Format, runs: Iterator[Run], *, slack: float, most: int
) -> Iterator[Piece | Undefined | Run]:
    """What is proven of each run: polynomials, runs without a number, and runs that are left to Arb.

    slack: what a bound may be, in ULP. most: how many pieces are tried before the rest is left.
    """
    tried = 0
    for whole in runs:
        stack = [whole]
        while stack:
            run = stack.pop()
            tried += 1
            found = None if tried > most or run.count == 1 else _proven(function, order, dtype, run, slack)
            if found is not None:
                yield found
            elif run.count <= FEWEST or tried > most or _is_hopeless(function, order, dtype, run, slack):
                yield run
            else:
                half = run.count // 2
                stack += [Run(run.sign, run.start + half, run.count - half), Run(run.sign, run.start, half)]


def _proven(function: Enclosure, order: int, dtype: Format, run: Run, slack: float) -> Piece | Undefined | None:
    """One piece, or None where the bound is not met."""
    places = (run.start, run.start + run.count // 2, run.start + run.count - 1)
    low, centre, high = (dtype.number(1, place) for place in places)
    return polynomial(function, order, dtype, run, (low, centre, high), slack)


def polynomial(
    function: Enclosure, order: int, dtype: Format, run: Run, sizes: tuple[float, float, float], slack: float
) -> Piece | Undefined | None:
    """One piece over all numbers of a sign whose sizes are between the first and the last; the second is the middle.

    dtype: whose ULP the truth is measured in. run: the place of the piece. None where the bound is not met.
    """
    sign, start, count = run.sign, run.start, run.count
    low, centre, high = sizes
    terms = TERMS if count > 2 else 3
    zeros = (order + 1) * max(0, -frexp(low)[1]) if low > 0 else 0  # a zero at 0 costs so many digits
    try:
        ball = _coefficients(function, arb(sign * (low + high) / 2, (high - low) / 2), order, terms, 53 + zeros)
    except UndefinedError:
        return Undefined(run)
    except HugeError as huge:
        return Piece(sign, start, count, sign * centre, 1.0, (inf * (huge.odd if order % 2 else huge.even),), 0.0, True)
    except NOWHERE:
        return None
    lower = ball[0].abs_lower()
    least = float(lower)
    if not least >= 0:
        return None
    if lower < least:  # rounded up, perhaps to a power of two, where an ULP is twice as large
        least = nextafter(least, 0.0)
    if least > 2.0 ** (dtype.highest + 1):  # rounds to infinity whatever its digits are
        return Piece(sign, start, count, sign * centre, 1.0, (inf if ball[0] > 0 else -inf,), 0.0, True)
    radius = _power_of_two(max(high - centre, centre - low))
    exponent = max(frexp(least)[1] - 1 if least > 0 else dtype.lowest, dtype.lowest)
    unit = 2.0 ** (exponent - dtype.stored)
    allowed = arb(slack * unit)
    scales = [arb(radius) ** k for k in range(terms + 1)]
    tails = [abs(one * scale) for one, scale in zip(ball, scales, strict=True)]
    enough = next((k for k in range(1, terms + 1) if tails[k] < allowed), None)
    if enough is None:
        return None
    try:
        at = _coefficients(function, arb(sign * centre), order, terms, DIGITS + zeros)
    except NOWHERE:
        return None
    for number in range(enough, terms + 1):
        exact = [one * scale for one, scale in zip(at[:number], scales, strict=False)]
        kept = [float(one.mid()) for one in exact]
        if not all(map(isfinite, kept)):
            return None
        lost = sum((abs(one - arb(mid)) for one, mid in zip(exact, kept, strict=True)), arb(0))
        size = sum((abs(arb(mid)) for mid in kept), arb(0))
        steps = 0 if _is_exact(kept, sign * centre, radius) else 2 * number + 2
        bound = tails[number] + lost + size * steps * arb(2) ** -53 + arb(2) ** -1060
        if bound < allowed:
            most = float(bound.abs_upper()) * _ROUNDED
            return Piece(sign, start, count, sign * centre, radius, tuple(kept), most, most < EXACT * unit)
    return None


def least_and_slope(function: Enclosure, order: int, sign: int, sizes: tuple[float, float]) -> tuple[float, float]:
    """Of the n-th derivative between two sizes: a size that it is never below, and its largest slope in size."""
    low, high = sizes
    zeros = (order + 1) * max(0, -frexp(low)[1])
    ball = _coefficients(function, arb(sign * (low + high) / 2, (high - low) / 2), order, 1, 53 + zeros)
    return float(ball[0].abs_lower()) * (2 - _ROUNDED), float(ball[1].abs_upper()) * _ROUNDED


def _is_exact(kept: Sequence[float], centre: float, radius: float) -> bool:
    """Whether nothing is rounded in Horner's scheme: a constant, or x times a power of two."""
    if len(kept) == 1:
        return True
    slope = kept[1] / radius
    return len(kept) == 2 and abs(frexp(slope)[0]) == 0.5 and kept[0] == slope * centre


def _is_hopeless(function: Enclosure, order: int, dtype: Format, run: Run, slack: float) -> bool:
    """Whether the series at the middle of a short run does not even reach the numbers beside it.

    A guess, which spares bisecting; it has no say in what is proven.
    """
    if not FEW // 2 < run.count <= FEW:
        return False
    middle = run.start + run.count // 2
    reach = arb(FEWEST // 2 * (dtype.number(1, middle + 1) - dtype.number(1, middle)))
    try:
        at = _coefficients(function, arb(run.sign * dtype.number(1, middle)), order, TERMS, DIGITS)
    except NOWHERE:
        return False
    least = abs(float(at[0].mid()))
    allowed = slack * dtype.unit(frexp(least)[1] - 1) if isfinite(least) else inf
    return all(abs(at[k]) * reach**k > allowed for k in (TERMS - 1, TERMS))


def _coefficients(function: Enclosure, x: arb, order: int, terms: int, digits: int) -> list[arb]:
    """Of the n-th derivative, one more than the terms."""
    length = terms + order + 1
    ctx.prec, ctx.cap = digits, length + 1
    found = coefficients(function(x, length))
    return [found[k + order] * (factorial(k + order) // factorial(k)) for k in range(terms + 1)]


def _power_of_two(distance: float) -> float:
    """The smallest one that is not less; of no distance a very small one."""
    if distance == 0:
        return 2.0**-1000
    mantissa, exponent = frexp(distance)
    return 2.0 ** (exponent if mantissa > 0.5 else exponent - 1)
