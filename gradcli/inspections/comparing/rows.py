"""The numbers of both sides in one dtype beside the 50-digit reference, element by element."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import torch

from gradcli.inspections.comparing.beside import input_at, number, tensor_of
from gradcli.inspections.comparing.differing import Pair, differing
from gradcli.inspections.comparing.sides import Leaves, Outcome, Side, Truth
from gradcli.numerics.precision import ulp
from gradcli.results.compare import QUANTITIES, CompareRow, CompareSummary, Quantity, WhichSide

SAME = 1e-20
"""Two numbers of the reference are one if they differ by less, relative to them; they have 50 digits."""
NOTHING = 1e-45
"""A smaller number, or difference, is what the reference leaves of a zero."""


@dataclass(frozen=True)
class Truths:
    """What is known of each side at 50 digits; an input that a side does not have has the slope zero."""

    first: Truth | None
    second: Truth | None

    @property
    def of(self) -> Literal["both", "first", "second"] | None:
        """Whose reference there is."""
        if self.first is None:
            return None if self.second is None else "second"
        return "first" if self.second is None else "both"

    @property
    def relation(self) -> Literal["same", "different", "unknown"]:
        """Whether the sides are the same in value and slope."""
        first, second = self.first, self.second
        if first is None or second is None:
            return "unknown"
        if not all(map(same, first.value.ravel(), second.value.ravel())):
            return "different"
        verdicts = {
            _same_slope(one, other)
            for name in {**first.slopes, **second.slopes}
            for one, other in zip(*_slopes(first, second, name), strict=True)
        }
        return "different" if False in verdicts else "unknown" if None in verdicts else "same"

    def value(self, index: tuple[int, ...]) -> Any:
        """The number that both have, or the one that has any; None where they have two."""
        found = [truth.value[index] for truth in (self.first, self.second) if truth is not None]
        return None if not found or not same(found[0], found[-1]) else found[0]

    def slope(self, name: str, index: tuple[int, ...]) -> Any:
        """The Slope that both have, or the one that has any."""
        found = [
            truth.slopes[name][index] if name in truth.slopes else None
            for truth in (self.first, self.second)
            if truth is not None
        ]
        if not found or found[0] is None or found[-1] is None:
            return None
        return found[0] if _same_slope(found[0], found[-1]) else None


def truths_of(sides: Sequence[Side], leaves: Leaves) -> Truths:
    """The references of both sides at these inputs."""
    first, second = (side.truth(leaves) for side in sides)
    return Truths(first, second)


def same(one: Any, other: Any) -> bool:
    """Whether two numbers of the reference are one."""
    if one is None or other is None:
        return one is other
    if one != one or other != other:
        return bool(one != one and other != other)
    return bool(one == other or abs(one - other) <= SAME * max(abs(one), abs(other)) + NOTHING)


def rows_of(
    outcomes: Sequence[Outcome],
    leaves: Leaves,
    truths: Truths,
    dtype: str,
    beside: Callable[[str | None], Sequence[Pair]],
) -> list[CompareRow]:
    """A row for each element of the value and of each gradient."""
    first, second = outcomes
    names = dict.fromkeys([*first.gradients, *second.gradients])
    return [row for name in (None, *names) for row in _rows(first, second, leaves, truths, dtype, name, beside)]


def _rows(
    first: Outcome,
    second: Outcome,
    leaves: Leaves,
    truths: Truths,
    dtype: str,
    name: str | None,
    beside: Callable[[str | None], Sequence[Pair]],
) -> Iterator[CompareRow]:
    mine, theirs = tensor_of(first, name, leaves), tensor_of(second, name, leaves)
    indices = list(np.ndindex(*mine.shape))
    known = {index: _known(truths, name, index) for index in indices}
    not_zero = torch.tensor(
        [known[index].number is not None and abs(known[index].number) > NOTHING for index in indices],
        dtype=torch.bool,
        device=mine.device,
    ).reshape(mine.shape)
    apart = differing(mine, theirs, lambda: beside(name), not_zero, gradient=name is not None)
    for index in indices:
        numbers = [
            None if name is not None and outcome.gradients.get(name) is None else number(tensor, index)
            for outcome, tensor in ((first, mine), (second, theirs))
        ]
        own = mine.dtype if mine.dtype.is_floating_point else torch.float64
        true = known[index]
        errors = [_error(tensor, index, true.number, own) for tensor in (mine, theirs)]
        if true.number is not None and abs(true.number) <= NOTHING and not apart[index]:
            errors = [None, None]  # what rounding leaves of a zero has no last place
        yield CompareRow(
            quantity="value" if name is None else "gradient",
            variable=name,
            index=index,
            dtype=dtype,
            at=input_at(leaves, name, index, mine.shape),
            first=numbers[0],
            second=numbers[1],
            reference=None if true.number is None else float(true.number),
            left=true.left,
            right=true.right,
            first_ulps=_finite(errors[0]),
            second_ulps=_finite(errors[1]),
            closer=_closer(*errors),
            agrees=not bool(apart[index]),
        )


def summary_of(dtype: str, rows: Sequence[CompareRow], reason: str | None) -> CompareSummary:
    """What the rows of one dtype come to."""
    known = [row for row in rows if row.reference is not None and math.isfinite(row.reference)]
    marks = [
        _mark([(row.first, row.first_ulps, row.reference) for row in known], dtype),
        _mark([(row.second, row.second_ulps, row.reference) for row in known], dtype),
    ]
    apart = {quantity: sum(row.quantity == quantity and not row.agrees for row in rows) for quantity in QUANTITIES}
    return summary_with(dtype, apart, marks, is_known=bool(known), reason=reason)


def summary_with(
    dtype: str, apart: Mapping[Quantity, int], marks: Sequence[Mark], *, is_known: bool, reason: str | None
) -> CompareSummary:
    """apart: of each quantity, how many differ. marks: of both sides. is_known: whether any truth is."""
    first, second = marks
    return CompareSummary(
        dtype=dtype,
        values_apart=apart["value"],
        gradients_apart=apart["gradient"],
        first_worst=first.worst,
        second_worst=second.worst,
        first_not_finite=first.not_finite,
        second_not_finite=second.not_finite,
        first_zero=first.zero,
        second_zero=second.zero,
        closer=_closer_of(first, second) if is_known else None,
        reason=reason,
    )


class Mark(NamedTuple):
    """How far one side is off in one dtype: what is wrong in kind counts first, and then the ULPs of nothing else."""

    not_finite: int
    zero: int
    worst: float | None


def _closer_of(first: Mark, second: Mark) -> WhichSide | None:
    """The side that is off by less; None where both are off alike."""
    one, other = ((mark.not_finite, mark.zero, 0.0 if mark.zero else mark.worst or 0.0) for mark in (first, second))
    return None if one == other else "first" if one < other else "second"


def _mark(answers: Sequence[tuple[float | None, float | None, float | None]], dtype: str) -> Mark:
    """Of answers, each with its error in ULPs and the truth; an input without a path counts as a 0."""
    not_finite, zero, errors = 0, 0, []
    for answer, ulps, truth in answers:
        if truth is None:
            continue
        if ulps is None:
            not_finite += answer is not None and not math.isfinite(answer)
        elif not answer and abs(truth) >= torch.finfo(getattr(torch, dtype)).smallest_normal:
            zero += 1
        else:
            errors.append(ulps)
    return Mark(not_finite, zero, max(errors, default=None))


@dataclass(frozen=True)
class _Known:
    """What the reference has for one element: a number, or the slopes of the two sides of a kink."""

    number: Any = None
    left: float | None = None
    right: float | None = None


def _known(truths: Truths, name: str | None, index: tuple[int, ...]) -> _Known:
    if name is None:
        found = truths.value(index)
        return _Known(None if found is None or found != found else found)
    slope = truths.slope(name, index)
    if slope is None or slope.kind == "unknown":
        return _Known()
    if slope.kind == "smooth":
        return _Known(slope.value)
    left, right = (None if side is None else float(side) for side in (slope.left, slope.right))
    return _Known(None, left, right)


def _slopes(first: Truth, second: Truth, name: str) -> tuple[list[Any], list[Any]]:
    """The slopes of both sides by one input; None for each where a side does not have it."""
    held = [truth.slopes[name].ravel().tolist() if name in truth.slopes else None for truth in (first, second)]
    length = max(len(one) for one in held if one is not None)
    found = [[None] * length if one is None else one for one in held]
    return found[0], found[1]


def _same_slope(one: Any, other: Any) -> bool | None:
    """Whether two slopes are one; None where that is not known."""
    if one is None or other is None:
        known = one if other is None else other
        return None if known is None or known.kind == "unknown" else known.kind == "smooth" and same(known.value, 0)
    if "unknown" in (one.kind, other.kind):
        return None
    pairs = ((one.value, other.value), (one.left, other.left), (one.right, other.right))
    return one.kind == other.kind and all(same(mine, theirs) for mine, theirs in pairs)


def _error(tensor: torch.Tensor, index: tuple[int, ...], true: Any, dtype: torch.dtype) -> float | None:
    """The distance from the truth in ULPs; infinity for what is no finite number though the truth is; None without."""
    if true is None or not math.isfinite(float(true)):
        return None
    found = float(tensor.detach()[index].double())
    if not math.isfinite(found):
        beyond = abs(float(true)) > torch.finfo(dtype).max and found * float(true) > 0
        return 0.0 if beyond else math.inf  # the truth itself overflows there
    return min(float(abs(true - found)) / ulp(float(true), dtype), 1.7e308)


def _finite(error: float | None) -> float | None:
    return None if error is None or math.isinf(error) else round(error, 2)


def _closer(first: float | None, second: float | None) -> WhichSide | None:
    if first is None or second is None or _finite(first) == _finite(second):
        return None
    return "first" if first < second else "second"
