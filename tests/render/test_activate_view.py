"""Activation functions as people read them: the verdicts first, then the curves, then the numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from results_by_hand import SETTING, STACK, STEP_AND_SIGMOID, leaf, tensor, verdict
from showing import shown

from gradcli.results import ActivateResult, Curve, Kink, Layer

POINTS = np.linspace(-5, 5, 11)


def function(name: str, **changes: object) -> Curve:
    return Curve(
        name=name,
        expression=f"{name}(x)",
        parameters={},
        values=tensor(np.tanh(POINTS)),
        derivative=tensor(1 - np.tanh(POINTS) ** 2),
        second_derivative=None,
        layers=(),
        verdict=verdict(points=11, lowest=-0.9999092, highest=0.9999092, **changes),
    )


def of(*functions: Curve) -> ActivateResult:
    expression = ", ".join(curve.expression for curve in functions)
    return ActivateResult(SETTING, expression, {"x": leaf(POINTS)}, functions, order=1)


KINK = Kink(at=0.0, jump=False, left=0.0, right=1.0, torch=0.0)
RELU = function("relu", range="[0, inf)", dead=5, saturated=None, kinks=(KINK,), summary="dead at 5 of 11 points")
TANH = function("tanh", range="(-1, 1)", saturated=2, summary="saturated at 2 of 11 points")
SIX = of(
    function("sigmoid"),
    TANH,
    RELU,
    function("leaky_relu", range="(-inf, inf)", kinks=(replace(KINK, left=0.01, torch=0.009999999776482582),)),
    function("selu", range="(-1.7580993408, inf)", kinks=(replace(KINK, at=-0.0, torch=-0.0),)),
    function("softplus", range="(0, inf)"),
)


def test_several_functions_are_a_verdict_each_and_a_table_for_each_order() -> None:
    assert shown(STEP_AND_SIGMOID) == (
        "heaviside, sigmoid  float32 on cpu\n"
        "\n"
        "heaviside  no derivative; range {0, 0.5, 1}; jump at 0\n"
        "sigmoid    alive at every point; range (0, 1)\n"
        "\n"
        " x  heaviside   sigmoid\n"
        "-1        0    0.268941\n"
        " 0        0.5  0.5\n"
        " 1        1    0.731059\n"
        "\n"
        " x  heaviside'  sigmoid'\n"
        "-1           -  0.196612\n"
        " 0           -  0.25\n"
        " 1           -  0.196612\n"
        "\n"
        "PyTorch raised NotImplementedError:\n"
        "  derivative for aten::heaviside is not implemented\n"
        "  heaviside(x)\n"
        "  ^^^^^^^^^^^^\n"
        "PyTorch has no derivative of this operation.\n"
    )


def test_the_verdicts_of_six_functions_and_the_rules_behind_their_words() -> None:
    assert shown(SIX, width=80).splitlines()[2:9] == [
        "sigmoid     alive at every point; range (0, 1)",
        "tanh        saturated at 2 of 11 points; range (-1, 1)",
        "relu        dead at 5 of 11 points; range [0, inf); kink at 0 (PyTorch: 0)",
        "leaky_relu  alive at every point; kink at 0 (PyTorch: 0.01)",
        "selu        alive at every point; range (-1.7581, inf); kink at 0 (PyTorch: 0)",
        "softplus    alive at every point; range (0, inf)",
        "dead: constant around the point; saturated: slope below 1/1000 of its largest",
    ]


def test_six_functions_with_their_plots_are_two_screens_and_one_is_one() -> None:
    assert len(shown(SIX, width=80, plot=True).splitlines()) <= 2 * 24 - 1
    for curve in SIX.functions:
        assert len(shown(of(curve), width=80, plot=True).splitlines()) <= 24 - 1


def test_one_function_has_its_kinks_in_a_table() -> None:
    text = shown(of(RELU))
    assert "verdict  dead at 5 of 11 points\nrange    [0, inf); seen: -0.999909 to 0.999909\n" in text
    assert "range    [0, inf); seen: -0.999909 to 0.999909\ndead: constant around the point\n\n" in text
    assert text.endswith(
        "\n"
        "kink at  jumps  left slope  right slope  PyTorch takes\n"
        "      0  slope           0            1              0\n"
    )


@pytest.mark.parametrize(
    ("kinks", "words"),
    [
        ((KINK, replace(KINK, at=6.0)), "; kinks at 0 and 6 (PyTorch: 0)"),
        ((replace(KINK, torch=0.5), replace(KINK, at=6.0)), "; kinks at 0 and 6 (PyTorch: 0.5 and 0)"),
        ((replace(KINK, jump=True), KINK), "; kink at 0 (PyTorch: 0); jump at 0 (PyTorch: 0)"),
        ((replace(KINK, jump=True, torch=None),), "; jump at 0"),
        ((), ""),
    ],
)
def test_kinks_of_several_functions_are_words(kinks: tuple[Kink, ...], words: str) -> None:
    text = shown(of(TANH, function("f", kinks=kinks)))
    assert f"f     alive at every point; range (0, 1){words}\n" in text


def test_a_range_says_its_parameters_by_their_values() -> None:
    clipped = replace(function("clip", range="[low, high]"), parameters={"low": -0.0, "high": 6})
    assert "range    [0, 6]; seen:" in shown(of(clipped))


def test_the_rule_of_a_stack_is_that_of_its_last_layer() -> None:
    layers = tuple(Layer(number, TANH.values, TANH.values) for number in (1, 2))
    deep = replace(TANH, layers=layers)
    assert "\nvanishing: less than 1/1000 of a gradient gets through\n" in shown(of(deep))
    assert "vanishing" not in shown(STACK)


def test_functions_that_were_called_with_more_than_a_point_are_headed_as_they_were_called() -> None:
    leaky = replace(TANH, name="leaky_relu", expression="leaky_relu(x, negative_slope=0.2)")
    assert shown(of(TANH, leaky)).startswith("tanh(x), leaky_relu(x, negative_slope=0.2)  float32 on cpu\n")


def test_nothing_finite_is_said() -> None:
    nothing = replace(TANH, verdict=verdict(range=None, lowest=None, highest=None))
    assert "\nseen     nothing finite\n" in shown(of(nothing))
    assert "\nrange    (0, 1); seen: 0.5\n" in shown(of(replace(TANH, verdict=verdict(lowest=0.5, highest=0.5))))
