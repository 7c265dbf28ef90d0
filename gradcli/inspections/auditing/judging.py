"""Answers beside their truths: how many ULPs they are off, and what is wrong in kind.

A truth is known within a bound. Where that could change what is said of a number, Arb is asked about it alone.

Most runs of numbers have nothing wrong in kind, and truths far from the edges of the dtype. What the largest error and
the smallest and the largest truth show already is not looked for number by number.
"""

from __future__ import annotations

from functools import cached_property
from math import frexp
from typing import NamedTuple

import numpy as np
from flint import arb
from numpy.typing import NDArray

from gradcli.numerics.proven.formats import Floats, Format, Magnitudes
from gradcli.numerics.proven.truth import SLACK, Status, Truth, Truths
from gradcli.results.audit import AuditTrouble

Mask = NDArray[np.bool_]
Places = NDArray[np.int64]

BINS = 64
"""Of a histogram: up to 0.5 ULP, up to 1, 2, 4, ..."""
_DIGITS, _BIAS = 52, 1023
"""How float64 lies in memory: digits of a significand, and what is added to an exponent."""


class Judged(NamedTuple):
    """Of each number: whether it was compared, whether its error has ULPs, these (else 0), and the truth.

    measured: of the numbers that were compared those whose answer is no NaN and no infinity beside a finite truth.
    troubles: of those that occur, where. largest: the largest error, -1 where no number has one.
    """

    compared: Mask
    measured: Mask
    ulps: Floats
    troubles: dict[AuditTrouble, Mask]
    values: Floats
    largest: float


class Measure:
    """The truths of ascending numbers of one sign, and what all answers to them are measured with."""

    def __init__(
        self, truth: Truth, sign: int, magnitudes: Magnitudes, truths: Truths, most_ulps: float | None = None
    ) -> None:
        """most_ulps: one more edge, which errors are held against."""
        self.dtype, self.truth = truth.dtype, truth
        self.sign, self.magnitudes, self.most_ulps = sign, magnitudes, most_ulps
        self.values, self.compared = truths.values, truths.statuses == Status.PROVEN
        self.count = int(np.count_nonzero(self.compared))
        self._narrow = 2 * SLACK[self.dtype.name]
        """ULPs around an edge within which a truth that is known so well may be on either side."""
        self._exact = truths.exact

    def judged(self, answers: Floats) -> Judged:
        """PyTorch's answers, in float64, beside the truths."""
        if not self.count:
            return Judged(self.compared, self.compared, np.zeros(len(answers)), {}, self.values, -1.0)
        errors, is_plain = self._errors(answers)
        is_right = self._is_right_in_kind(float(errors.max()), is_plain)
        found = Judged(self.compared.copy(), self.compared.copy(), errors, {}, self.values.copy(), 0.0)
        for place in self._doubtful(errors):
            ball = self.truth.ball(self.sign, int(self.magnitudes[place]))
            if ball is None:
                found.compared[place] = False
                continue
            found.values[place] = float(ball.mid())
            errors[place] = _exact_error(self.dtype, float(answers[place]), ball)
        if not is_right:
            for name, mask in _troubles(self.dtype, answers, found.values).items():
                if np.any(mask & found.compared):
                    found.troubles[name] = mask & found.compared
        found.measured[:] = found.compared
        for name in ("nan", "overflow"):
            if name in found.troubles:
                found.measured[found.troubles[name]] = False
        errors[~found.measured] = 0.0
        return found._replace(largest=float(np.where(found.measured, errors, -1.0).max()))

    def _errors(self, answers: Floats) -> tuple[Floats, bool]:
        """ULPs between answers and truths, and whether all of both are numbers within the dtype."""
        if self.count == len(answers) and self._most < self.dtype.overflow / 2:
            errors = answers - self.values
            np.abs(errors, out=errors)
            errors *= self._units_in_one
            if np.isfinite(errors.max()):
                return errors, True
        return _errors(self.dtype, answers, self.values), False

    def _is_right_in_kind(self, largest: float, is_plain: bool) -> bool:
        """Whether nothing can be wrong in kind, by the largest error alone.

        A zero or another sign where the truth is a normal number is 2**stored ULPs off, and more than 3/4 where it is
        subnormal.
        """
        if is_plain:
            is_normal = self._least >= 2 * self.dtype.smallest_normal
            return largest < (2.0**self.dtype.stored if is_normal else 0.75)
        return largest == 0 and self._least > 2 * self.dtype.overflow

    def _doubtful(self, errors: Floats) -> Places:
        """Where a truth's bound could move a number over an edge of the histogram, of the dtype, or of its ULP."""
        found = [self._at_edges, self._at_half_an_ulp[errors[self._at_half_an_ulp] > self._narrow]]
        if not self._exact.all():
            found.append(_near_powers_of_two(errors, self._narrow))
            if self.most_ulps is not None:
                found.append(np.flatnonzero(np.abs(errors - self.most_ulps) <= self._narrow + errors * 2.0**-50))
            found[2:] = [places[~self._exact[places]] for places in found[2:]]
        every = np.unique(np.concatenate(found)) if any(map(len, found)) else found[0]
        keep: Places = every[self.compared[every] & np.isfinite(errors[every]) & (self.values[every] != 0)]
        return keep

    @cached_property
    def _sizes(self) -> Floats:
        found: Floats = np.abs(self.values)
        return found

    @cached_property
    def _least(self) -> float:
        """The smallest truth in size; NaN where one is missing."""
        return float(self._sizes.min())

    @cached_property
    def _most(self) -> float:
        return float(self._sizes.max())

    @cached_property
    def _units_in_one(self) -> Floats:
        """How many ULPs of a truth within the dtype make 1; a power of two, so that it can be a factor."""
        exponents = self.values.view(np.int64) >> _DIGITS
        exponents &= 2 * _BIAS + 1
        np.maximum(exponents, self.dtype.lowest + _BIAS, out=exponents)
        np.subtract(2 * _BIAS + self.dtype.stored, exponents, out=exponents)
        exponents <<= _DIGITS
        return exponents.view(np.float64)

    @cached_property
    def _at_half_an_ulp(self) -> Places:
        """Truths next to a power of two: on its other side an ULP is half of it, or twice."""
        margin = 2.0**-self.dtype.precision
        first, last = frexp(self._least * (1 - margin))[1], frexp(self._most * (1 + margin))[1]
        if self._most == 0 or (self._least > 0 and first == last):
            return np.empty(0, dtype=np.int64)
        mantissas = np.frexp(self._sizes)[0]
        with np.errstate(invalid="ignore"):
            distance = np.minimum(mantissas - 0.5, 1 - mantissas) * 2.0**self.dtype.precision
        return np.flatnonzero(distance <= self._narrow)

    @cached_property
    def _at_edges(self) -> Places:
        """Truths next to an edge of the dtype: overflow, the smallest normal number, what rounds to 0."""
        found = []
        for edge in (self.dtype.overflow, self.dtype.smallest_normal, self.dtype.smallest / 2):
            margin = self._narrow * float(self.dtype.ulp(np.array([edge]))[0])
            if not (self._least > edge + margin or self._most < edge - margin):
                with np.errstate(invalid="ignore"):
                    found.append(np.flatnonzero(np.abs(self._sizes - edge) <= margin))
        return np.concatenate(found) if found else np.empty(0, dtype=np.int64)


def _errors(dtype: Format, answers: Floats, values: Floats) -> Floats:
    """ULPs between answers and truths; an infinity is right where the truth rounds to it."""
    top = 2.0 ** (dtype.highest + 1)
    with np.errstate(invalid="ignore"):
        beyond = np.abs(values) >= dtype.overflow
        is_right = beyond & np.isinf(answers) & (np.signbit(answers) == np.signbit(values))
        distance = np.abs(np.clip(answers, -top, top) - np.clip(values, -top, top))
        found: Floats = distance / dtype.ulp(np.clip(values, -dtype.overflow, dtype.overflow))
        found[is_right] = 0.0
    return np.nan_to_num(found, nan=np.inf)


def _near_powers_of_two(errors: Floats, narrow: float) -> Places:
    """Where errors are within so much of 0.5, 1, 2, ...; by the digits of their significands at first."""
    width = int(narrow * 2.0 ** (_DIGITS + 2)) + 64  # that of 0.5, from below; at larger ones it is more than enough
    digits = errors.view(np.int64) + width
    digits &= (1 << _DIGITS) - 1
    places = np.flatnonzero(digits < 2 * width)
    places = places[errors[places] > 0.25]
    some = errors[places]
    nearest = np.exp2(np.minimum(np.round(np.log2(some)), BINS))
    return places[np.abs(some - nearest) <= narrow + some * 2.0**-50]


def _exact_error(dtype: Format, answer: float, ball: arb) -> float:
    """The error in ULPs by the truth itself, which is certain to 60 binary digits."""
    if not np.isfinite(answer) or abs(ball) >= dtype.overflow:
        return float(_errors(dtype, np.array([answer]), np.array([float(ball.mid())]))[0])
    digits, exponent = ball.mid().man_exp()  # float64 could round it to a power of two
    unit = dtype.unit(int(digits).bit_length() - 1 + int(exponent) if digits else dtype.lowest)
    return float((abs(arb(answer) - ball) / arb(unit)).mid())


def _troubles(dtype: Format, answers: Floats, values: Floats) -> dict[AuditTrouble, Mask]:
    with np.errstate(invalid="ignore"):
        sizes, rounds_to_zero = np.abs(values), np.abs(values) < dtype.smallest / 2
        is_number = ~np.isnan(answers)
        return {
            "nan": ~is_number,
            "overflow": np.isinf(answers) & (sizes < dtype.overflow),
            "dead": (answers == 0) & (sizes >= dtype.smallest_normal),
            "flushed": (answers == 0) & (sizes >= dtype.smallest) & (sizes < dtype.smallest_normal),
            "wrong sign": is_number & (answers * np.sign(values) < 0) & ~rounds_to_zero,
            "not zero": is_number & rounds_to_zero & (np.abs(answers) > dtype.smallest),
        }
