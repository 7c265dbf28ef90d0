"""Proven values of periodic functions at numbers far from 0: the number is turned back to a remainder near 0.

A float32 number is m * 2**e with a whole m below 2**24, and x / (pi/2) modulo 4 is m times (2**e * 2/pi modulo 4),
which 126 binary digits behind the point hold with an error below 2**-126: whole numbers, so that nothing is rounded.
What is left of it beside the nearest quarter turn is a remainder r of at most pi/4 in size, known to float64. Over
such remainders f is a polynomial for each of the four quarters, each sign, and each sixteenth of a binary exponent.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import frexp

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray

from gradcli.language.parser import parse
from gradcli.language.rewrite.nodes import with_nodes
from gradcli.language.syntax import Call, Name, Node, Program, children
from gradcli.numerics.proven.expressions import Enclosure, enclosure
from gradcli.numerics.proven.formats import Floats, Format, Magnitudes
from gradcli.numerics.proven.pieces import Piece, Run, least_and_slope, polynomial

FROM = 2.0**10
"""Numbers from here on are turned back: of smaller ones a polynomial holds for thousands, where they lie."""
SMALLEST = -33
"""The binary exponent of the smallest remainders; those of float32 numbers are above 2**-31."""
OFF = 2.0**-50
"""By what share a remainder is off at most: four roundings to float64, and that of pi/2."""
BESIDE = 2.0**-40
"""By what share a part is taken to be longer than it is."""
MOST = float(np.pi / 4 * (1 + OFF))
"""The largest remainder."""
_PARTS_DIGITS = 4
"""Binary digits of a part of a binary exponent that has a polynomial of its own."""
_PARTS = 1 << _PARTS_DIGITS
_ONE_SIGN = -SMALLEST * _PARTS
_SHIFT, _BIAS, _LOW = 52 - _PARTS_DIGITS, 1023, 0xFFFFFFFF
_QUARTERS = {
    "sin": ("sin({0})", "cos({0})", "-sin({0})", "-cos({0})"),
    "cos": ("cos({0})", "-sin({0})", "-cos({0})", "sin({0})"),
    "tan": ("tan({0})", "-1 / tan({0})") * 2,
}
"""What f(q * pi/2 + r) is by r, for q from 0 to 3."""


class Turns:
    """The polynomials of one derivative of a periodic function over all remainders."""

    def __init__(self, quarters: Sequence[Sequence[Piece]]) -> None:
        pieces = [piece for several in quarters for piece in several]
        terms = max(len(piece.coefficients) for piece in pieces)
        self.count = len(pieces)
        self._centres, self._scales = (np.zeros(8 * _ONE_SIGN) for _ in range(2))
        self._coefficients = np.zeros((terms, 8 * _ONE_SIGN))
        for quarter, several in enumerate(quarters):
            for piece in several:
                place = (2 * quarter + (piece.sign < 0)) * _ONE_SIGN + piece.start
                self._centres[place], self._scales[place] = piece.centre, 1 / piece.radius
                self._coefficients[: len(piece.coefficients), place] = piece.coefficients

    def over(self, dtype: Format, sign: int, magnitudes: Magnitudes) -> tuple[Floats, NDArray[np.bool_]]:
        """The values at ascending magnitudes, and where they are proven."""
        quarters, remainders = remainders_of(dtype, sign, magnitudes)
        bits = remainders.view(np.int64)
        places = ((bits >> _SHIFT) & ((1 << (63 - _SHIFT)) - 1)) - ((_BIAS + SMALLEST) << _PARTS_DIGITS)
        proven = places >= 0
        np.maximum(places, 0, out=places)
        places += (2 * quarters + (remainders < 0)) * _ONE_SIGN
        scaled = (remainders - self._centres[places]) * self._scales[places]
        found: Floats = self._coefficients[-1][places]
        for coefficients in self._coefficients[-2::-1]:
            found *= scaled
            found += coefficients[places]
        return found, proven


def turns(program: Program, order: int, dtype: Format, slack: float) -> Turns | None:
    """The polynomials of a function of one variable; None where it is not periodic, or one of them is not proven.

    slack: what a value may be off, in ULP.
    """
    if not is_periodic(program):
        return None
    (name,) = program.free_names
    quarters = []
    for quarter in range(4):
        function = enclosure(_turned(program, name, quarter), name)
        several = []
        for sign, place in reversed(_places()):  # what fails does so far from 0
            piece = _piece(function, order, dtype, sign, place, slack)
            if piece is None:
                return None
            several.append(piece)
        quarters.append(several)
    return Turns(quarters)


def _places() -> list[tuple[int, int]]:
    """The parts that hold a remainder of at most pi/4, on both sides of 0."""
    last = (_ONE_SIGN - _PARTS) + int((2 * MOST - 1) * _PARTS)
    return [(sign, place) for sign in (1, -1) for place in range(last + 1)]


def _piece(function: Enclosure, order: int, dtype: Format, sign: int, place: int, slack: float) -> Piece | None:
    """The polynomial over one part, which also bounds what an error of the remainder does."""
    exponent, part = divmod(place, _PARTS)
    size = 2.0 ** (exponent + SMALLEST)
    low, centre, high = (min(size * (1 + (part + share) / _PARTS), MOST) for share in (0, 0.5, 1))
    found = polynomial(function, order, dtype, Run(sign, place, 3), (low, centre, high), slack / 2)
    if not isinstance(found, Piece) or not np.isfinite(found.coefficients).all():
        return None
    # a number whose remainder is off may truly be just beside the part
    least, slope = least_and_slope(function, order, sign, (low * (1 - BESIDE), high * (1 + BESIDE)))
    allowed = slack * dtype.unit(frexp(least)[1] - 1)
    return found if found.bound + slope * high * OFF < allowed else None


def is_periodic(program: Program) -> bool:
    """Whether the variable stands nowhere but in sin, cos and tan."""
    (name,) = program.free_names
    names = sum(isinstance(node, Name) and node.name == name for node in program.nodes)
    return not program.statements and names == sum(_is_turned(node, name) for node in program.nodes)


def _is_turned(node: Node, name: str) -> bool:
    if not isinstance(node, Call) or node.function.name not in _QUARTERS:
        return False
    return [isinstance(one, Name) and one.name == name for one in children(node)] == [True]


def _turned(program: Program, name: str, quarter: int) -> Program:
    """A program of the remainder, for numbers that are so many quarter turns farther."""

    def turned(node: Node) -> Node:
        if not (isinstance(node, Call) and _is_turned(node, name)):
            return node
        return parse(_QUARTERS[node.function.name][quarter].format(name), bound=(name,)).result

    return with_nodes(program, turned)


def remainders_of(dtype: Format, sign: int, magnitudes: Magnitudes) -> tuple[NDArray[np.int64], Floats]:
    """For ascending magnitudes of normal numbers the quarter turns, modulo 4, and what is left beside them."""
    exponents = magnitudes >> dtype.stored
    quarters, remainders = np.empty(len(magnitudes), dtype=np.int64), np.empty(len(magnitudes))
    for exponent in range(int(exponents[0]), int(exponents[-1]) + 1):
        begin, end = np.searchsorted(exponents, (exponent, exponent + 1))
        digits = (magnitudes[begin:end] & ((1 << dtype.stored) - 1)) | (1 << dtype.stored)
        quarters[begin:end], remainders[begin:end] = _remainders(digits, exponent - 1 + dtype.lowest - dtype.stored)
    if sign < 0:
        return -quarters & 3, -remainders
    return quarters, remainders


def _remainders(digits: Magnitudes, exponent: int) -> tuple[NDArray[np.int64], Floats]:
    whole = digits.astype(np.uint64)
    first, second, third = _quarter_turns(exponent)
    below = whole * third
    middle = whole * second + (below >> np.uint64(32))
    turned = whole * first + (middle >> np.uint64(32))  # modulo 2**64, which are four quarter turns
    quarters = (turned + np.uint64(1 << 61)) >> np.uint64(62)
    left = (turned - (quarters << np.uint64(62))).view(np.int64)
    rest = (middle & np.uint64(_LOW)) * 2.0**-94 + (below & np.uint64(_LOW)) * 2.0**-126
    return quarters.astype(np.int64), (left * 2.0**-62 + rest) * (np.pi / 2)


@lru_cache(maxsize=256)
def _quarter_turns(exponent: int) -> tuple[np.uint64, np.uint64, np.uint64]:
    """2**exponent in quarter turns, modulo 4: 2 + 62 binary digits, and twice 32 more."""
    before, ctx.prec = ctx.prec, max(exponent, 0) + 256
    digits = (arb(2) ** (exponent + 127) / arb.pi()).floor().unique_fmpz()
    ctx.prec = before
    assert digits is not None
    known = int(digits) % (1 << 128)
    return np.uint64(known >> 64), np.uint64((known >> 32) & _LOW), np.uint64(known & _LOW)
