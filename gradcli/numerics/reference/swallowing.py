"""Sums that swallow a summand: in (1e80 + x) - 1e80 the change of x is lost at 60 digits, and at 100 nearly so.

Where the rest of the expression has a slope of its own, two precisions may then agree on a wrong one. So the places
are noted at the second precision, and what happened there is asked again with more digits.

Roundings that a step goes past: round(1e80 + 1e60) is another integer, and says nothing of the slope. These places are
noted at every precision, and what was measured there counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcli.numerics.reference.slope import BITS_PER_DIGIT, Real


class Watch:
    """Notes where in one evaluation a limit is passed: how far summands lie apart, or the size of what is rounded."""

    def __init__(self, digits: int) -> None:
        self.bits = digits * BITS_PER_DIGIT
        self.noted: list[NDArray[Any]] = []

    def over(self, shape: tuple[int, ...]) -> NDArray[Any]:
        """Which elements of an elementwise output are noted; all, if something of another shape is."""
        noted = np.zeros(shape, dtype=bool)
        for places in self.noted:
            noted |= places if places.shape == shape else places.any()
        return noted


_sums: list[Watch] = []
_roundings: list[Watch] = []


@contextmanager
def watching(digits: int | None) -> Iterator[Watch]:
    """Notes what sums swallow inside that lies so many digits below; with None, nothing."""
    watch = Watch(digits or 0)
    with _among(_sums, watch) if digits is not None else nullcontext():
        yield watch


@contextmanager
def watching_roundings(step: int) -> Iterator[Watch]:
    """Notes what is rounded inside that moves by an integer or more when it moves by its 10**step-th part."""
    watch = Watch(step)
    with _among(_roundings, watch):
        yield watch


@contextmanager
def _among(watches: list[Watch], watch: Watch) -> Iterator[None]:
    watches.append(watch)
    try:
        yield
    finally:
        watches.remove(watch)


def note(x: NDArray[Any], y: NDArray[Any]) -> None:
    """x + y is about to be computed, element by element."""
    for watch in _sums:
        bits = watch.bits
        apart = np.frompyfunc(lambda one, other, most=bits: _distance(one, other) > most, 2, 1)
        watch.noted.append(np.asarray(apart(x, y), dtype=bool))


def note_sum(row: Sequence[Real]) -> None:
    """These numbers are about to be summed."""
    for watch in _sums:
        sizes = [exponent for exponent in map(_exponent, row) if exponent is not None]
        watch.noted.append(np.asarray(bool(sizes) and max(sizes) - min(sizes) > watch.bits))


def note_rounding(x: NDArray[Any]) -> None:
    """x is about to be rounded to integers, element by element."""
    for watch in _roundings:
        far = np.frompyfunc(lambda one, most=watch.bits: (_exponent(one) or 0) > most, 1, 1)
        watch.noted.append(np.asarray(far(x), dtype=bool))


def _distance(x: Real, y: Real) -> int:
    """How many binary places lie between two numbers; 0 if one is zero or not finite."""
    one, other = _exponent(x), _exponent(y)
    return 0 if one is None or other is None else abs(one - other)


def _exponent(x: Real) -> int | None:
    _, mantissa, exponent, bits = x._mpf_
    return int(exponent + bits) if mantissa else None
