"""Sums that swallow a summand: in (1e80 + x) - 1e80 the change of x is lost at 60 digits, and at 100 nearly so.

Where the rest of the expression has a slope of its own, two precisions may then agree on a wrong one. So the places
are noted at the second precision, and what happened there is asked again with more digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcli.numerics.reference.slope import BITS_PER_DIGIT, Real


class Watch:
    """Notes where summands of one evaluation lie further apart than `digits`."""

    def __init__(self, digits: int) -> None:
        self.bits = digits * BITS_PER_DIGIT
        self.noted: list[NDArray[Any]] = []

    def over(self, shape: tuple[int, ...]) -> NDArray[Any]:
        """Which elements of an elementwise output are in doubt; all, if a sum of another shape is."""
        doubtful = np.zeros(shape, dtype=bool)
        for places in self.noted:
            doubtful |= places if places.shape == shape else places.any()
        return doubtful


_watches: list[Watch] = []


@contextmanager
def watching(digits: int | None) -> Iterator[Watch]:
    """Notes what sums swallow inside; with None, nothing."""
    watch = Watch(digits or 0)
    if digits is None:
        yield watch
        return
    _watches.append(watch)
    try:
        yield watch
    finally:
        _watches.remove(watch)


def note(x: NDArray[Any], y: NDArray[Any]) -> None:
    """x + y is about to be computed, element by element."""
    for watch in _watches:
        bits = watch.bits
        apart = np.frompyfunc(lambda one, other, most=bits: _distance(one, other) > most, 2, 1)
        watch.noted.append(np.asarray(apart(x, y), dtype=bool))


def note_sum(row: Sequence[Real]) -> None:
    """These numbers are about to be summed."""
    for watch in _watches:
        sizes = [exponent for exponent in map(_exponent, row) if exponent is not None]
        watch.noted.append(np.asarray(bool(sizes) and max(sizes) - min(sizes) > watch.bits))


def _distance(x: Real, y: Real) -> int:
    """How many binary places lie between two numbers; 0 if one is zero or not finite."""
    one, other = _exponent(x), _exponent(y)
    return 0 if one is None or other is None else abs(one - other)


def _exponent(x: Real) -> int | None:
    _, mantissa, exponent, bits = x._mpf_
    return int(exponent + bits) if mantissa else None
