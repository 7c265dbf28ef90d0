"""Finite differences: the truth lies within the error bar, and the bar is honest where the function is not smooth."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcli.numerics.differences import Differences, differences

SMOOTH: dict[str, tuple[Callable[..., np.ndarray], Callable[[float], float], tuple[float, float]]] = {
    "exp": (np.exp, math.exp, (-30, 30)),
    "sin": (np.sin, math.cos, (-50, 50)),
    "log": (np.log, lambda x: 1 / x, (0.01, 1e6)),
    "sqrt": (np.sqrt, lambda x: 0.5 / math.sqrt(x), (0.01, 1e6)),
    "cube": (lambda x: x**3, lambda x: 3 * x * x, (-100, 100)),
    "tanh": (np.tanh, lambda x: 1 / math.cosh(x) ** 2, (-10, 10)),
    "fast sine": (lambda x: np.sin(1e4 * x), lambda x: 1e4 * math.cos(1e4 * x), (-2, 2)),
    "1/x": (lambda x: 1 / x, lambda x: -1 / x**2, (0.01, 100)),
}


def at(function: Callable[[np.ndarray], np.ndarray], x: float) -> Differences:
    return differences(function, np.array([x]))


@pytest.mark.parametrize("name", SMOOTH)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_true_slope_lies_within_ten_error_bars(name: str, data: st.DataObject):
    function, slope, (low, high) = SMOOTH[name]
    x = data.draw(st.floats(low, high))
    found = at(function, x)
    assert abs(found.slope[0] - slope(x)) <= 10 * found.error[0] + 1e-15 * abs(slope(x))
    assert not found.kink[0]


@pytest.mark.parametrize("name", SMOOTH)
def test_half_of_the_digits_are_right_where_a_function_is_smooth(name: str):
    function, slope, _ = SMOOTH[name]
    found = at(function, 1.25)
    assert found.slope[0] == pytest.approx(slope(1.25), rel=1e-8)
    assert found.error[0] < 1e-5 * abs(slope(1.25))


@pytest.mark.parametrize(
    ("function", "x", "left", "right"),
    [
        (np.abs, 0.0, -1, 1),
        (lambda x: np.maximum(x, 0), 0.0, 0, 1),
        (lambda x: np.maximum(x - 1, 3 * (x - 1)), 1.0, 1, 3),
        (lambda x: np.sin(x) + np.abs(x - 2), 2.0, math.cos(2) - 1, math.cos(2) + 1),
    ],
)
def test_a_kink_is_seen_with_both_slopes(
    function: Callable[[np.ndarray], np.ndarray], x: float, left: float, right: float
):
    found = at(function, x)
    assert found.kink[0]
    assert (found.left[0], found.right[0]) == (pytest.approx(left, abs=1e-5), pytest.approx(right, abs=1e-5))


@pytest.mark.parametrize("x", [1e-7, -1e-7, 1e-5, -1e-5, 1e-3])
def test_beside_a_kink_the_slope_is_that_of_the_side(x: float):
    found = at(lambda x: np.maximum(x, 0), x)
    assert not found.kink[0]
    assert abs(found.slope[0] - (x > 0)) <= found.error[0] + 1e-12
    assert found.error[0] < 1e-6


def test_a_jump_has_no_slope_of_its_own():
    found = at(np.floor, 1.0)
    assert found.kink[0]
    assert math.isnan(found.left[0])
    assert found.right[0] == 0


@pytest.mark.parametrize("x", [1.0, 0.3])
def test_an_oscillation_that_the_steps_cannot_follow_has_a_wide_bar(x: float):
    found = at(lambda x: np.sin(1e9 * x), x)
    assert abs(found.slope[0] - 1e9 * math.cos(1e9 * x)) <= 10 * found.error[0]


def test_a_value_that_was_rounded_away_is_not_flat():
    found = at(lambda x: (x + 1e8) - 1e8, 1.0)
    assert abs(found.slope[0] - 1) <= 10 * found.error[0]
    cosine = at(lambda x: 1 - np.cos(x), 1e-8)
    assert abs(cosine.slope[0] - 1e-8) <= 10 * cosine.error[0]


def test_a_constant_is_flat():
    found = at(lambda x: 0 * x + 3, 1.0)
    assert (found.slope[0], found.kink[0]) == (0, False)
    assert found.error[0] < 1e-12


@pytest.mark.parametrize("x", [-1.0, 0.0])
def test_where_a_function_has_no_values_on_both_sides_there_is_no_slope(x: float):
    found = at(np.log, x)
    assert math.isnan(found.slope[0])
    assert math.isnan(found.error[0])


def test_points_do_not_depend_on_their_neighbours():
    xs = np.array([0.5, 0.0, -1.0, 3.0])
    together = differences(np.abs, xs)
    for place, x in enumerate(xs):
        alone = at(np.abs, x)
        assert (together.slope[place], together.kink[place]) == (alone.slope[0], alone.kink[0])


def test_a_single_number_keeps_its_shape():
    assert differences(np.exp, np.array(1.0)).slope.shape == ()
