"""The answer of `compare`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from gradcli.results.shown import Shown
from gradcli.results.tensors import Input, Setting

Quantity = Literal["value", "gradient"]
QUANTITIES: tuple[Quantity, ...] = ("value", "gradient")
WhichSide = Literal["first", "second"]
Truth = Literal["same", "different", "unknown"]


@dataclass(frozen=True)
class CompareRow:
    """One element of the value or of a gradient in one dtype, on both sides.

    variable: the input that a gradient is by; None for a value. at: the input element that belongs to it, as the dtype
    rounded it; None where there is none of that index.
    first, second: what PyTorch gives, None where no path leads to the input.
    reference: at 50 digits, rounded to float64; None without one, and where the sides have two. left, right: one-sided
    slopes, at a kink only.
    first_ulps, second_ulps: how far off they are from the reference; None where there is none, or no finite number.
    """

    quantity: Quantity
    variable: str | None
    index: tuple[int, ...]
    dtype: str
    at: float | None
    first: float | None
    second: float | None
    reference: float | None
    left: float | None
    right: float | None
    first_ulps: float | None
    second_ulps: float | None
    closer: WhichSide | None
    agrees: bool


@dataclass(frozen=True)
class CompareSummary:
    """One dtype. first_worst, second_worst: the largest errors in ULPs, of numbers that are right in kind.

    not_finite: how many numbers should be finite. zero: how many are 0, and should be a normal number of the dtype.
    reason: why nothing was compared, None where it was.
    """

    dtype: str
    values_apart: int
    gradients_apart: int
    first_worst: float | None
    second_worst: float | None
    first_not_finite: int
    second_not_finite: int
    first_zero: int
    second_zero: int
    closer: WhichSide | None
    reason: str | None


@dataclass(frozen=True)
class PlaceBeside:
    """The first place beside the point at which the sides differ in value, or in gradient."""

    quantity: Quantity
    variable: str | None
    index: tuple[int, ...]
    at: float | None
    first: float | None
    second: float | None


@dataclass(frozen=True)
class CompareRange:
    """Between which numbers an input was taken."""

    low: float
    high: float


@dataclass(frozen=True)
class CompareNumber:
    """Both sides at one place of the ranges. at: the ranged inputs there.

    reference: the truth, rounded to float64; None without one. first_ulps, second_ulps: how far off the sides are, None
    where there is no truth, or no finite number.
    """

    at: Mapping[str, float]
    first: float
    second: float
    reference: float | None
    first_ulps: float | None
    second_ulps: float | None


@dataclass(frozen=True)
class CompareOver:
    """The value, or the gradient by one input, in one dtype over the ranges.

    variable: the input that a gradient is by; None for a value. count: at how many places both sides were run.
    is_every: whether these are all numbers of the dtype. apart: at how many they differ; kinks: how many of those have
    two slopes. lowest, highest: between which numbers of the only ranged input that is.
    known: at how many places there is a truth. most: where they are farthest apart. first_worst, second_worst: where
    each is farthest from the truth, of the numbers that are right in kind.
    """

    quantity: Quantity
    variable: str | None
    dtype: str
    count: int
    is_every: bool
    apart: int
    kinks: int
    lowest: float | None
    highest: float | None
    known: int
    most: CompareNumber | None
    first_worst: CompareNumber | None
    second_worst: CompareNumber | None
    first_not_finite: int
    second_not_finite: int
    first_zero: int
    second_zero: int


@dataclass(frozen=True, repr=False)
class CompareResult(Shown):
    """Whether two expressions are the same in value and gradient, dtype by dtype, and which is closer to the truth.

    inputs: those that were given; ranges: those that ran through numbers instead, over: what was found there.
    truth: whether the sides are the same at 50 digits. reference_of: whose 50 digits the reference is; None for none.
    places_beside: at how many places beside the point they were compared too, in the widest dtype. beside: the first
    places there at which a value and a gradient differ.
    """

    kind: ClassVar[str] = "compare"
    setting: Setting
    expression: str
    other: str
    inputs: Mapping[str, Input]
    equal: bool
    summary: tuple[CompareSummary, ...]
    rows: tuple[CompareRow, ...]
    truth: Truth
    reference_of: Literal["both", "first", "second"] | None
    places_beside: int
    beside: tuple[PlaceBeside, ...]
    ranges: Mapping[str, CompareRange] = field(default_factory=dict)
    over: tuple[CompareOver, ...] = ()
