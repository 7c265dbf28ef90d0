"""`activate`: values, derivatives and verdicts, counted by closed forms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from command_line import answered, failed, numbers
from each import each


def curve(*argv: str) -> Any:
    return answered(["activate", *argv])["functions"][0]


def test_functions_stand_side_by_side_over_the_same_points() -> None:
    result = answered(["activate", "sigmoid,tanh,relu(x) - relu(x - 1)", "-2", "0.5", "3", "-t", "float64"])
    assert [c["name"] for c in result["functions"]] == ["sigmoid", "tanh", "relu(x) - relu(x - 1)"]
    assert result["inputs"]["x"]["values"] == [-2, 0.5, 3]
    sigmoid, tanh, clipped = result["functions"]
    assert sigmoid["values"]["values"] == pytest.approx([1 / (1 + math.exp(-x)) for x in (-2, 0.5, 3)], rel=1e-15)
    assert tanh["derivative"]["values"] == pytest.approx([1 - math.tanh(x) ** 2 for x in (-2, 0.5, 3)], rel=1e-12)
    assert clipped["values"]["values"] == [0, 0.5, 1]
    assert clipped["derivative"]["values"] == [0, 1, 0]


def test_the_gradient_that_arrives_is_that_of_the_derivative_which_is_shown() -> None:
    (found,) = answered(["activate", "sqrt", "4", "0"])["findings"]
    told = "sqrt(x) at x[1] = 0: local derivative 1/(2*sqrt(0)) = inf, times the incoming gradient 1 = inf"
    assert found["message"] == told


def test_a_stretch_has_both_ends() -> None:
    points = answered(["activate", "tanh", "--range", "-1:1:5", "-t", "float64"])["inputs"]["x"]["values"]
    assert points == [-1, -0.5, 0, 0.5, 1]


def test_stretches_follow_the_points_and_each_other() -> None:
    argv = ["activate", "tanh", "9", "--range", "0:1:2", "--range", "x=pi:-pi:3", "-t", "float64"]
    assert answered(argv)["inputs"]["x"]["values"] == pytest.approx([9, 0, 1, math.pi, 0, -math.pi], abs=1e-15)


def test_a_stretch_of_one_point_is_its_start() -> None:
    assert answered(["activate", "tanh", "--range", "3:5:1"])["inputs"]["x"]["values"] == [3]


def test_without_points_the_functions_own_interval_is_drawn() -> None:
    points = answered(["activate", "sigmoid"])["inputs"]["x"]["values"]
    assert len(points) == 11
    assert points[0] == -points[-1] < 0


def test_a_stretch_or_a_point_of_another_name_is_refused() -> None:
    assert "the variable is 'x'" in failed(["activate", "tanh", "--range", "y=0:1:2"], 2)["message"]
    assert "the points belong to 'x'" in failed(["activate", "tanh", "y=1"], 2)["message"]
    assert curve("tanh", "x=0")["derivative"]["values"] == [1]


def test_the_points_are_in_the_dtype_before_they_are_drawn() -> None:
    result = answered(["activate", "tanh", "0.1", "-t", "bfloat16"])
    assert result["inputs"]["x"]["dtype"] == "bfloat16"
    assert numbers(result["inputs"]["x"]["values"])[0] == pytest.approx(0.1, rel=4e-3)


def test_second_derivatives_come_with_order_two_only() -> None:
    assert curve("tanh", "0.5")["second_derivative"] is None
    second = curve("tanh", "0.5", "--order", "2", "-t", "float64")["second_derivative"]["values"]
    t = math.tanh(0.5)
    assert second == pytest.approx([-2 * t * (1 - t * t)], rel=1e-12)


def test_parameters_change_the_curve_and_stand_beside_it() -> None:
    found = curve("leaky_relu", "-2", "3", "--param", "negative_slope=0.25")
    assert found["parameters"] == {"negative_slope": 0.25}
    assert found["values"]["values"] == [-0.5, 3]
    assert found["derivative"]["values"] == [0.25, 1]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["tanh", "1", "--order", "3"], "--order 3 is out of bounds"),
        (["tanh", "1", "--order", "0"], "--order 0 is out of bounds"),
        (["tanh", "1", "--depth", "0"], "--depth 0 is out of bounds"),
        (["tanh", "1", "--depth", "101"], "--depth 101 is out of bounds"),
    ],
)
def test_numbers_out_of_bounds_are_refused(argv: list[str], message: str) -> None:
    assert failed(["activate", *argv], 2)["message"] == message


# --- verdicts --------------------------------------------------------------------------------------------------------


def test_sigmoid_is_saturated_where_its_slope_is_below_a_thousandth_of_a_quarter() -> None:
    points = list(range(-12, 13))
    verdict = curve("sigmoid", *map(str, points), "-t", "float64")["verdict"]
    s = [1 / (1 + math.exp(-x)) for x in points]
    expected = sum(p * (1 - p) < 1e-3 * 0.25 for p in s)
    assert 0 < expected < len(points)
    assert (verdict["points"], verdict["saturated"], verdict["dead"]) == (25, expected, 0)
    assert verdict["summary"] == f"saturated at {expected} of 25 points"


def test_the_border_of_saturation_is_where_the_closed_form_puts_it() -> None:
    """s(1 - s) = 0.00025 at x = 8.2936..., the root of a quadratic equation."""
    s = (1 + math.sqrt(1 - 4 * 0.00025)) / 2
    border = math.log(s / (1 - s))
    for x, saturated in ((border - 1e-6, 0), (border + 1e-6, 1), (-border + 1e-6, 0), (-border - 1e-6, 1)):
        assert curve("sigmoid", repr(x), "-t", "float64")["verdict"]["saturated"] == saturated


def test_relu_is_dead_below_zero_but_not_at_its_kink_and_never_saturated() -> None:
    verdict = curve("relu", "-3", "-1e-30", "0", "1e-30", "3")["verdict"]
    assert (verdict["dead"], verdict["saturated"]) == (2, None)
    assert verdict["summary"] == "dead at 2 of 5 points"


def test_a_slope_that_underflows_is_not_dead_by_definition() -> None:
    verdict = curve("sigmoid", "200")["verdict"]
    assert (verdict["dead"], verdict["saturated"]) == (0, 1)


def test_hardtanh_is_dead_outside_and_alive_inside_of_its_parameters() -> None:
    argv = ("hardtanh", "-3", "-1.5", "0", "0.7", "2", "--param", "min_val=-2", "--param", "max_val=0.5")
    verdict = curve(*argv)["verdict"]
    assert verdict["dead"] == 3
    assert [kink["at"] for kink in verdict["kinks"]] == [-2, 0.5]


def test_an_expression_of_ones_own_is_dead_where_it_is_constant() -> None:
    verdict = curve("relu(x) - relu(x - 1)", "-1", "0.5", "2")["verdict"]
    assert (verdict["dead"], verdict["saturated"], verdict["range"], verdict["kinks"]) == (2, None, None, [])
    assert verdict["summary"] == "dead at 2 of 3 points"


def test_an_expression_whose_value_no_float64_holds_is_not_constant_there() -> None:
    verdict = curve("x*sigmoid(x)", "-1000", "0")["verdict"]  # -1000*exp(-1000) is 5e-432
    assert (verdict["dead"], verdict["summary"]) == (0, "derivative 0 at 1 of 2 points")


@each("function", ["relu", "relu(x)", "maximum(x, 0)", "where(x > 0, x, 0)", "clamp(x, min=0)"])
@each("points, dead", [(("0",), 0), (("-1e-3",), 1), (("-1", "0", "1"), 1)])
def test_a_function_dies_at_the_same_points_by_name_and_by_expression(
    function: str, points: tuple[str, ...], dead: int
) -> None:
    assert curve(function, *points)["verdict"]["dead"] == dead


@pytest.mark.parametrize(
    ("function", "point", "summary"),
    [
        ("relu", "0", "derivative 0 at 1 of 1 point"),  # a kink, where PyTorch takes 0
        ("x**2", "0", "derivative 0 at 1 of 1 point"),
        ("1/(1 + exp(-x))", "200", "derivative 0 at 1 of 1 point"),  # by rounding: level at 16 digits, not at 50
        ("x - x", "3", "dead at 1 of 1 point"),
    ],
)
def test_a_derivative_of_zero_alone_is_no_death(function: str, point: str, summary: str) -> None:
    verdict = curve(function, point)["verdict"]
    assert (verdict["summary"], verdict["dead"]) == (summary, int(function == "x - x"))


def test_a_slope_below_the_threshold_is_not_called_alive() -> None:
    smallest = f"the smallest slope is {np.exp(np.float32(-20)):.6g} at -20"
    assert curve("exp", "0", "-20")["verdict"]["summary"] == smallest
    assert curve("0.00099 * x", "1")["verdict"]["summary"] == "the smallest slope is 0.00099 at 1"
    assert curve("0.00101 * x", "1")["verdict"]["summary"] == "alive at every point"


def test_the_verdict_is_on_the_last_layer() -> None:
    ten = curve("sigmoid", "-4", "0.5", "3", "--depth", "10", "-t", "float64")
    slopes = ten["layers"][-1]["slope"]["values"]
    assert max(slopes) < 1e-6
    left = f"through 10 layers: |dy/dx| is {min(slopes):.6g} to {max(slopes):.6g}"
    assert ten["verdict"]["summary"] == f"vanishing at 3 of 3 points {left}"
    assert (ten["verdict"]["saturated"], ten["verdict"]["dead"]) == (3, 0)
    for words, summary, saturated, dead in (
        ("sigmoid 0 --depth 1", "alive at every point", 0, 0),
        ("sigmoid 0 --depth 2", "alive at every point through 2 layers: |dy/dx| is 0.0587509", 0, 0),
        ("relu -1 1 --depth 3", "dead at 1 of 2 points through 3 layers: |dy/dx| is 0 to 1", 0, 1),
        # alive in the first layer, which gives -3.2: there the second one is dead
        ("hardsigmoid(x)-4 2 --depth 2", "dead at 1 of 1 point through 2 layers: |dy/dx| is 0", 0, 1),
        # at the kink PyTorch takes 0, and no layer is dead: what the last one gives goes nowhere
        ("1-3*relu(x) 0 --depth 2", "vanishing at 1 of 1 point through 2 layers: |dy/dx| is 0", 1, 0),
        ("hardtanh 0.5 3 --depth 3", "dead at 1 of 2 points through 3 layers: |dy/dx| is 0 to 1", 0, 1),
        ("-2*x 1 --depth 10", "exploding at 1 of 1 point through 10 layers: |dy/dx| is 1024", 0, 0),
        ("x/4 1 --depth 4", "alive at every point through 4 layers: |dy/dx| is 0.00390625", 0, 0),
        ("x/4 1 --depth 5", "vanishing at 1 of 1 point through 5 layers: |dy/dx| is 0.000976562", 1, 0),
        ("sqrt -1 4 --depth 2", "no slope at some points through 2 layers: |dy/dx| is 0.0883883", 0, 0),
    ):
        verdict = curve(*words.split(), "-t", "float64")["verdict"]
        assert (verdict["summary"], verdict["saturated"], verdict["dead"]) == (summary, saturated, dead), words


def test_a_lively_function_is_alive_and_one_point_is_no_plural() -> None:
    assert curve("softplus", "-1", "0", "1")["verdict"]["summary"] == "alive at every point"
    assert curve("relu", "-1")["verdict"]["summary"] == "dead at 1 of 1 point"


def test_the_lowest_and_highest_values_are_of_those_seen_and_finite() -> None:
    verdict = curve("exp", "-1", "2", "inf", "-t", "float64")["verdict"]
    assert (verdict["lowest"], verdict["highest"]) == (pytest.approx(math.exp(-1)), pytest.approx(math.exp(2)))
    assert curve("sqrt", "-1")["verdict"]["lowest"] is None


def test_kinks_are_those_within_the_points() -> None:
    assert [kink["at"] for kink in curve("relu6", "-1", "1")["verdict"]["kinks"]] == [0]
    assert [kink["at"] for kink in curve("relu6", "-1", "7")["verdict"]["kinks"]] == [0, 6]
    assert curve("relu6", "1", "2")["verdict"]["kinks"] == []


def test_a_step_jumps_and_has_no_derivative_and_a_neighbour_has_one() -> None:
    result = answered(["activate", "heaviside,sigmoid", "-1", "0", "1"])
    step, smooth = result["functions"]
    assert step["derivative"] is None
    assert step["verdict"]["summary"] == "no derivative"
    assert (step["verdict"]["saturated"], step["verdict"]["dead"]) == (None, None)
    assert [(kink["at"], kink["jump"]) for kink in step["verdict"]["kinks"]] == [(0, True)]
    assert "derivative for aten::heaviside is not implemented" in step["error"]["message"]
    assert smooth["derivative"] is not None
    assert [finding["code"] for finding in result["findings"]] == ["not-differentiable"]


def test_grad_of_a_step_fails_with_the_error_that_activate_shows() -> None:
    error = failed(["grad", "heaviside", "0"], 1)
    assert error["message"] == curve("heaviside", "0")["error"]["message"]


# --- depth -----------------------------------------------------------------------------------------------------------


def test_the_slope_through_layers_is_the_product_of_the_slopes_on_the_way() -> None:
    layers = curve("sigmoid", "-4", "0.5", "3", "--depth", "10", "-t", "float64")["layers"]
    assert [layer["layer"] for layer in layers] == list(range(1, 11))
    for index, x in enumerate((-4.0, 0.5, 3.0)):
        value, slope = x, 1.0
        for layer in layers:
            value = 1 / (1 + math.exp(-value))
            slope *= value * (1 - value)
            assert layer["values"]["values"][index] == pytest.approx(value, rel=1e-13)
            assert layer["slope"]["values"][index] == pytest.approx(slope, rel=1e-12)
    assert max(layers[-1]["slope"]["values"]) < 1e-5


def test_a_stack_of_steep_layers_explodes_and_the_slope_is_absolute() -> None:
    layers = curve("-2 * x", "1", "--depth", "6")["layers"]
    assert [layer["slope"]["values"][0] for layer in layers] == [2, 4, 8, 16, 32, 64]


def test_without_depth_there_are_no_layers() -> None:
    assert curve("sigmoid", "1")["layers"] == []


def test_a_function_without_a_derivative_has_no_layers() -> None:
    assert curve("heaviside", "1", "--depth", "3")["layers"] == []


# --- nothing to draw -------------------------------------------------------------------------------------------------


def test_what_pytorch_raises_in_the_function_itself_is_the_answer() -> None:
    error = failed(["activate", "tanh,sigmoid_", "1"], 1)
    assert error["message"].startswith("a leaf Variable that requires grad")


def test_a_function_of_the_whole_tensor_is_not_drawn() -> None:
    assert "element by element" in failed(["activate", "x + [1, 2]", "1", "2"], 2)["message"]
