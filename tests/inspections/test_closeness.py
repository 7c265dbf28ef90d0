"""When numbers count as equal although rounding has moved them: sizes of rounding in float32, and who is asked."""

from __future__ import annotations

import math

import pytest
import torch
from mpmath import mp

from gradcli.diagnose.equivalence.closeness import equal, near, near_number

EPS = torch.finfo(torch.float32).eps


def one(number: float) -> torch.Tensor:
    return torch.tensor([number])


def never() -> None:
    raise AssertionError("asked without need")


@pytest.mark.parametrize(
    ("found", "expected", "right", "right_to_half"),
    [
        (1e6 * (1 + 50 * EPS), 1e6, True, True),
        (1e6 * (1 + 200 * EPS), 1e6, False, True),
        (1e6 * (1 + 1e-4), 1e6, False, True),
        (1e6 * (1 + 1e-2), 1e6, False, False),
        (63.9 * EPS, 0.0, True, True),
        (64.1 * EPS, 0.0, False, False),
        (1e-3, 0.0, False, False),
        (0.0, math.nan, True, True),
        (0.0, math.inf, True, True),
    ],
)
def test_numbers_are_near_to_rounding_or_to_half_of_their_digits(
    found: float, expected: float, right: bool, right_to_half: bool
) -> None:
    assert bool(near(one(found), one(expected))) == right
    assert bool(near(one(found), one(expected), half=True)) == right_to_half
    assert bool(near(one(found), one(expected), only_finite=True)) == (right and math.isfinite(expected))


def test_half_of_the_digits_are_those_of_the_largest_number_beside() -> None:
    found, expected = torch.tensor([1e6, 1.0]), torch.tensor([1e6, 0.0])
    assert near(found, expected, half=True).tolist() == [True, True]
    assert near(found, expected).tolist() == [True, False]
    assert near(found, torch.tensor([math.inf, 0.0]), half=True).tolist() == [True, False]


def test_whole_numbers_are_near_only_themselves() -> None:
    for half in (False, True):
        assert near(torch.tensor([3, 4]), torch.tensor([3, 3]), half=half).tolist() == [True, False]


def test_the_coarser_dtype_says_what_rounding_is() -> None:
    coarse, fine = torch.tensor([1.0], dtype=torch.float64), one(1 + 50 * EPS)
    assert bool(near(coarse, fine))
    assert bool(near(fine, coarse))
    assert not bool(near(coarse, fine.double()))


@pytest.mark.parametrize(
    ("found", "true", "size", "right"),
    [
        (math.inf, math.inf, 0.0, True),
        (1.0001, 1.0, 0.0, True),
        (1.01, 1.0, 0.0, False),
        (1e-39, 0.0, 0.0, True),
        (1e-36, 0.0, 0.0, False),
        (1e-6, 0.0, 1.0, True),
        (1e-4, 0.0, 1.0, False),
    ],
)
def test_a_number_is_near_its_truth_to_half_of_its_digits_or_beside_others_of_a_size(
    found: float, true: float, size: float, right: bool
) -> None:
    assert near_number(torch.tensor(found), mp.mpf(true), size) == right


def test_equal_numbers_need_no_other_evidence() -> None:
    assert equal(torch.tensor([1j]), torch.tensor([1j]), None, never, never)
    for mine, theirs in ((one(1.0), one(1.0)), (one(1.0), one(1 + EPS)), (one(1.0), one(1.0).double())):
        assert equal(mine, theirs, None, never, never)
    assert equal(one(1.0), one(1.1), one(1.0).double(), never, never)


@pytest.mark.parametrize("better", [one(1.1), one(math.nan), torch.tensor([1.0, 1.0])])
def test_what_is_no_better_explains_no_difference(better: torch.Tensor) -> None:
    assert not equal(one(1.0), one(1.1), better.double(), list, lambda: None)


@pytest.mark.parametrize(
    ("mine", "beside", "right"),
    [
        (1.02, [1.01], True),
        (1.02, [1.0, 1.01], True),
        (1.0399, [1.01], True),
        (1.0401, [1.01], False),
        (2.0, [3.0], False),
        (1.2, [1.3], True),
        (0.9, [-1.0], False),
    ],
)
def test_a_difference_no_larger_than_a_few_ulps_of_the_inputs_make_is_none(
    mine: float, beside: list[float], right: bool
) -> None:
    others = [one(other) for other in beside]
    assert equal(one(mine), one(1.0), None, lambda: others, lambda: None) == right
    assert not equal(one(mine), one(1.0), None, lambda: [torch.tensor(others)[:0]], lambda: None)


def test_the_truth_is_asked_last() -> None:
    assert equal(one(1.02), one(1.0), None, lambda: [one(1.01)], never)
    for truth, right in ((1.0, True), (1.1, False), (math.inf, False)):
        assert equal(one(1.0), one(1.1), None, list, lambda truth=truth: one(truth).double()) == right


def test_a_value_without_a_truth_is_equal_and_a_gradient_is_not() -> None:
    assert equal(one(1.0), one(1.1), None, list, lambda: one(math.nan))
    assert not equal(one(1.0), one(1.1), None, list, lambda: one(math.nan), half=True)
