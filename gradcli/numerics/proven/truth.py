"""The truth over a dtype: proven values of the n-th derivative of a function at all of its numbers."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from enum import IntEnum
from functools import cached_property
from math import isfinite
from typing import NamedTuple

import numpy as np
from flint import arb
from numpy.typing import NDArray

from gradcli.numerics.proven.expressions import Enclosure
from gradcli.numerics.proven.formats import Floats, Format, Magnitudes, Side
from gradcli.numerics.proven.pieces import Piece, Run, Undefined, pieces
from gradcli.numerics.proven.points import exactly
from gradcli.numerics.proven.series import KinkError, UndefinedError
from gradcli.numerics.proven.turns import FROM, Turns

SLACK = {"float16": 2.0**-12, "bfloat16": 2.0**-12, "float32": 2.0**-20}
"""What a proven value may be off, in ULP."""
MOST_PIECES, MOST_POINTS = 60_000, 200_000
_RUNS_A_BINADE = {"float16": 2, "bfloat16": 1 / 8, "float32": 1}
"""How many runs of one exponent are tried at first; less than one: how much of one that several share."""


class Status(IntEnum):
    """What is known of a number: its truth, that there is none, that there are two slopes, or nothing."""

    PROVEN, UNDEFINED, KINK, UNPROVEN = range(4)


class Point(NamedTuple):
    """The truth at one number, and what is known of it."""

    value: float
    status: Status


class Truths(NamedTuple):
    """Of several numbers, element by element: NaN where nothing is proven.

    exact: where a value is the truth itself, rounded to float64.
    """

    values: Floats
    statuses: NDArray[np.uint8]
    exact: NDArray[np.bool_]

    def at(self, kept: slice) -> Truths:
        """Those of some of the numbers."""
        return Truths(self.values[kept], self.statuses[kept], self.exact[kept])


class Truth:
    """The truth of one derivative over magnitudes on one or both sides of 0.

    Proven when it is made; `left` of its numbers were left to Arb one by one.
    sides: a sign with the first magnitude and the one behind the last; every number where nothing is said.
    """

    def __init__(
        self,
        function: Enclosure,
        order: int,
        dtype: Format,
        sides: Sequence[Side] = (),
        turns: Turns | None = None,
    ) -> None:
        """turns: what is known far from 0, of a function that is periodic."""
        self.function, self.order, self.dtype = function, order, dtype
        sides = sides or ((1, 0, dtype.finite), (-1, 0, dtype.finite))
        self._turns, self._turned = turns, dtype.finite if turns is None else dtype.magnitude_above(FROM)
        self._first_turned = {sign: max(first, self._turned) for sign, first, stop in sides if stop > self._turned}
        sides = [(sign, first, min(stop, self._turned)) for sign, first, stop in sides]
        self._pieces: dict[int, list[Piece]] = {1: [], -1: []}
        self._undefined: list[Run] = []
        self._points: dict[int, dict[int, Point]] = {1: {}, -1: {}}
        self.left = 0
        runs = _runs(dtype, sides)
        for found in pieces(function, order, dtype, runs, slack=SLACK[dtype.name], most=MOST_PIECES):
            match found:
                case Piece():
                    self._pieces[found.sign].append(found)
                case Undefined():
                    self._undefined.append(found.run)
                case Run():
                    self._take_points(found)

    def _take_points(self, run: Run) -> None:
        for magnitude in range(run.start, run.start + run.count):
            if self.left >= MOST_POINTS:
                return
            self.left += 1
            self._points[run.sign][magnitude] = self.at(run.sign, magnitude)

    @property
    def count(self) -> int:
        """How many pieces there are."""
        turned = 0 if self._turns is None else self._turns.count * len(self._first_turned)
        return len(self._pieces[1]) + len(self._pieces[-1]) + turned

    def counted(self, sign: int, first: int, stop: int) -> tuple[int, int]:
        """Of a part of the magnitudes: the pieces that begin there, and the numbers that were left to Arb."""
        starts, known = self._starts[sign], self._sorted_points[sign][0]
        begin, end = np.searchsorted(known, (first, stop))
        found = bisect_left(starts, stop) - bisect_left(starts, first)
        if self._turns is not None and first <= self._first_turned.get(sign, stop) < stop:
            found += self._turns.count
        return found, int(end - begin)

    def ball(self, sign: int, magnitude: int) -> arb | None:
        """The truth at one number, certain to 60 binary digits; None where that fails. Raises as `exactly` does."""
        return exactly(self.function, self.dtype.number(sign, magnitude), self.order)

    def at(self, sign: int, magnitude: int) -> Point:
        """The truth at one number, by Arb."""
        try:
            ball = self.ball(sign, magnitude)
        except UndefinedError:
            return Point(np.nan, Status.UNDEFINED)
        except KinkError:
            return Point(np.nan, Status.KINK)
        if ball is None:
            return Point(np.nan, Status.UNPROVEN)
        value = float(ball.mid())
        if not isfinite(value):  # beyond float64 on either side
            value = np.inf if ball > 0 else -np.inf
        return Point(value, Status.PROVEN)

    def over(self, sign: int, magnitudes: Magnitudes, numbers: Floats) -> Truths:
        """The truths at ascending magnitudes, whose numbers they are."""
        count = len(magnitudes)
        values = np.full(count, np.nan)
        statuses = np.full(count, Status.UNPROVEN, dtype=np.uint8)
        exact = np.zeros(count, dtype=np.bool_)
        for piece in self._between(sign, int(magnitudes[0]), int(magnitudes[-1])):
            begin, end = np.searchsorted(magnitudes, (piece.start, piece.start + piece.count))
            if begin < end:
                values[begin:end] = _polynomial(piece, numbers[begin:end])
                statuses[begin:end] = Status.PROVEN
                exact[begin:end] = piece.is_exact
        starts, stops = self._sorted_undefined[sign]
        first, last = np.searchsorted(stops, magnitudes[0], "right"), np.searchsorted(starts, magnitudes[-1], "right")
        for begin, end in np.searchsorted(magnitudes, np.stack([starts, stops], axis=1)[first:last]):
            statuses[begin:end] = Status.UNDEFINED
        if self._turns is not None and magnitudes[-1] >= self._turned:
            first = int(np.searchsorted(magnitudes, self._turned))
            values[first:], proven = self._turns.over(self.dtype, sign, magnitudes[first:])
            statuses[first:][proven] = Status.PROVEN
        known, several, what = self._sorted_points[sign]
        begin, end = np.searchsorted(known, (magnitudes[0], magnitudes[-1] + 1))
        if begin < end:
            places = np.searchsorted(magnitudes, known[begin:end])
            asked = magnitudes[places] == known[begin:end]
            values[places[asked]] = several[begin:end][asked]
            statuses[places[asked]] = what[begin:end][asked]
        return Truths(values, statuses, exact)

    @cached_property
    def _starts(self) -> dict[int, list[int]]:
        for several in self._pieces.values():
            several.sort(key=lambda piece: piece.start)
        return {sign: [piece.start for piece in several] for sign, several in self._pieces.items()}

    def _between(self, sign: int, low: int, high: int) -> Iterator[Piece]:
        several, at = self._pieces[sign], max(bisect_right(self._starts[sign], low) - 1, 0)
        while at < len(several) and several[at].start <= high:
            yield several[at]
            at += 1

    @cached_property
    def _sorted_points(self) -> dict[int, tuple[Magnitudes, Floats, NDArray[np.uint8]]]:
        """The magnitudes that were left to Arb, and what it said of them."""
        found = {}
        for sign, points in self._points.items():
            keys = sorted(points)
            values, statuses = ([points[key][part] for key in keys] for part in (0, 1))
            found[sign] = np.array(keys, np.int64), np.array(values, np.float64), np.array(statuses, np.uint8)
        return found

    @cached_property
    def _sorted_undefined(self) -> dict[int, tuple[Magnitudes, Magnitudes]]:
        """The first magnitudes of runs without a number, and those behind the last."""
        found = {}
        for sign in (1, -1):
            runs = sorted((run.start, run.start + run.count) for run in self._undefined if run.sign == sign)
            ends = np.array(runs, dtype=np.int64).reshape(-1, 2)
            found[sign] = ends[:, 0], ends[:, 1]
        return found


def _polynomial(piece: Piece, numbers: Floats) -> Floats:
    """Horner's scheme in float64."""
    *rest, total = piece.coefficients
    if not rest:
        return np.full(len(numbers), total)
    scaled = (numbers - piece.centre) * (1 / piece.radius)
    found: Floats = scaled * total
    found += rest.pop()
    while rest:
        found *= scaled
        found += rest.pop()
    return found


def _runs(dtype: Format, sides: Sequence[Side]) -> Iterator[Run]:
    """The runs that are tried at first; 0 stands alone."""
    size = int((1 << dtype.stored) / _RUNS_A_BINADE[dtype.name])
    for sign, first, last in sides:
        start = first
        while start < last:
            stop = start + 1 if start == 0 else min(last, (start // size + 1) * size)
            yield Run(sign, start, stop - start)
            start = stop
