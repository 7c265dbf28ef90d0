"""What is counted of many numbers: tallies of parts add up to that of all, in any order."""

from __future__ import annotations

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


@dataclass
class Tally:
    """Counts that add; the worst case is the first one by size, sign and magnitude among equals.

    step: the distance of the magnitudes that are counted.
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
    exponents: dict[tuple[int, int], float] = field(default_factory=dict)

    def add(self, sign: int, magnitudes: Magnitudes, answers: Floats, judged: Judged) -> None:
        """Count one run of numbers of one sign, whose magnitudes ascend."""
        compared, ulps, troubles, values = judged
        self.count += int(compared.sum())
        counted = ulps[compared & ~troubles["nan"] & ~troubles["overflow"]]
        with np.errstate(divide="ignore"):
            bins = np.clip(np.ceil(np.log2(counted)) + 1, 0, BINS - 1).astype(np.int64)
        self.histogram += np.bincount(bins, minlength=BINS)
        place = int(np.where(compared, ulps, -1.0).argmax())
        case = (float(ulps[place]), -sign, -int(magnitudes[place]))
        if compared.any() and case > self.worst:
            x = self.dtype.number(sign, int(magnitudes[place]))
            self.worst, self.at_worst = case, (x, float(answers[place]), float(values[place]))
        for name, mask in troubles.items():
            if mask.any():
                self.counts[name] = self.counts.get(name, 0) + int(mask.sum())
                self.intervals.setdefault(name, []).extend(_runs(sign, magnitudes, mask))
        binades = np.maximum(magnitudes >> self.dtype.stored, 1)  # the first normal one takes in the subnormal numbers
        starts = np.flatnonzero(np.diff(binades, prepend=-1))
        for start, largest in zip(starts, np.maximum.reduceat(ulps, starts), strict=True):
            key = (sign, int(binades[start]))
            self.exponents[key] = max(self.exponents.get(key, 0.0), float(largest))

    def merge(self, other: Tally) -> None:
        """Take in what was counted elsewhere."""
        self.count += other.count
        self.differs += other.differs
        self.histogram += other.histogram
        if other.worst > self.worst:
            self.worst, self.at_worst = other.worst, other.at_worst
        for name, number in other.counts.items():
            self.counts[name] = self.counts.get(name, 0) + number
            self.intervals.setdefault(name, []).extend(other.intervals[name])
        for key, largest in other.exponents.items():
            self.exponents[key] = max(self.exponents.get(key, 0.0), largest)

    @property
    def shown_worst(self) -> AuditWorst | None:
        return AuditWorst(self.worst[0], *self.at_worst) if self.count else None

    @property
    def shown_histogram(self) -> tuple[int, ...]:
        """The counts up to the last that is not 0."""
        last = max(np.flatnonzero(self.histogram), default=-1)
        return tuple(self.histogram[: last + 1].tolist())

    def troubles(self) -> tuple[AuditTroubles, ...]:
        """Each trouble, with its intervals in ascending order of their numbers."""
        return tuple(
            AuditTroubles(name, self.counts[name], tuple(self._shown(self.intervals[name])))
            for name in get_args(AuditTrouble)
            if name in self.counts
        )

    def by_exponent(self) -> tuple[AuditExponent, ...]:
        """From the most negative numbers to the largest."""
        found = [
            (sign, AuditExponent(sign < 0, binade - 1 + self.dtype.lowest, largest))
            for (sign, binade), largest in self.exponents.items()
        ]
        return tuple(one for _, one in sorted(found, key=lambda pair: (pair[0], pair[0] * pair[1].exponent)))

    def _shown(self, intervals: list[Interval]) -> list[AuditInterval]:
        joined: list[Interval] = []
        for sign, first, last in sorted(intervals):
            if joined and joined[-1][0] == sign and joined[-1][2] + self.step == first:
                joined[-1] = (sign, joined[-1][1], last)
            else:
                joined.append((sign, first, last))
        found = []
        for sign, first, last in joined:
            low, high = sorted((self.dtype.number(sign, first), self.dtype.number(sign, last)))
            found.append(AuditInterval(low, high, last - first + 1))
        return sorted(found, key=lambda one: one.low)


def _runs(sign: int, magnitudes: Magnitudes, mask: NDArray[np.bool_]) -> list[Interval]:
    """The runs of magnitudes that a mask holds."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    return [
        (sign, int(magnitudes[begin]), int(magnitudes[end - 1]))
        for begin, end in zip(edges[::2], edges[1::2], strict=True)
    ]
