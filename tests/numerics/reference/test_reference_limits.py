"""Limits of values and slopes where they do not exist themselves: closed forms, sides that differ, no limit at all."""

from __future__ import annotations

import math
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from each import each
from mpmath import mp

from gradcli.language.parser import parse
from gradcli.numerics.reference import NoReference
from gradcli.numerics.reference.approaches import DISTANCES
from gradcli.numerics.reference.converging import Limit, joined, tends_to
from gradcli.numerics.reference.limits import Limits, limits

INF, NAN = math.inf, math.nan


def limits_of(text: str, inputs: dict[str, Any], *, wrt: str = "", **options: Any) -> Limits:
    """The limits of a text by all elements of the inputs of `wrt`, or of all inputs."""
    arrays = {
        name: value if isinstance(value, np.ndarray) else np.array(value, dtype=float) for name, value in inputs.items()
    }
    names = wrt.split(",") if wrt else list(arrays)
    elements = {name: range(arrays[name].size) for name in names}
    options = {"moved": names, **options}
    return limits(parse(text, bound=list(arrays)), arrays, elements, **options)[0]


def numbers(found: Limits, name: str) -> list[float | str]:
    """The slopes' limits as floats; what has none by its kind."""
    return [float(one.value) if one.value is not None else one.kind for one in found.slopes[name].values()]


@pytest.mark.parametrize(
    ("text", "inputs", "slopes"),
    [
        ("x*sqrt(x)", {"x": [0, 4]}, {"x": [0, 3]}),
        ("x*x**(1/3)", {"x": 0}, {"x": [0]}),
        ("sin(x)/x", {"x": 0}, {"x": [0]}),
        ("log1p(t)/t", {"t": 0}, {"t": [-0.5]}),
        ("acos(w)/sin(acos(w))", {"w": 1}, {"w": [-1 / 3]}),
        ("(1 - cos(x))/x**2", {"x": 0}, {"x": [0]}),
        ("(x - sin(x))/x**3", {"x": 0}, {"x": [0]}),
        ("((exp(t) - 1)/t)*d", {"t": 0, "d": 0}, {"t": [0], "d": [1]}),
        ("((exp(t) - 1)/t)*d", {"t": 0, "d": 0.5}, {"t": [0.25], "d": [1]}),
        ("sum(y*x*sqrt(x))", {"x": [0, 4], "y": [1, 1]}, {"x": [0, 3], "y": [0, 8]}),
        ("x/(sqrt(sum(x**2)) + 0.1)", {"x": [0, 0]}, {"x": [10, 10]}),
        ("prod(x)/x", {"x": [2, 0, 3]}, {"x": [3, 5, 2]}),
        ("sqrt(sum(x**2))", {"x": [1e-25, 0]}, {"x": [1, 0]}),
        ("x*y/y", {"x": 1, "y": 0}, {"x": [1], "y": [0]}),
        ("x*y", {"x": [[1], [2]], "y": [[3, 4]]}, {"x": [7, 7], "y": [3, 3]}),
        ("mean(x**2)", {"x": [1, 2]}, {"x": [1, 2]}),
        ("(x - mean(x))/(sqrt(var(x)) + 0.1)", {"x": [2, 2, 2]}, {"x": [0, 0, 0]}),
        ("logaddexp(x, y)", {"x": -INF, "y": 2}, {"x": [0], "y": [1]}),
        ("where(x > 1, x, 1.0)", {"x": [NAN, 2]}, {"x": [0, 1]}),
        ("softmax(x/t, 0)[1]", {"x": [1, 2], "t": 1e-30}, {"x": [0, 0], "t": [0]}),  # exp(-1e30)
    ],
)
def test_the_limit_of_a_slope(text: str, inputs: dict[str, Any], slopes: dict[str, list[float]]) -> None:
    found = limits_of(text, inputs)
    for name, expected in slopes.items():
        assert numbers(found, name) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "inputs", "kind"),
    [
        ("x*log(x)", {"x": 0}, "sides"),
        ("sqrt(x)", {"x": 0}, "sides"),
        ("abs(x)", {"x": 0}, "sides"),
        ("x*atan(1/x)", {"x": 0}, "sides"),
        ("norm(x)", {"x": [0, 0]}, "sides"),
        ("m*sqrt(x)", {"x": 0, "m": 0}, "sides"),
        ("log(x)", {"x": -1}, "undefined"),
        ("x*y", {"x": 0, "y": NAN}, "undefined"),
        ("x*sin(1/x)", {"x": 0}, "unknown"),
        ("x**2*sin(1/x)", {"x": 0}, "unknown"),
        ("x/log(x)", {"x": 0}, "unknown"),
    ],
)
def test_where_there_is_none(text: str, inputs: dict[str, Any], kind: str) -> None:
    assert limits_of(text, inputs).slopes["x"][0].kind == kind


def has_sides(text: str, size: int) -> bool:
    """Whether a value tends to different numbers around zeros."""
    (found,) = limits(parse(text, bound=["x"]), {"x": np.zeros(size)}, {}, moved=["x"])
    return bool(found.value.item().kind == "sides")


@each("signs", product("<>", repeat=3))
def test_an_octant_that_is_another_than_the_rest_is_seen(signs: tuple[str, ...]) -> None:
    there = " & ".join(f"(x[{place}] {sign} 0)" for place, sign in enumerate(signs))
    assert has_sides(f"where({there}, 1.0, 0.0)", 3)


@each("pair", combinations(range(4), 2))
def test_two_coordinates_that_have_to_have_one_sign_are_seen_among_four(pair: tuple[int, int]) -> None:
    one, other = pair
    assert has_sides(f"sign(x[{one}] * x[{other}])", 4)


@each("sign", "<>")
def test_a_curve_in_one_pair_of_quadrants_is_seen(sign: str) -> None:
    assert has_sides(f"where(x[0] * x[1] {sign} 0, x[0]**2 * x[1] / (x[0]**4 + x[1]**2), 0.0)", 2)  # 0 on every line


def test_a_surface_on_which_one_of_three_coordinates_is_of_the_size_of_a_product_of_the_others_is_seen() -> None:
    assert has_sides("x[0]*x[1]*x[2] / ((x[0]*x[1])**2 + x[2]**2)", 3)  # 0 on every line


def test_the_sides_of_a_kink_are_its_slopes() -> None:
    ((right, left),) = limits_of("x*atan(1/x)", {"x": 0}).slopes["x"][0].pairs
    assert (float(right), float(left)) == pytest.approx((math.pi / 2, -math.pi / 2))


def test_a_function_that_ends_has_the_slope_of_the_side_it_is_on() -> None:
    assert numbers(limits_of("x**1.5", {"x": 0}), "x") == [0.0]


def test_the_value_of_a_quotient_of_zeros() -> None:
    assert float(limits_of("(1 - cos(x))/x**2", {"x": 0}).value.item().value) == pytest.approx(0.5)
    assert limits_of("x/norm(x)", {"x": [0, 0]}).value[0].kind == "sides"
    assert limits_of("softmax(x, dim=0)", {"x": [-INF, -INF]}).value[0].kind == "sides"


@each(
    "text, inputs, slope",
    [
        ("x**3*sin(y)/y", {"x": 1e-100, "y": 0}, 3e-200),
        ("x*sin(y)/y", {"x": 0, "y": 0}, 1),
        ("exp(-x)*sin(y)/y", {"x": INF, "y": 0}, 0),
    ],
)
def test_an_input_that_stays_at_the_point_is_differentiated_there(
    text: str, inputs: dict[str, Any], slope: float
) -> None:
    assert numbers(limits_of(text, inputs, wrt="x", moved=["y"]), "x") == pytest.approx([slope], rel=1e-9, abs=0)


def test_a_limit_is_undefined_where_it_is_so_for_the_value_or_a_slope() -> None:
    assert limits_of("log(x)", {"x": -1}).has_undefined
    assert limits_of("x*log(y)", {"x": 1, "y": -1}).has_undefined
    assert not limits_of("x*log(x)", {"x": 0}).has_undefined


def test_a_cotangent_weighs_the_outputs() -> None:
    found = limits_of("x*sum(x)*sqrt(x)", {"x": [0, 1]}, cotangents=[np.array([5.0, 2.0])])
    assert numbers(found, "x")[1] == pytest.approx(5.0)  # 2 * d(x1 * (x0 + x1) * sqrt(x1)) / dx1 = 2 * 2.5


def test_each_cotangent_has_an_answer() -> None:
    arrays = {"x": np.array([0.0, 4.0])}
    both = limits(parse("x*sqrt(x)"), arrays, {"x": [1]}, moved=["x"], cotangents=[None, np.array([1.0, -2.0])])
    assert [float(found.slopes["x"][1].value) for found in both] == pytest.approx([3.0, -6.0])


def test_what_is_undefined_for_the_moved_inputs_is_completed_by_moving_all() -> None:
    text, inputs = "p = acos(w); p/sin(p)*d", {"w": 1, "d": 0}
    first = limits_of(text, inputs, wrt="d")
    assert first.slopes["d"][0].kind == "undefined"
    whole = first.completed_by(limits_of(text, inputs, wrt="d", moved=["w", "d"]))
    assert numbers(whole, "d") == pytest.approx([1.0])
    assert (first.value.item().kind, whole.value.item().value) == ("undefined", 0)


def test_held_conditions_give_the_slope_of_the_branch_that_is_chosen() -> None:
    text, inputs = "where(x > 0, sqrt(x), 2*x)", {"x": 0}
    assert limits_of(text, inputs).slopes["x"][0].kind == "sides"
    assert numbers(limits_of(text, inputs, hold_conditions=True), "x") == [2.0]
    assert numbers(limits_of(f"({text})[0]", {"x": [0]}, hold_conditions=True), "x") == [2.0]
    assert numbers(limits_of("nan_to_num(log(x))", {"x": [0, 2]}, hold_conditions=True), "x") == [0.0, 0.5]
    assert numbers(limits_of("exp(log(x))", {"x": 0}, hold_conditions=True), "x") == [1.0]


def test_a_fully_masked_row_is_uniform_where_its_infinity_is_a_large_number() -> None:
    inputs = {"x": np.array([1.0, 2.0]), "m": np.array([True, True])}
    options: dict[str, Any] = {"wrt": "x", "cotangents": [np.array([1.0, 0.3])]}
    assert limits_of("softmax(masked_fill(x, m, -inf), 0)", inputs, **options).value[0].kind == "undefined"
    found = limits_of("softmax(masked_fill(x, m, -inf), 0)", inputs, finite_constants=True, **options)
    assert [float(one.value) for one in found.value] == pytest.approx([0.5, 0.5])
    assert numbers(found, "x") == [0.0, 0.0]


def test_what_has_no_rule_has_no_limit() -> None:
    with pytest.raises(NoReference):
        limits_of("fft.fft(x)", {"x": [0, 1]})


@each("power, settles", [(0.1, False), (0.2, False), (0.24, True), (0.5, True)])
def test_a_limit_is_told_where_the_nearest_number_has_nine_digits_of_it(power: float, settles: bool) -> None:
    with mp.workdps(60):
        found = tends_to(lambda at: 1 + mp.mpf(10) ** (-DISTANCES[at] * power))
    assert (found is not None) == settles
    assert found is None or abs(found - 1) < 1e-9


@pytest.mark.parametrize("text", ["masked_select(sqrt(x), x > 0)", "sqrt(x)[x <= 0]", "x[x > 0]"])
def test_what_has_another_shape_beside_the_point_has_no_limit(text: str) -> None:
    """At 0 and 4 one element is selected; beside the point none or two are."""
    with pytest.raises(NoReference):
        limits_of(text, {"x": [0.0, 4.0]}, cotangents=[np.ones(1)])


@each(
    "values, limit",
    [
        ((3, 3, 3), 3.0),
        ((1e-10, 1e-20, 1e-40), 0.0),  # x
        ((1e-5, 1e-10, 1e-20), 0.0),  # sqrt(x)
        ((1e-2, 1e-4, 1e-8), 0.0),  # x**0.2
        ((1 + 1e-5, 1 + 1e-10, 1 + 1e-20), 1.0),
        ((23, 46, 92), INF),  # -log(x)
        ((-1e10, -1e20, -1e40), -INF),
        ((0.04, 0.02, 0.01), None),  # 1/log(x), or anything else
        ((1, -1, 1), None),
        ((1, -2, 4), None),
        ((0, 0, 1), None),  # nothing is known of what shows at the last distance alone
        ((0, 0, -1), None),
        ((1, 1, 1.001), None),
        ((1, 0.9, 0.01), None),
        ((100001, 1.00001, 1), 1.0),
        ((NAN, NAN, NAN), NAN),
        ((1, 1, NAN), NAN),
        ((5, 2, INF), INF),
        ((INF, 2, 1), None),
    ],
)
def test_what_a_sequence_tends_to(values: tuple[float, ...], limit: float | None) -> None:
    with mp.workdps(60):
        numbers = [mp.mpf(value) if isinstance(value, int) else mp.mpf(repr(value)) for value in values]
        found = tends_to(numbers.__getitem__)
    assert found == limit if limit == limit else found != found


def test_a_number_is_computed_only_where_those_behind_it_settle_nothing() -> None:
    for values, computed in (((1, 2, INF), [2]), ((1, INF, 2), [2, 1]), ((1, 2, 2), [2, 1]), ((1, 2, 3), [2, 1, 0])):
        asked: list[int] = []
        tends_to(lambda at, values=values, asked=asked: asked.append(at) or mp.mpf(values[at]))  # type: ignore[misc]
        assert asked == computed


def test_sides_are_one_limit_only_where_they_agree() -> None:
    one, near, other, none = mp.mpf(1), mp.mpf(1) + mp.mpf(10) ** -9, mp.mpf(1) + mp.mpf(10) ** -7, mp.nan
    assert joined([(one, near)]).kind == "limit"
    assert joined([(one, other)]).kind == "sides"
    assert joined([(one, none)]) == Limit("limit", one, ((one, none),))
    assert joined([(one, mp.inf)]).kind == "sides"
    assert joined([(none, none)]).kind == "undefined"
    assert joined([(one, None)]).kind == "unknown"


@each("sides, bounded", [((1, 1), True), ((1, 2), True), ((1, NAN), True), ((1, INF), False), ((NAN, NAN), False)])
def test_a_limit_is_bounded_where_no_side_tends_to_an_infinity(sides: tuple[float, float], bounded: bool) -> None:
    one, other = map(mp.mpf, sides)
    assert joined([(one, other)]).is_bounded == bounded
    assert not joined([(one, other), (None, other)]).is_bounded
