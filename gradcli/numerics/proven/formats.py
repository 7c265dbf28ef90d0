"""Floating dtypes of 16 and 32 bits as lines of magnitudes: the bits of a number without its sign, in order of size."""

from __future__ import annotations

from dataclasses import dataclass
from math import ldexp

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Magnitudes = NDArray[np.int64]
Side = tuple[int, int, int]
"""A sign, with its first magnitude and the one behind the last."""


@dataclass(frozen=True)
class Format:
    """A binary floating dtype.

    bits: of a number. precision: digits of a significand, the hidden one included. lowest, highest: exponents of the
    normal numbers.
    """

    name: str
    bits: int
    precision: int
    lowest: int
    highest: int

    @property
    def stored(self) -> int:
        """Digits of a significand that are stored: magnitudes of one exponent are 2**stored in number."""
        return self.precision - 1

    @property
    def finite(self) -> int:
        """How many magnitudes are finite; this one is infinity's."""
        return (self.highest - self.lowest + 2) << self.stored

    @property
    def smallest(self) -> float:
        """The smallest subnormal number, which is the smallest ULP."""
        return 2.0 ** (self.lowest - self.stored)

    @property
    def smallest_normal(self) -> float:
        return 2.0**self.lowest

    @property
    def overflow(self) -> float:
        """From here on a number rounds to infinity."""
        return 2.0 ** (self.highest + 1) - 2.0 ** (self.highest - self.precision)

    def number(self, sign: int, magnitude: int) -> float:
        """One number."""
        exponent, digits = magnitude >> self.stored, magnitude & ((1 << self.stored) - 1)
        if exponent:
            digits |= 1 << self.stored
        return sign * ldexp(digits, max(exponent, 1) - 1 + self.lowest - self.stored)

    def magnitude_below(self, number: float) -> int:
        """That of the largest number that is not above a positive one."""
        low, high = 0, self.finite - 1
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.number(1, middle) <= number else (low, middle - 1)
        return low

    def magnitude_above(self, number: float) -> int:
        """That of the smallest number that is not below a positive one."""
        below = self.magnitude_below(number)
        return below + (self.number(1, below) < number)

    def ulp(self, numbers: Floats) -> Floats:
        """The unit in the last place of real numbers: of those below the normal ones that of the smallest."""
        exponents = np.where(numbers == 0, self.lowest, np.frexp(np.abs(numbers))[1] - 1)
        found: Floats = np.ldexp(1.0, np.maximum(exponents, self.lowest) - self.stored)
        return found

    def unit(self, exponent: int) -> float:
        """The unit in the last place of numbers of a binary exponent."""
        return float(2.0 ** (max(exponent, self.lowest) - self.stored))


FORMATS = {
    one.name: one
    for one in (
        Format("float16", 16, 11, -14, 15),
        Format("bfloat16", 16, 8, -126, 127),
        Format("float32", 32, 24, -126, 127),
    )
}
