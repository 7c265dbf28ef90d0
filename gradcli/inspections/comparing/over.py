"""Two sides over ranges: values and gradients at many numbers of each dtype, and which side is closer to the truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from gradcli.exceptions import UsageError
from gradcli.inspections.comparing.beside import aside, tensor_of
from gradcli.inspections.comparing.differing import differing
from gradcli.inspections.comparing.known import Errors, Known, Mask, units
from gradcli.inspections.comparing.rows import Mark, summary_with
from gradcli.inspections.comparing.sample import drawn_between, numbers_between
from gradcli.inspections.comparing.sides import ExpressionSide, Leaves, Outcome, Side, outcomes_of
from gradcli.inspections.comparing.truths_over import TruthsOver
from gradcli.language.properties import is_elementwise
from gradcli.numerics.precision import shortest
from gradcli.progress import steps
from gradcli.results.compare import QUANTITIES, CompareNumber, CompareOver, CompareRange, CompareSummary

Ranges = Mapping[str, CompareRange]

MOST_HELD_TOGETHER = 32
"""Places at which the truths of both sides are asked."""
MOST_BY_DIGITS = 16
"""Places where the sides are farthest apart, and as many between, at which 50 digits are asked where Arb has none."""


@dataclass(frozen=True)
class Sample:
    """The inputs at so many places of the ranges in one dtype. is_every: whether these are all numbers."""

    leaves: Leaves
    count: int
    is_every: bool


def sample_of(ranges: Ranges, shared: Leaves, dtype: torch.dtype, seed: int) -> Sample:
    """Numbers of the dtype for each range, the other inputs rounded. Raises UsageError where the dtype has none."""
    leaves = {name: leaf.detach().to(dtype) for name, leaf in shared.items()}
    is_every = False
    for at, (name, between) in enumerate(ranges.items()):
        if len(ranges) == 1:
            numbers, is_every = numbers_between(between.low, between.high, dtype, seed)
        else:
            numbers = drawn_between(between.low, between.high, dtype, seed + at)
        if not len(numbers):
            kind = str(dtype).removeprefix("torch.")
            raise UsageError(
                f"{kind} has no number from {between.low:g} to {between.high:g}", hint="Make the range wider."
            )
        leaves[name] = numbers.to(leaves[name].device)
    return Sample(leaves, len(numbers), is_every)


@dataclass(frozen=True)
class Over:
    """What was found in one dtype."""

    summary: CompareSummary
    rows: tuple[CompareOver, ...] = ()


def over_ranges(
    sides: Sequence[Side], ranges: Ranges, shared: Leaves, dtypes: Sequence[str], seed: int
) -> tuple[list[Over], TruthsOver]:
    """Both sides in each dtype, and the truths that they were held against. Raises UsageError."""
    for side in sides:
        if isinstance(side, ExpressionSide) and not is_elementwise(side.bound.program):
            raise _not_elementwise(side)
    samples = {dtype: sample_of(ranges, shared, getattr(torch, dtype), seed) for dtype in dtypes}
    truths = TruthsOver(sides, [*ranges])
    widest = max(samples.values(), key=lambda sample: sample.count)
    for name in (None, *_wrt(sides, ranges)):
        truths.hold_together(widest.leaves, name, _spaced(widest.count, MOST_HELD_TOGETHER))
    found = [compared_over(sides, ranges, samples[dtype], dtype, truths) for dtype in steps(dtypes, "dtypes compared")]
    if truths.differ and any(row.known for over in found for row in over.rows):  # which came out on the way
        found = [compared_over(sides, ranges, samples[dtype], dtype, truths) for dtype in dtypes]
    return found, truths


def _spaced(count: int, most: int) -> list[int]:
    """Places at even distances, the first and the last among them."""
    return sorted({*np.linspace(0, count - 1, most).astype(int).tolist()})


def compared_over(sides: Sequence[Side], ranges: Ranges, sample: Sample, dtype: str, truths: TruthsOver) -> Over:
    """Both sides at each place of a sample. Raises UsageError for what is not elementwise."""
    outcomes = outcomes_of(sides, sample.leaves, dtype)
    if isinstance(outcomes, str):
        return Over(_summary(dtype, (), outcomes))
    for side, outcome in zip(sides, outcomes, strict=True):
        if outcome.value.shape != (sample.count,) and ranges.keys() & side.leaves.keys():
            raise _not_elementwise(side)
    outcomes = [_spread(outcome, sample.count) for outcome in outcomes]
    found = [_Quantity(sides, outcomes, ranges, sample, dtype, name, truths) for name in (None, *_wrt(sides, ranges))]
    rows = tuple(one.row() for one in found)
    return Over(_summary(dtype, rows, None), rows)


def _not_elementwise(side: Side) -> UsageError:
    return UsageError(
        f"--range needs sides that work element by element, unlike {side.text}",
        hint="Give it points: x='linspace(-5, 5, 11)'.",
    )


def _spread(outcome: Outcome, count: int) -> Outcome:
    """A constant side has one value for all places."""
    return replace(outcome, value=outcome.value.expand(count))


def _wrt(sides: Sequence[Side], ranges: Ranges) -> Iterator[str]:
    for name in ranges:
        if any(name in side.wrt for side in sides):
            yield name


class _Quantity:
    """The value, or the gradient by one input, of both sides at each place."""

    def __init__(
        self,
        sides: Sequence[Side],
        outcomes: Sequence[Outcome],
        ranges: Ranges,
        sample: Sample,
        dtype: str,
        name: str | None,
        truths: TruthsOver,
    ) -> None:
        self.ranges, self.sample, self.dtype, self.name = ranges, sample, dtype, name
        leaves = sample.leaves
        self.first, self.second = (tensor_of(outcome, name, leaves) for outcome in outcomes)
        self.known = truths.everywhere(sample.leaves, name) or Known.nothing(sample.count)
        proven = self.known.is_known.any()
        not_zero = torch.from_numpy((self.known.truth != 0) & self.known.is_known) if proven else None
        self.apart: Mask = (
            differing(
                self.first,
                self.second,
                lambda: aside(sides, outcomes, leaves, [*ranges], dtype, name),
                None if not_zero is None else not_zero.to(self.first.device),
                gradient=name is not None,
                elementwise=True,
            )
            .cpu()
            .numpy()
        )
        self.distance = _distance(self.first, self.second)
        if not proven:
            places = self._doubtful()
            found = truths.at(leaves, name, places)
            if found is not None:
                self.known.take(places, found)
        self.errors = self.known.errors(self.first), self.known.errors(self.second)
        self.places = (self._most(), *map(self._worst, self.errors))
        truths.hold_together(leaves, name, sorted({place for place in self.places if place is not None}))

    def row(self) -> CompareOver:
        """What is said of it."""
        numbers = next(iter(self.ranges)) if len(self.ranges) == 1 else None
        apart = np.flatnonzero(self.apart)
        ends = (None, None)
        if numbers is not None and len(apart):
            ends = tuple(self._at(int(place))[numbers] for place in (apart[0], apart[-1]))  # type: ignore[assignment]
        most, *worst = (None if place is None else self._number(place) for place in self.places)
        first, second = self.errors
        return CompareOver(
            quantity="value" if self.name is None else "gradient",
            variable=self.name,
            dtype=self.dtype,
            count=self.sample.count,
            is_every=self.sample.is_every,
            apart=int(self.apart.sum()),
            kinks=int((self.apart & self.known.kinks).sum()),
            lowest=ends[0],
            highest=ends[1],
            known=int(self.known.is_known.sum()),
            most=most,
            first_worst=worst[0],
            second_worst=worst[1],
            first_not_finite=int(first.not_finite.sum()),
            second_not_finite=int(second.not_finite.sum()),
            first_zero=int(first.zero.sum()),
            second_zero=int(second.zero.sum()),
        )

    def _doubtful(self) -> list[int]:
        """The places farthest apart, those that differ first, and others between the ends."""
        order = np.lexsort((np.arange(self.sample.count)[::-1], self.distance, self.apart))[::-1][:MOST_BY_DIGITS]
        return sorted({*order.tolist(), *_spaced(self.sample.count, MOST_BY_DIGITS)})

    def _most(self) -> int | None:
        """Where the sides are farthest apart, if they differ anywhere."""
        return int(np.where(self.apart, self.distance, -1.0).argmax()) if self.apart.any() else None

    def _worst(self, errors: Errors) -> int | None:
        """The largest error of what is right in kind; of what is wrong in kind the first place, where all is."""
        right = ~np.isnan(errors.ulps) & ~errors.zero
        return int(np.where(right, errors.ulps, -1.0).argmax()) if right.any() else None

    def _at(self, place: int) -> dict[str, float]:
        kind = getattr(torch, self.dtype)
        return {name: shortest(float(self.sample.leaves[name][place]), kind) for name in self.ranges}

    def _number(self, place: int) -> CompareNumber:
        truth = float(self.known.truth[place])
        first, second = (
            shortest(float(side[place].double()), side.dtype) for side in (self.first.detach(), self.second.detach())
        )
        ulps = [None if np.isnan(errors.ulps[place]) else round(float(errors.ulps[place]), 2) for errors in self.errors]
        return CompareNumber(self._at(place), first, second, None if np.isnan(truth) else truth, *ulps)


def _distance(first: torch.Tensor, second: torch.Tensor) -> np.ndarray:
    """How far the sides are apart, in ULPs of the larger; infinite where one of them is not finite."""
    one, other = (side.detach().cpu().double().numpy() for side in (first, second))
    size = np.maximum(np.abs(one), np.abs(other))
    with np.errstate(invalid="ignore", over="ignore"):
        found: np.ndarray = np.abs(one - other) / units(size, first.dtype)
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    return np.where(same, 0.0, np.nan_to_num(found, nan=np.inf))


def _summary(dtype: str, rows: Sequence[CompareOver], reason: str | None) -> CompareSummary:
    marks = []
    for side in ("first", "second"):
        worst = [getattr(row, f"{side}_worst") for row in rows]
        errors = [getattr(one, f"{side}_ulps") for one in worst if one is not None]
        not_finite, zero = (sum(getattr(row, f"{side}_{what}") for row in rows) for what in ("not_finite", "zero"))
        marks.append(Mark(not_finite, zero, max(errors, default=None)))
    apart = {quantity: sum(row.apart for row in rows if row.quantity == quantity) for quantity in QUANTITIES}
    return summary_with(dtype, apart, marks, is_known=any(row.known for row in rows), reason=reason)
