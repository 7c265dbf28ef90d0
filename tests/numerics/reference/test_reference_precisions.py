"""What hangs on digits: jumps beside what is rounded, values that few digits hide, numbers below all of float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from each import each
from mpmath import mp

from gradcli.language.parser import parse
from gradcli.numerics.reference import Slope, slopes, value
from gradcli.numerics.reference.limits import limits


def slope(text: str, x: float, *, elementwise: bool = True) -> Slope:
    (found,) = slopes(parse(text), {"x": np.array([x])}, ["x"], elementwise=elementwise)["x"]
    return found


@each(
    "text, left, right",
    [
        ("round(x) + where(x > 1e80, 1.0, 0.0)", 0, 0),
        ("round(x) + where(x > 1e80, 3 * x, x)", 1, 3),
        ("round(x) + where(x < 1e80, 3 * x, x)", 3, 1),
        ("sign(x - 1e80) + trunc(x)", 0, 0),
    ],
)
def test_the_pieces_beside_a_jump_have_slopes_where_a_longer_step_goes_past_what_is_rounded(
    text: str, left: int, right: int
) -> None:
    for elementwise in (True, False):
        assert slope(text, 1e80, elementwise=elementwise) == Slope("kink", None, mp.mpf(left), mp.mpf(right))


def test_a_summand_that_is_broken_leaves_the_others_alone() -> None:
    for text in ("sum(log(x))", "mean(log(x))"):
        found = slopes(parse(text), {"x": np.array([0.0, 2.0])}, ["x"], elementwise=False)["x"]
        assert [one.kind for one in found] == ["unknown", "smooth"]


@each(
    "text, weights, expected",
    [
        ("sum(x**2)", None, {"x": [2, 4, 8]}),
        ("sum(x * w)", None, {"x": [5, 5, 5], "w": [7]}),  # w is stretched: it has another shape than the summands
        ("sum(x * cumsum(x, 0))", None, {"x": [8, 9, 11]}),  # no element stands alone
        ("x * w", [1.0, -2.0, 1.0], {"x": [5, -10, 5], "w": [1]}),  # no sum
    ],
)
def test_a_sum_of_elements_alone_is_taken_apart_and_no_other(
    text: str, weights: Any, expected: dict[str, list[int]]
) -> None:
    inputs = {"x": np.array([1.0, 2.0, 4.0]), "w": np.array([5.0])}
    cotangent = None if weights is None else np.array(weights)
    program = parse(text, bound=["x", "w"])
    found = slopes(program, inputs, list(expected), elementwise=False, cotangent=cotangent)
    for name, numbers in expected.items():
        assert [one.kind for one in found[name]] == ["smooth"] * len(numbers)
        for one, number in zip(found[name], numbers, strict=True):
            assert abs(one.value - number) <= mp.mpf(10) ** -40


def test_each_element_of_a_mean_has_its_exact_share() -> None:
    found = slopes(parse("mean(x**2)"), {"x": np.array([1.0, 2.0, 4.0])}, ["x"], elementwise=False)["x"]
    with mp.workdps(60):
        assert all(
            abs(3 * one.value - number) <= mp.mpf(10) ** -40 for one, number in zip(found, (2, 4, 8), strict=True)
        )


def test_a_slope_by_differences_is_not_called_proven() -> None:
    assert not slope("sin(x)", 0.5).proven
    with pytest.raises(TypeError):
        Slope("smooth", mp.one, None, None, True)  # type: ignore[misc]


@each("text, times", [("x + ((1e95 + x) - 1e95)", 2), ("x - ((1e95 - x) - 1e95)", 2), ("(1e150 + x) - 1e150", 1)])
def test_a_value_on_which_the_first_two_precisions_do_not_agree_has_more_digits(text: str, times: int) -> None:
    """At 60 digits x is lost beside 1e95, and at 100 it keeps five of its own."""
    (found,) = value(parse(text), {"x": np.array([0.3])})
    with mp.workdps(60):
        assert abs(found / (times * mp.mpf(0.3)) - 1) < mp.mpf(10) ** -50


@each(
    "text, inputs",
    [
        ("exp(-x)", {"x": 1e300}),
        ("exp(-1/x)", {"x": 1e-30}),
        ("softmax(x/t, 0)[0]", {"x": [1.0, 2.0], "t": 1e-30}),
        ("x*exp(-x)", {"x": 1e300}),
    ],
)
def test_what_is_below_all_that_float64_holds_tends_to_zero(text: str, inputs: dict[str, Any]) -> None:
    """A step beside the point, exp(-1e300) grows by more than any number, and is 0 to everybody all the same."""
    arrays = {name: np.array(given) for name, given in inputs.items()}
    elements = {name: range(array.size) for name, array in arrays.items()}
    (found,) = limits(parse(text, bound=list(arrays)), arrays, elements, moved=list(arrays))
    tend = [found.value.item(), *(limit for one in found.slopes.values() for limit in one.values())]
    assert [(limit.kind, limit.value) for limit in tend] == [("limit", 0)] * len(tend)
