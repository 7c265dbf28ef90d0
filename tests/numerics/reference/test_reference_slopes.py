"""Slopes against derivatives written by hand, at awkward points, each beside its nearest good neighbour."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from each import each
from mpmath import mp

from gradcli.language.parser import parse
from gradcli.numerics.reference import NoReference, Slope, slopes, value
from gradcli.numerics.reference.differences import step_of
from gradcli.numerics.reference.evaluator import evaluate
from gradcli.numerics.reference.reals import magnitude
from gradcli.numerics.reference.verdict import ladder

INF = float("inf")
TINY, LITTLE = Fraction(1e-12), Fraction(1e-5)


def at(text: str, *points: float, digits: int = 50) -> list[Slope]:
    """The slopes of an elementwise expression of x."""
    return list(slopes(parse(text), {"x": np.array(points)}, ["x"], elementwise=True, digits=digits)["x"])


def one_by_one(text: str, **inputs: Any) -> dict[str, np.ndarray]:
    """The slopes of any expression with respect to its floating inputs."""
    arrays = {name: np.asarray(given) for name, given in inputs.items()}
    floating = [name for name, array in arrays.items() if array.dtype == float]
    return slopes(parse(text, bound=list(arrays)), arrays, floating, elementwise=False)


def is_true(slope: Slope, expected: Any, digits: int = 40) -> bool:
    """Whether a slope is smooth and has the expected value to that many digits."""
    if slope.kind != "smooth" or slope.value is None:
        return False
    return bool(slope.value == expected or abs(slope.value - expected) <= mp.mpf(10) ** -digits * abs(expected))


CLOSED_FORMS: dict[str, tuple[Callable[[Any], Any], tuple[float, ...]]] = {
    "tanh(x)": (lambda x: mp.sech(x) ** 2, (0.0, 1e-300, 0.5, -20.0, 300.0, -350.0)),
    "sigmoid(x)": (lambda x: 1 / (2 + mp.exp(x) + mp.exp(-x)), (0.0, 10.0, 20.0, -700.0, 700.0, 5e-324)),
    "sin(1e7 * x)": (lambda x: mp.mpf(10) ** 7 * mp.cos(mp.mpf(10) ** 7 * x), (1.0, 0.1, 1e10, 1e300, 0.0)),
    "x**0.5": (lambda x: 1 / (2 * mp.sqrt(x)), (1.0, 1e-300, 1e300, 5e-324)),
    "log(1 + exp(-x))": (lambda x: -1 / (1 + mp.exp(x)), (0.0, 1.0, 700.0, -700.0, -1e4)),
    "exp(x)": (mp.exp, (0.0, -745.0, 709.0, 1e4, -1e4)),
    "x**3 - x": (lambda x: 3 * x**2 - 1, (0.0, 1.0, -1e100, 1e-100)),
    "cos(x)": (lambda x: -mp.sin(x), (0.0, 1e-200, 1.5707963267948966, 1e22)),
    "gelu(x)": (lambda x: mp.ncdf(x) + x * mp.npdf(x), (0.0, -5.0, -30.0, 3.0, -37.5)),
    "1 / x": (lambda x: -1 / x**2, (1e-300, 1e300, 3.0)),
    "x * x * x * x": (lambda x: 4 * x**3, (0.0, 1e-150, 2.0)),
    "lgamma(x)": (mp.digamma, (0.5, 3.0, -1.5, 100.0)),
    "erfc(x)": (lambda x: -2 / mp.sqrt(mp.pi) * mp.exp(-(x**2)), (0.0, 5.0, -5.0, 20.0, 1e300, -1e300)),
    "sinc(x)": (lambda x: mp.cospi(x) / x - mp.sinpi(x) / (mp.pi * x**2), (0.5, 1e-5, 3.0)),
    "1e80 * x - 1e80 * x + sin(x)": (mp.cos, (0.3, 2.0)),
    "x + ((1e80 + x) - 1e80)": (lambda x: mp.mpf(2), (0.3, 1e-5, 0.0)),
    "x + ((1e80 + (x - 1)) - 1e80)": (lambda x: mp.mpf(2), (0.3, 1.0)),
    "x + ((x - 1e150) + 1e150)": (lambda x: mp.mpf(2), (0.3, 1e-5)),
    "x + sum(stack([x, 1e200 + 0 * x, -1e200 + 0 * x]), 0)": (lambda x: mp.mpf(2), (0.3, 1e-5)),
    "(1e20 + x) - 1e20": (lambda x: mp.one, (0.3, 1e-5)),
    "tanhshrink(x)": (lambda x: mp.tanh(x) ** 2, (0.3, 1e-100, -1e-300)),
    "x - elu(x)": (lambda x: -mp.expm1(x), (-0.5, -1e-100)),
    "x - celu(x, 0.5)": (lambda x: -mp.expm1(2 * x), (-0.5, -1e-100)),
    "round(x) + sin(x)": (mp.cos, (0.3, 1e40, 1e300)),
    "x + div(x, 3, rounding_mode='floor')": (lambda x: mp.one, (1.0, 1e40)),
    "remainder(x, 3) + trunc(x / 7) - ceil(x / 7)": (lambda x: mp.one, (1.0, 1e40)),
    "where(x > 1, x**2, 2 * x - 1)": (lambda x: 2 * x if x > 1 else mp.mpf(2), (1.0, 0.5, 1.0000000000000002)),
}
"""An expression of x, its derivative, and where to compare them."""


@pytest.mark.parametrize("text", CLOSED_FORMS)
def test_the_slope_is_the_derivative_written_by_hand(text: str) -> None:
    derivative, points = CLOSED_FORMS[text]
    for x, slope in zip(points, at(text, *points), strict=True):
        with mp.workdps(700):
            expected = derivative(mp.mpf(x))
            hidden = abs(expected) < mp.mpf(10) ** -340  # may count as zero: no float64 is that small
            digits = 25 if "where" in text else 40
            assert is_true(slope, expected, digits) or (hidden and slope == Slope("smooth", slope.value)), (x, slope)


@each(
    "text, x, left, right",
    [
        ("relu(x)", 0.0, 0, 1),
        ("abs(x)", 0.0, -1, 1),
        ("maximum(x, -x)", 0.0, -1, 1),
        ("clamp(x, -1, 1)", 1.0, 1, 0),
        ("relu(x - 1e-300)", 1e-300, 0, 1),
        ("relu(x - 1e300)", 1e300, 0, 1),
        ("where(x > 0, sqrt(x), 0 * x)", 0.0, 0, INF),
        ("where(x < 0, sqrt(-x), 0 * x)", 0.0, -INF, 0),
        ("where(x > 0.3, x, 0.3 + (sqrt(x)**2 - x))", 0.3, 0, 1),  # a zero that rounding errors are left of
        ("where(x < 1, tanh(1e100 * (x - 1)), x - 1)", 1.0, mp.mpf(1e100), 1),  # that looks like a jump at 1e-60
        ("where(x > 1, tanh(1e100 * (x - 1)), x - 1)", 1.0, 1, mp.mpf(1e100)),
        ("sqrt(abs(x))", 0.0, -INF, INF),
        ("sign(x)", 0.0, 0, 0),
        ("floor(x)", 2.0, 0, 0),
        ("ceil(x)", 2.0, 0, 0),
        ("where(x > 2, 3 * x, x)", 2.0, 1, 3),
        ("x + 1e-12 * abs(x - 1)", 1.0, 1 - TINY, 1 + TINY),
        ("x + sqrt(x * x + 1e-30) + 1e-5 * abs(x)", 0.0, 1 - LITTLE, 1 + LITTLE),  # at the ground of a narrow valley
        ("elu(x, alpha=0.5)", 0.0, mp.mpf("0.5"), 1),
    ],
)
def test_a_kink_has_its_two_slopes(text: str, x: float, left: Any, right: Any) -> None:
    (slope,) = at(text, x)
    assert slope.kind == "kink"
    assert slope.value is None
    for side, expected in ((slope.left, left), (slope.right, right)):
        with mp.workdps(60):
            exact = mp.mpf(expected.numerator) / expected.denominator if isinstance(expected, Fraction) else expected
            assert side == exact or abs(side - exact) < 1e-25


@each(
    "text, x, expected",
    [
        ("relu(x)", 1e-7, 1),
        ("relu(x)", -1e-300, 0),
        ("relu(x)", 5e-324, 1),
        ("abs(x)", -5e-324, -1),
        ("clamp(x, -1, 1)", 0.9999999999999999, 1),
        ("relu(x - 1e-300)", 0.0, 0),
        ("relu(x - 1e-300)", 2e-300, 1),
        ("where(x > 0, sqrt(x), 0 * x)", 1.0, mp.mpf("0.5")),
        ("where(x > 0, sqrt(x), 0 * x)", -1.0, 0),
        ("abs(x)**1.5", 0.0, 0),
        ("x + abs(x)**1.016", 0.0, 1),
        ("x**1.5", 0.0, 0),
        ("x**1.5 / log(x)", 0.0, 0),
        ("x / log(x)", 0.0, 0),
        ("x / (1 - log(x))", 0.0, 0),
        ("elu(x)", 0.0, 1),
        ("x * abs(x)", 0.0, 0),
        ("sqrt(x * x + 1e-30)", 0.0, 0),
        ("sqrt(x * x + 1e-200)", 0.0, 0),
        ("sqrt(x * x + 1e-300)", 0.0, 0),
        ("sqrt((x - 1)**2 + 1e-116)", 1.0, 0),
        ("floor(x)", 2.5, 0),
        ("special.ndtr(x)", -1e300, 0),
        ("tanh(1e100 * x)", 0.0, mp.mpf(1e100)),
        ("tanh(1e100 * (x - 1))", 1.0, mp.mpf(1e100)),
    ],
)
def test_a_smooth_point_beside_a_kink_is_smooth(text: str, x: float, expected: Any) -> None:
    (slope,) = at(text, x)
    assert is_true(slope, expected, digits=25), slope  # where f'' jumps, half of the digits


BESIDE_ZERO = "where(x == 0, 0, x * ({}))"
LOG = "log(where(x == 0, 1, x))"


@each(
    "text, x, expected",
    [
        ("sqrt(x)", 0.0, INF),
        ("x**(1 / 3)", 0.0, INF),
        ("-x**0.9", 0.0, -INF),
        ("xlogy(x, x)", 0.0, -INF),
        ("1 / log(x)", 0.0, -INF),
        ("x**1e-6", 0.0, INF),
        (BESIDE_ZERO.format(f"log(-{LOG})"), 0.0, INF),
        ("acos(x)", 1.0, -INF),
        ("sign(x) * sqrt(abs(x))", 0.0, INF),
    ],
)
def test_a_vertical_tangent_is_an_infinite_slope(text: str, x: float, expected: float) -> None:
    (slope,) = at(text, x)
    assert slope == Slope("smooth", mp.mpf(expected))


def test_a_slope_that_rises_to_a_number_as_slowly_as_a_logarithm_is_not_infinite() -> None:
    assert at(BESIDE_ZERO.format(f"2 + 1 / {LOG}"), 0.0)[0].kind == "unknown"


def test_a_slope_that_is_huge_is_not_infinite() -> None:
    assert is_true(at("sqrt(x)", 5e-324)[0], 1 / (2 * mp.sqrt(mp.mpf(5e-324))))


def test_where_the_function_ends_the_slope_is_that_of_its_side() -> None:
    (slope,) = at("sqrt(x)**3 + 2 * x", 0.0)
    assert is_true(slope, 2)


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("log(x)", 0.0),
        ("1 / x", 0.0),
        ("sqrt(x)", -1.0),
        ("sqrt(-x * x)", 0.0),
        ("x", INF),
        ("x", float("nan")),
        ("x * sin(1 / x)", 0.0),
    ],
)
def test_a_slope_that_does_not_exist_is_unknown(text: str, x: float) -> None:
    assert at(text, x) == [Slope("unknown")]


@each("slope", [f"2 + sin({LOG})", f"10 - sin({LOG})", *(f"1.1 + cos({k} * {LOG})" for k in range(1, 8))])
def test_a_slope_between_two_bounds_without_a_limit_is_unknown(slope: str) -> None:
    assert at(BESIDE_ZERO.format(slope), 0.0) == [Slope("unknown")]


def test_beside_a_jump_a_side_without_values_has_no_slope() -> None:
    assert at("where(x < 0, 1.0, sqrt(-x))", 0.0) == [Slope("kink", None, mp.zero, None)]
    assert at("where(x > 0, 1.0, sqrt(x))", 0.0) == [Slope("kink", None, None, mp.zero)]


def test_an_oscillation_without_a_limit_is_unknown_and_with_one_is_smooth() -> None:
    text = "where(x == 0, 0, x**{} * sin(1 / where(x == 0, 1, x)))"
    assert at(text.format(1), 0.0)[0].kind == "unknown"
    assert is_true(at(text.format(2), 0.0)[0], 0)


def test_what_a_sum_swallows_of_a_zero_is_seen_where_elements_are_moved_one_by_one() -> None:
    found = one_by_one("x + ((1e80 + flip(x, [0])) - 1e80)", x=[0.0, 0.0])["x"]
    assert all(is_true(slope, 2) for slope in found)


def test_a_large_number_is_not_moved_past_what_it_is_rounded_to() -> None:
    found = one_by_one("prod(stack([sum(x), sum(round(x))]))", x=[1e40, 2e40])
    with mp.workdps(60):
        assert all(is_true(slope, mp.mpf(1e40) + mp.mpf(2e40)) for slope in found["x"])


def test_a_tie_of_the_maximum_is_a_kink_for_those_that_tie_only() -> None:
    found = one_by_one("max(x)", x=[1.0, 2.0, 2.0])["x"]
    assert [slope.kind for slope in found] == ["smooth", "kink", "kink"]
    assert [(slope.left, slope.right) for slope in found[1:]] == [(0, 1), (0, 1)]


def test_the_slopes_of_a_sum_of_softmax_are_exactly_zero() -> None:
    found = one_by_one("sum(softmax(x, dim=0))", x=[0.3, -1.0, 20.0])["x"]
    assert all(is_true(slope, 0) for slope in found)


def test_the_two_halves_of_a_symmetric_matrix_share_a_gradient() -> None:
    found = one_by_one("linalg.eigvalsh(x)[0]", x=[[2.0, 1.0], [1.0, 2.0]])["x"]  # 1, with the vector (1, -1)/sqrt(2)
    half = mp.mpf("0.5")
    assert all(is_true(slope, e, 25) for slope, e in zip(found.ravel(), (half, -half, -half, half), strict=True))


def test_the_norm_has_a_kink_at_the_origin_and_nowhere_else() -> None:
    assert [s.kind for s in one_by_one("linalg.norm(x)", x=[0.0, 0.0])["x"]] == ["kink", "kink"]
    found = one_by_one("linalg.norm(x)", x=[0.0, 3.0])["x"]
    assert is_true(found[0], 0)
    assert is_true(found[1], 1)


def test_moving_all_elements_at_once_gives_what_moving_one_by_one_gives() -> None:
    program = parse("x * sigmoid(x) * w + relu(w)")
    inputs = {"x": np.array([-2.0, 0.0, 1.5]), "w": np.array([0.5, 0.0, -1.0])}
    together = slopes(program, inputs, ["x", "w"], elementwise=True, cotangent=np.array([1.0, -2.0, 3.0]))
    single = slopes(program, inputs, ["x", "w"], elementwise=False, cotangent=np.array([1.0, -2.0, 3.0]))
    for name, found in together.items():
        for slope, other in zip(found, single[name], strict=True):
            assert slope.kind == other.kind
            if slope.kind == "smooth":
                assert is_true(slope, other.value, digits=25)
            else:
                assert (slope.left, slope.right) == (other.left, other.right)


def test_a_negative_cotangent_turns_the_slopes_of_a_kink_and_not_its_sides() -> None:
    found = slopes(parse("relu(x)"), {"x": np.zeros(1)}, ["x"], elementwise=True, cotangent=np.array([-2.0]))["x"]
    assert (found[0].left, found[0].right) == (0, -2)


def test_an_output_with_a_zero_cotangent_does_not_count_even_if_it_is_not_finite() -> None:
    found = slopes(parse("log(x)"), {"x": np.array([0.0, 2.0])}, ["x"], elementwise=False, cotangent=np.array([0.0, 1]))
    assert is_true(found["x"][0], 0)
    assert is_true(found["x"][1], mp.mpf("0.5"))


def test_a_broken_element_leaves_its_neighbours_alone_in_an_elementwise_expression() -> None:
    assert [slope.kind for slope in at("log(x)", 0.0, -1.0, 2.0)] == ["unknown", "unknown", "smooth"]


def test_a_mask_that_selects_more_elements_beside_the_point_adds_them_to_the_sum() -> None:
    found = one_by_one("x[x > 0]", x=[0.0, 1.0, 2.0])["x"]
    assert (found[0].kind, found[0].left, found[0].right) == ("kink", 0, 1)
    assert is_true(found[1], 1)
    assert is_true(found[2], 1)


def test_a_cotangent_of_another_shape_than_the_value_has_no_slopes() -> None:
    x, cotangent = np.array([0.0, 1.0, 2.0]), np.ones(3)
    with pytest.raises(NoReference):
        slopes(parse("x[x > 0]"), {"x": x}, ["x"], elementwise=False, cotangent=cotangent)


def test_a_value_whose_shape_hangs_on_the_digits_is_that_of_more_of_them() -> None:
    assert value(parse("x[x + 1e-80 > x]"), {"x": np.ones(2)}).tolist() == [1, 1]


@each(
    "text, x, expected",
    [
        ("tanh(x)", 1e-322, lambda x: x),
        ("elu(x)", -1e-200, mp.expm1),
        ("exp(x) - 1", -1e-200, mp.expm1),
        ("log(1 + exp(x))", -500.0, mp.exp),
        ("relu(x)", -1.0, lambda x: mp.zero),
    ],
)
def test_a_number_that_few_digits_do_not_show_is_no_zero(text: str, x: float, expected: Callable[[Any], Any]) -> None:
    (found,) = value(parse(text), {"x": np.array([x])})
    with mp.workdps(60):
        wanted = expected(mp.mpf(x))
        assert abs(found - wanted) <= abs(wanted) * mp.mpf(10) ** -50


def test_masks_and_indices_stay_what_they_are() -> None:
    inputs = {"x": np.array([1.0, 2.0, 3.0]), "mask": np.array([True, False, True]), "t": np.array([2, 0])}
    found = slopes(parse("sum(x[mask]**2) + sum(x[t])"), inputs, ["x"], elementwise=False)["x"]
    assert all(is_true(slope, expected) for slope, expected in zip(found, (3, 0, 7), strict=True))


def test_an_input_that_is_not_used_has_a_zero_slope() -> None:
    assert is_true(one_by_one("sum(x) + 0 * sum(w)", x=[1.0], w=[2.0])["w"][0], 0)


def test_plain_numbers_are_the_doubles_that_python_has_and_a_formulas_are_exact() -> None:
    assert value(parse("0.1 * x"), {"x": np.array(1.0)}).item() == mp.mpf(0.1)
    assert value(parse("sqrt(2) * x"), {"x": np.array(1.0)}).item() == mp.mpf(2**0.5)
    assert value(parse("pi * x"), {"x": np.array(1.0)}).item() == mp.mpf(np.pi)
    assert value(parse("(0.1 + 0.2) * x"), {"x": np.array(1.0)}).item() == mp.mpf(0.1 + 0.2)
    with mp.workdps(50):
        assert value(parse("n + 0.1", bound=["n"]), {"n": np.array(2)}).item() - 2 == mp.mpf(0.1)
        sixth = value(parse("hardsigmoid(x)"), {"x": np.array(0.0)}).item() - mp.mpf("0.5")
        slope = at("hardsigmoid(x)", 1.0)[0].value
        for name, constant in (("pi", mp.pi), ("e", mp.e)):
            assert evaluate(parse(name), {}, exact=True).item() == +constant
        assert evaluate(parse("inf"), {}, exact=True).item() == mp.inf
        for text, divisor in (("0.1", 10), ("1/3", 3)):
            assert evaluate(parse(text), {}, exact=True).item() == mp.mpf(1) / divisor
        assert evaluate(parse("sqrt(2)"), {}, exact=True).item() == mp.sqrt(2)
        assert evaluate(parse("sum(x, -1)", bound=["x"]), {"x": np.array([1, 2])}, exact=True).item() == 3
    assert sixth == 0
    assert abs(slope - mp.mpf(1) / 6) < 1e-40 or abs(slope * 6 - 1) < 1e-40


@each("text", ["sqrt(x/95*95 - x)", "sqrt(x/59*59 - x) + (x - x/95*95)"])
def test_a_value_that_one_precision_alone_has_is_not_taken(text: str) -> None:
    """Rounding makes the root of a number below zero at one of the first two."""
    assert value(parse(text), {"x": np.array(1.0)}).item() == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [("sum(x**2)", 6), ("x.sum()**2 / 2", 9), ("mean(x**2)", 2), ("sum(x**2, 0)", 6), ("(x**2).mean()", 2)],
)
def test_a_sum_of_elements_has_the_slopes_of_each_of_them(text: str, expected: int) -> None:
    found = slopes(parse(text), {"x": np.full(3, 1.5)}, ["x"], elementwise=False, cotangent=np.array(2.0))["x"]
    assert all(is_true(slope, expected) for slope in found)


def test_a_thousand_summands_take_less_than_a_second_and_one_that_is_broken_leaves_the_others_alone() -> None:
    x = np.linspace(0, 3, 1000)
    start = time.process_time()
    found = one_by_one("sum(log(x))", x=x)["x"]
    assert time.process_time() - start < 1
    assert [slope.kind for slope in found[:2]] == ["unknown", "smooth"]


def test_a_summand_of_another_shape_is_moved_one_by_one() -> None:
    assert all(is_true(slope, 3) for slope in one_by_one("sum(x * [[1], [2]])", x=[1.0, 2.0])["x"])
    found = one_by_one("sum(x * w)", x=[1.0, 2.0], w=[[1.0, 2.0], [3.0, 4.0]])
    assert all(is_true(slope, expected) for slope, expected in zip(found["x"], (4, 6), strict=True))


def test_a_detached_factor_is_part_of_the_function() -> None:
    assert is_true(at("x * x.detach()", 3.0)[0], 6)
    assert is_true(at("x * 3", 3.0)[0], 3)


def test_settled_elements_do_not_disturb_a_conversion_to_integers() -> None:
    assert [slope.kind for slope in at("x.long() * x", 0.5, 1.0, 2.5)] == ["smooth", "kink", "smooth"]


def test_a_result_has_the_shape_of_its_input() -> None:
    assert one_by_one("sum(x)", x=np.ones((2, 3)))["x"].shape == (2, 3)
    assert one_by_one("x * 2", x=1.5)["x"].shape == ()
    assert one_by_one("sum(x)", x=np.ones((0, 3)))["x"].shape == (0, 3)


@pytest.mark.parametrize("text", ["sigmoid(x)", "tanh(x)", "relu(x)", "silu(x)", "gelu(x)"])
def test_four_hundred_points_of_a_scalar_function_take_seconds_and_not_minutes(text: str) -> None:
    x = np.linspace(-5, 5, 400)
    slopes(parse(text), {"x": x[:2]}, ["x"], elementwise=True)
    start = time.process_time()
    slopes(parse(text), {"x": x}, ["x"], elementwise=True)
    assert time.process_time() - start < 5


def test_a_step_is_a_power_of_two_and_at_most_twice_as_long_as_its_digits_say() -> None:
    for level in ladder(50):
        step = step_of(mp.one, level)
        assert 1 <= step * mp.mpf(10) ** level.step < 2
        assert step == mp.mpf(2) ** (magnitude(step) - 1)


def cpu_seconds(text: str, points: np.ndarray) -> float:
    start = time.process_time()
    at(text, *points)
    return time.process_time() - start


def test_the_zeros_of_relu_cost_no_more_than_its_ones() -> None:
    x = np.linspace(1, 5, 500)
    zeros = min(cpu_seconds("relu(x)", -x) for _ in range(3))
    ones = min(cpu_seconds("relu(x)", x) for _ in range(3))
    assert zeros < 1.5 * ones
    assert all(slope == Slope("smooth", mp.zero) for slope in at("relu(x)", *-x))
