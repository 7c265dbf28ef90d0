"""What is counted of many numbers: tallies of parts add up to that of all, in any order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from gradcli.inspections.auditing.judging import BINS, Judged
from gradcli.numerics.proven.formats import Floats, Format, Magnitudes
from gradcli.results.audit import (
    AuditExponent,
    AuditInterval,
    AuditTrouble,
    AuditTroubles,
    AuditWorst,
)

Interval = tuple[int, int, int]
"""A sign, and the first and the last magnitude."""
MOST_INTERVALS = 1000
"""Of one trouble, that are shown: of all numbers of float32 every other one could have it."""


@dataclass
class Tally:
    """Counts that add; the worst case is the first one by size, sign and magnitude among equals.

    step: the distance of the magnitudes that are counted. forgotten: how many intervals of a trouble were let go.
    exponents: the largest error of each, -1 where no answer has ULPs.
    """

    dtype: Format
    step: int = 1
    count: int = 0
    differs: int = 0
    histogram: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, dtype=np.int64))
    worst: tuple[float, int, int] = (-1.0, 0, 0)
    at_worst: tuple[float, float, float] = (0.0, 0.0, 0.0)
    counts: dict[AuditTrouble, int] = field(default_factory=dict)
    intervals: dict[AuditTrouble, list[Interval]] = field(default_factory=dict)
    forgotten: dict[AuditTrouble, int] = field(default_factory=dict)
    exponents: dict[tuple[int, int], float] = field(default_factory=dict)

    def add(self, sign: int, magnitudes: Magnitudes, answers: Floats, judged: Judged) -> None:
        """Count one run of numbers of one sign, whose magnitudes ascend."""
        compared, measured, ulps, troubles, values, largest = judged
        number, missing = int(np.count_nonzero(compared)), len(ulps) - int(np.count_nonzero(measured))
        if not number:
            return
        self.count += number
        bins = _bins(ulps)
        bins[0] -= missing  # those that have no ULPs stand there with 0
        self.histogram += bins
        ranked = np.where(measured, ulps, np.where(compared, -1.0, -2.0)) if missing else ulps
        if largest >= 0:
            place = int(ranked.argmax())
            case = (largest, -sign, -int(magnitudes[place]))
            if case > self.worst:
                x = self.dtype.number(sign, int(magnitudes[place]))
                self.worst, self.at_worst = case, (x, float(answers[place]), float(values[place]))
        for name, mask in troubles.items():
            self._note(name, int(np.count_nonzero(mask)), _runs(sign, magnitudes, mask))
        starts, binades = _binades(magnitudes, self.dtype.stored)
        most_of = np.maximum.reduceat(ranked, starts) if len(starts) > 1 else [largest]
        for binade, most in zip(binades, most_of, strict=True):
            if most >= -1:  # some number was compared
                self._raise(sign, binade, float(most))

    def merge(self, other: Tally) -> None:
        """Take in what was counted elsewhere."""
        self.count += other.count
        self.differs += other.differs
        self.histogram += other.histogram
        if other.worst > self.worst:
            self.worst, self.at_worst = other.worst, other.at_worst
        for name, number in other.counts.items():
            self._note(name, number, other.intervals[name])
            self.forgotten[name] = self.forgotten.get(name, 0) + other.forgotten.get(name, 0)
        for (sign, binade), largest in other.exponents.items():
            self._raise(sign, binade, largest)

    def _note(self, name: AuditTrouble, number: int, intervals: list[Interval]) -> None:
        self.counts[name] = self.counts.get(name, 0) + number
        known = self.intervals.setdefault(name, [])
        last = known[-1:]
        known[-1:] = _joined([*last, *intervals], self.step)

    def _raise(self, sign: int, binade: int, ulps: float) -> None:
        self.exponents[sign, binade] = max(self.exponents.get((sign, binade), -1.0), ulps)

    def trim(self) -> None:
        """Forget the intervals that no merge can bring to those that are shown: those of small positive numbers first.

        Of numbers that were counted in that order. Two more are kept: the last of those that are shown and the last one
        of all may go on in what is merged next.
        """
        for name, intervals in self.intervals.items():
            self.forgotten[name] = self.forgotten.get(name, 0) + max(0, len(intervals) - MOST_INTERVALS - 2)
            del intervals[MOST_INTERVALS + 1 : -1]

    @property
    def shown_worst(self) -> AuditWorst | None:
        return AuditWorst(self.worst[0], *self.at_worst) if self.worst[0] >= 0 else None

    @property
    def shown_histogram(self) -> tuple[int, ...]:
        """The counts up to the last that is not 0."""
        last = max(np.flatnonzero(self.histogram), default=-1)
        return tuple(self.histogram[: last + 1].tolist())

    def troubles(self) -> tuple[AuditTroubles, ...]:
        """Each trouble, with its intervals in ascending order of their numbers."""
        found = []
        for name in get_args(AuditTrouble):
            if name in self.counts:
                known = _joined(sorted(self.intervals[name], key=lambda one: (-one[0], one[1])), self.step)
                number = len(known) + self.forgotten.get(name, 0)
                found.append(AuditTroubles(name, self.counts[name], number, tuple(self._shown(known))))
        return tuple(found)

    def by_exponent(self) -> tuple[AuditExponent, ...]:
        """From the most negative numbers to the largest."""
        found = [
            (sign, AuditExponent(sign < 0, binade - 1 + self.dtype.lowest, largest if largest >= 0 else None))
            for (sign, binade), largest in self.exponents.items()
        ]
        return tuple(one for _, one in sorted(found, key=lambda pair: (pair[0], pair[0] * pair[1].exponent)))

    def _shown(self, intervals: list[Interval]) -> list[AuditInterval]:
        found = []
        for sign, first, last in intervals[:MOST_INTERVALS]:
            low, high = sorted((self.dtype.number(sign, first), self.dtype.number(sign, last)))
            found.append(AuditInterval(low, high, (last - first) // self.step + 1))
        return sorted(found, key=lambda one: one.low)


def _joined(intervals: Iterable[Interval], step: int) -> list[Interval]:
    """Neighbours of one sign as one, where the second begins behind the end of the first."""
    joined: list[Interval] = []
    for sign, first, last in intervals:
        if joined and joined[-1][0] == sign and joined[-1][2] + step == first:
            joined[-1] = (sign, joined[-1][1], last)
        else:
            joined.append((sign, first, last))
    return joined


def _bins(ulps: Floats) -> NDArray[np.int64]:
    """How many errors are at most 0.5, 1, 2, ... and above the one before: by the exponents of float64."""
    exponents = ulps.view(np.int64) - 1  # so that a power of two is at most itself
    exponents >>= 52
    exponents += 2 - 1023
    np.clip(exponents, 0, BINS - 1, out=exponents)
    return np.bincount(exponents, minlength=BINS)


def _binades(magnitudes: Magnitudes, stored: int) -> tuple[NDArray[np.int64], list[int]]:
    """Where numbers of another exponent begin, and those; the first normal one takes in the subnormal numbers."""
    first, last = (max(int(end) >> stored, 1) for end in (magnitudes[0], magnitudes[-1]))
    edges = [magnitudes[0], *(binade << stored for binade in range(first + 1, last + 1))]
    starts = np.searchsorted(magnitudes, edges)
    kept = np.flatnonzero(np.diff(starts, append=len(magnitudes)))
    return starts[kept], [first + int(one) for one in kept]


def _runs(sign: int, magnitudes: Magnitudes, mask: NDArray[np.bool_]) -> list[Interval]:
    """The runs of magnitudes that a mask holds."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    return [
        (sign, int(magnitudes[begin]), int(magnitudes[end - 1]))
        for begin, end in zip(edges[::2], edges[1::2], strict=True)
    ]
