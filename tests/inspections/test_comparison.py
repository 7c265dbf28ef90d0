"""Each verdict from evidence made by hand, beside its nearest neighbour with another verdict."""

from __future__ import annotations

import math
import sys
from dataclasses import replace

import pytest
import torch
from mpmath import mpf, workdps

from gradcli.inspections.checking.comparison import ALL_LOST, LOST, ZERO, ErrorBudget, GradientElement, compare
from gradcli.inspections.checking.ties import Beside
from gradcli.numerics.reference import Slope
from gradcli.results import CheckRow

SMOOTH = GradientElement(
    dtype=torch.float64,
    digits=torch.float64,
    reverse=2.0,
    forward=2.0,
    difference=2.0,
    difference_error=1e-10,
    difference_kink=False,
    one_sided=(2.0, 2.0),
    one_sided_error=0.0,
    slope=Slope("smooth", 2.0),
    reason=None,
)
KINK = replace(SMOOTH, reverse=0.0, forward=0.0, slope=Slope("kink", None, 0.0, 1.0), difference=0.5)
UNKNOWN = Slope("unknown")
NO_BUDGET = ErrorBudget()


def row(evidence: GradientElement, budget: ErrorBudget | None = NO_BUDGET, **changes: object) -> CheckRow:
    if "dtype" in changes:
        changes.setdefault("digits", changes["dtype"])
    changed = replace(evidence, **changes)  # type: ignore[arg-type]
    return compare(changed, variable="x", index=(0,), value=1.0, budget=budget)


def verdict(evidence: GradientElement, budget: ErrorBudget | None = NO_BUDGET, **changes: object) -> str:
    return row(evidence, budget, **changes).verdict


def test_the_right_slope_agrees():
    assert verdict(SMOOTH) == "agree"


@pytest.mark.parametrize(
    ("dtype", "digits"), [(torch.float64, 2**-26), (torch.float32, 2**-11.5), (torch.float16, 2**-5)]
)
def test_half_of_the_digits_must_be_right(dtype: torch.dtype, digits: float):
    assert verdict(SMOOTH, dtype=dtype, reverse=2 * (1 + 0.99 * digits)) == "agree"
    assert verdict(SMOOTH, dtype=dtype, reverse=2 * (1 + 1.01 * digits)) == "disagree"


def test_forward_mode_is_checked_too():
    assert verdict(SMOOTH, forward=2.1) == "disagree"
    assert verdict(SMOOTH, forward=None) == "agree"
    assert verdict(SMOOTH, forward=math.nan) == "agree"


@pytest.mark.parametrize(("reverse", "expected"), [(math.inf, "agree"), (-math.inf, "disagree"), (1e300, "disagree")])
def test_an_infinite_slope_is_infinite(reverse: float, expected: str):
    slope = Slope("smooth", math.inf)
    assert verdict(SMOOTH, slope=slope, reverse=reverse, forward=None) == expected


@pytest.mark.parametrize(
    ("reverse", "slope", "reason"),
    [
        (-math.inf, math.inf, "of the wrong sign"),  # of sqrt(x) at -0.0
        (math.inf, -math.inf, "of the wrong sign"),
        (-math.inf, 2.0, "infinite where the truth is not"),
        (2.0, math.inf, "finite where the truth is not"),
        (0.0, math.inf, "zero where the truth is not"),
    ],
)
def test_an_infinity_is_told_from_a_number_and_from_the_other_one(reverse: float, slope: float, reason: str):
    found = row(SMOOTH, slope=Slope("smooth", slope), reverse=reverse, forward=None)
    assert found.reason == f"reverse mode: {reason}"


def test_a_slope_beyond_the_dtypes_range_is_infinite_in_it():
    slope = Slope("smooth", 1e39)
    assert verdict(SMOOTH, slope=slope, reverse=math.inf, forward=None, dtype=torch.float32) == "agree"
    assert verdict(SMOOTH, slope=slope, reverse=math.inf, forward=None) == "disagree"


def test_a_slope_below_the_dtypes_range_is_zero_in_it():
    slope = Slope("smooth", 1e-46)
    assert verdict(SMOOTH, slope=slope, reverse=0.0, forward=None, dtype=torch.float32) == "agree"
    assert verdict(SMOOTH, slope=slope, reverse=0.0, forward=None, difference=1e-46, difference_error=0) == "disagree"


def test_nan_disagrees_with_every_slope():
    assert row(SMOOTH, reverse=math.nan).reason == "reverse mode: NaN"
    assert verdict(KINK, reverse=math.nan) == "disagree"


@pytest.mark.parametrize("reverse", [0.0, 0.5, 1.0])
def test_every_slope_between_those_of_the_sides_is_right_at_a_kink(reverse: float):
    found = row(KINK, reverse=reverse)
    assert (found.verdict, found.left, found.right, found.reference) == ("kink", 0, 1, None)


@pytest.mark.parametrize("reverse", [-0.01, 1.01, math.inf])
def test_no_other_slope_is_right_at_a_kink(reverse: float):
    assert verdict(KINK, reverse=reverse) == "disagree"


def test_a_side_that_rises_without_end_does_not_excuse_the_other():
    cusp = Slope("kink", None, 0.0, math.inf)
    assert verdict(KINK, slope=cusp, reverse=5.0) == "kink"
    assert verdict(KINK, slope=cusp, reverse=-5.0) == "disagree"


def test_a_jump_without_sides_is_a_kink():
    assert verdict(KINK, slope=Slope("kink", None, None, None), reverse=7.0) == "kink"


def test_at_a_jump_between_equal_slopes_zero_is_right_too():
    jump = replace(KINK, slope=Slope("kink", None, 1.0, 1.0))
    assert [verdict(jump, reverse=slope) for slope in (0.0, 1.0, 1.5)] == ["kink", "kink", "disagree"]


def test_a_missing_gradient_agrees_with_zero_only():
    assert verdict(SMOOTH, reverse=None, forward=None, slope=Slope("smooth", 0.0)) == "agree"
    assert verdict(SMOOTH, reverse=None, forward=None) == "no reference"
    found = row(SMOOTH, reverse=None, forward=None, slope=Slope("smooth", 0.0), reason="not implemented")
    assert (found.verdict, found.reason) == ("no reference", "not implemented")


def test_a_kink_without_a_gradient_is_no_choice_between_the_slopes():
    found = row(KINK, reverse=None, forward=None, reason="not implemented")
    assert (found.verdict, found.left, found.right) == ("no reference", None, None)
    assert verdict(KINK, reverse=None, forward=None) == "kink"  # no path: nothing flows, and 0 is between the slopes


def test_without_a_reference_finite_differences_decide():
    assert verdict(SMOOTH, slope=None) == "agree"
    assert verdict(SMOOTH, slope=None, reverse=2.0001) == "disagree"


def test_a_wide_error_bar_decides_nothing():
    assert verdict(SMOOTH, slope=None, difference_error=1.0, reverse=2.5) == "no reference"
    assert verdict(SMOOTH, slope=None, difference=math.nan) == "no reference"


def test_where_no_slope_is_defined_nobody_is_accused():
    assert verdict(SMOOTH, slope=UNKNOWN, reverse=3.0) == "no reference"
    assert verdict(SMOOTH, slope=UNKNOWN) == "agree"


def test_without_a_reference_the_values_tell_a_kink():
    bent = replace(SMOOTH, slope=None, difference_kink=True, one_sided=(0.0, 1.0))
    assert verdict(bent, reverse=1 + 1e-5) == "disagree"
    assert verdict(bent, reverse=1 + 1e-5, one_sided_error=1.1e-6) == "kink"
    assert verdict(bent, reverse=1 + 1e-5, one_sided_error=0.9e-6) == "disagree"
    assert verdict(bent, reverse=0.5) == "kink"
    assert verdict(bent, reverse=1.5) == "disagree"


def test_an_error_within_the_rounding_cannot_be_told():
    wrong = replace(SMOOTH, reverse=2.1, forward=None)
    found = row(wrong, ErrorBudget(rounding=0.11))
    assert (found.verdict, found.reason) == ("rounding", LOST)
    assert verdict(wrong, ErrorBudget(rounding=0.09)) == "disagree"
    for reverse, reason in ((0.0, ALL_LOST), (4.0, ALL_LOST), (0.1, LOST), (3.9, LOST)):
        assert row(wrong, ErrorBudget(rounding=9.0), reverse=reverse).reason == reason


def test_what_rounding_leaves_of_a_zero_is_rounding_and_never_agrees():
    zero = replace(SMOOTH, slope=Slope("smooth", 0.0), reverse=1e-17, forward=None, difference=0.0)
    found = row(zero, ErrorBudget(rounding_of_zero=1e-16))
    assert (found.verdict, found.reason, found.ulp_error) == ("rounding", ZERO, None)
    assert verdict(zero, ErrorBudget(rounding_of_zero=1e-18)) == "disagree"
    assert verdict(zero, reverse=0.0) == "agree"
    assert verdict(replace(zero, slope=Slope("smooth", 1e-20)), ErrorBudget(rounding_of_zero=1e-16)) == "disagree"


@pytest.mark.parametrize("budget", [None, NO_BUDGET, ErrorBudget(rounding=9e9), ErrorBudget(rounding_of_zero=9e9)])
def test_a_reference_of_zero_agrees_with_nothing_else(budget: ErrorBudget | None):
    zero = replace(SMOOTH, slope=Slope("smooth", 0.0), reverse=500000.0, forward=None, difference=0.0)
    assert verdict(zero, budget, dtype=torch.float32) != "agree"


def test_a_wrong_forward_mode_is_told_from_a_wrong_reverse_mode():
    assert row(SMOOTH).wrong_modes == ()
    assert row(SMOOTH, forward=2.1).wrong_modes == ("forward",)
    assert row(SMOOTH, reverse=2.1).wrong_modes == ("reverse",)
    assert row(SMOOTH, reverse=2.1, forward=1.9).wrong_modes == ("reverse", "forward")


def test_each_mode_has_an_error_budget_of_its_own():
    wrong = replace(SMOOTH, forward=2.1)
    assert verdict(wrong, ErrorBudget(rounding=1.0)) == "disagree"
    assert verdict(wrong, ErrorBudget(forward_rounding=0.11)) == "agree"  # rounding of forward mode alone
    assert verdict(wrong, ErrorBudget(forward_rounding=0.11), reverse=2.1) == "disagree"
    assert verdict(SMOOTH, ErrorBudget(forward_rounding=1.0), reverse=2.1) == "disagree"


@pytest.mark.parametrize(
    ("reverse", "expected"), [(0.3, "kink"), (1.0, "kink"), (1.01, "disagree"), (-0.3, "disagree")]
)
def test_beside_a_tie_every_slope_between_those_of_the_neighbourhood_is_right(reverse: float, expected: str):
    still = replace(SMOOTH, slope=Slope("smooth", 0.0), reverse=reverse, forward=None, difference=0.0)
    found = row(still, ErrorBudget(beside=Beside(0.0, 1.0)))
    assert found.verdict == expected
    assert expected == "disagree" or (found.left, found.right, found.reference, found.ulp_error) == (0, 1, None, None)


def test_what_leaves_the_range_inside_pytorch_is_wrong_and_on_the_way_it_is_rounding():
    wrong = replace(SMOOTH, reverse=0.0, forward=None)
    assert (row(wrong, ErrorBudget(spoiled="x*x overflows")).verdict) == "rounding"
    assert (row(wrong, ErrorBudget(spoiled="x*x overflows"), reverse=math.nan).reason) == "x*x overflows"
    found = row(wrong, ErrorBudget(inside="overflow inside", spoiled="x*x overflows", rounding=9.0))
    assert (found.verdict, found.reason) == ("disagree", "reverse mode: zero where the truth is not: overflow inside")
    other = replace(wrong, difference=0.0, difference_error=1e-9)  # PyTorch's values have the same flaw
    assert row(other, ErrorBudget(inside="overflow inside")).verdict == "rounding"


def test_rounding_excuses_no_nan():
    assert verdict(SMOOTH, ErrorBudget(rounding=math.inf), reverse=math.nan) == "disagree"


def test_an_excuse_holds_for_everything_and_says_why():
    found = row(SMOOTH, ErrorBudget(exemption="detach"), reverse=math.nan)
    assert (found.verdict, found.reason) == ("no reference", "detach")


def test_a_reference_of_another_function_accuses_nobody():
    wrong = replace(SMOOTH, reverse=3.0, forward=3.0, difference=3.0)
    assert verdict(wrong) == "no reference"
    assert verdict(replace(wrong, difference_error=1.0)) == "disagree"


def test_that_float64_has_it_right_is_said_of_other_dtypes():
    narrow = replace(SMOOTH, dtype=torch.float32, digits=torch.float32, reverse=3.0, forward=None)
    assert "float64 has it right" in (row(narrow, ErrorBudget(wide=2.0)).reason or "")
    assert "float64" not in (row(narrow, ErrorBudget(wide=3.0)).reason or "")


@pytest.mark.parametrize(
    ("dtype", "reverse", "ulps"),
    [(torch.float64, 2 + 2**-51, 1), (torch.float32, 2 + 2**-22, 1), (torch.bfloat16, 2 + 2**-5, 2)],
)
def test_the_error_is_counted_in_units_of_the_reference(dtype: torch.dtype, reverse: float, ulps: float):
    assert row(SMOOTH, dtype=dtype, reverse=reverse).ulp_error == ulps


def test_the_error_is_counted_from_the_reference_before_float64_rounded_it():
    with workdps(50):
        exact = mpf(2) + mpf(2) ** -52 * mpf("0.41")
    assert float(exact) == 2
    assert row(SMOOTH, slope=Slope("smooth", exact)).ulp_error == 0.2  # of a spacing of 2**-51


def test_an_error_has_an_end():
    zero = replace(SMOOTH, slope=Slope("smooth", 0.0), reverse=0.3, difference=0.0)
    assert row(zero).ulp_error == sys.float_info.max


def test_an_error_that_is_not_finite_has_no_size():
    assert row(SMOOTH, reverse=math.inf).ulp_error is None
    assert row(KINK).ulp_error is None
