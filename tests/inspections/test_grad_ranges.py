"""`grad --range`: the points of a curve, the grid of a field, and what plots are drawn from."""

from __future__ import annotations

import numpy as np
import pytest
from command_line import answered, captured, failed, in_process_of_its_own, numbers

import gradcli
from gradcli.diagnose.bound_expression import ComputeOptions, Selection
from gradcli.inspections.drawn import drawn_grad
from gradcli.inspections.grad import grad
from gradcli.inspections.options import GradOptions
from gradcli.language.request import read
from gradcli.results import ActivateResult, GradResult


def test_a_range_is_the_points_of_a_linspace() -> None:
    ranged = answered(["grad", "sigmoid", "--range", "-5:5:101"])
    points = answered(["grad", "sigmoid", "linspace(-5, 5, 101)"])
    for key in ("inputs", "output", "gradients"):
        found, expected = (
            next(iter(document[key].values())) if key != "output" else document[key] for document in (ranged, points)
        )
        assert found["shape"] == expected["shape"] == [101]
        np.testing.assert_allclose(numbers(found["values"]), numbers(expected["values"]), rtol=1e-6, atol=1e-6)


def test_points_are_the_nearest_numbers_to_round_ones() -> None:
    found = answered(["grad", "sigmoid", "--range", "-2:2:41"])["inputs"]["x"]["values"]
    assert found == [float(np.float64(place - 20) / 10) for place in range(41)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_gradient_of_a_saddle_is_2x_and_minus_2y_at_every_point_of_the_grid(dtype: str) -> None:
    words = ["grad", "x**2 - y**2", "--range", "x=-2:2:9", "--range", "y=-1:1:5", "--dtype", dtype]
    answer = answered(words)
    x, y = np.meshgrid(np.linspace(-2, 2, 9), np.linspace(-1, 1, 5))
    assert answer["output"]["shape"] == [5, 9]
    assert answer["method"]["elementwise"] is True
    for found, expected in [
        (answer["inputs"]["x"], x),
        (answer["inputs"]["y"], y),
        (answer["output"], x**2 - y**2),
        (answer["gradients"]["x"], 2 * x),
        (answer["gradients"]["y"], -2 * y),
    ]:
        np.testing.assert_array_equal(np.array(found["values"]), expected)


def test_the_first_range_runs_along_the_rows() -> None:
    answer = answered(["grad", "x - y", "--range", "y=0:1:2", "--range", "x=0:2:3"])
    assert answer["inputs"]["y"]["values"] == [[0, 1], [0, 1], [0, 1]]
    assert answer["inputs"]["x"]["values"] == [[0, 0], [1, 1], [2, 2]]


def test_other_names_are_single_numbers_and_not_differentiated_unless_asked() -> None:
    answer = answered(["grad", "a * x**2", "--range", "x=0:2:3", "a=3"])
    assert answer["output"]["values"] == [0, 3, 12]
    assert list(answer["gradients"]) == ["x"]
    assert answer["gradients"]["x"]["values"] == [0, 6, 12]
    asked = answered(["grad", "a * x**2", "--range", "x=0:2:3", "a=3", "--wrt", "a"])
    assert asked["gradients"] == {"a": asked["gradients"]["a"]}
    assert asked["gradients"]["a"]["values"] == 0 + 1 + 4


def test_frozen_names_of_a_field_have_no_gradient() -> None:
    answer = answered(["grad", "x * y", "--range", "x=0:2:3", "--range", "y=0:1:2", "--frozen", "y"])
    assert list(answer["gradients"]) == ["x"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["sigmoid", "--range", "1:1:5"], "begins and ends at 1"),
        (["sigmoid", "--range", "1:1.0000000001:5"], "begins and ends at 1 in float32"),
        (["sigmoid", "--range", "0:1e39:5"], "goes to 1e+39, which float32 cannot hold"),
        (["x * y", "--range", "x=0:1:5", "--range", "y=-1e5:1:5", "-t", "half"], "goes to -100000, which float16"),
        (["sigmoid", "--range", "0:inf:5"], "one finite number"),
        (["sigmoid", "--range", "0:[1, 2]:5"], "one finite number"),
        (["sigmoid", "--range", "0:1j:5"], "complex"),
        (["x * y * a", "--range", "x=0:1:3", "--range", "y=0:1:3", "a=1,2"], "'a' has 2 values"),
        (["x * y", "--range", "x=0:1:3", "--range", "y=0:1:2000000"], "--range has 2,000,000 points"),
    ],
)
def test_ranges_that_cannot_be_are_refused(words: list[str], message: str) -> None:
    assert message in failed(["grad", *words], 2)["message"]


def test_a_range_of_one_point_is_that_point() -> None:
    assert answered(["grad", "sigmoid", "--range", "1:1:1"])["inputs"]["x"]["values"] == [1]
    assert answered(["grad", "sigmoid", "--range", "-1e308:1e308:3", "-t", "double"])["inputs"]["x"]["values"] == [
        -1e308,
        0,
        1e308,
    ]


def test_refusing_a_range_costs_no_torch() -> None:
    code, out, _ = in_process_of_its_own(
        python="import sys; from gradcli.cli import main; "
        "code = main(['grad', 'x*y', '--range', 'x=0:1:3', '--range', 'z=0:1:3']); print(code, 'torch' in sys.modules)"
    )
    assert (code, out) == (0, "2 False\n")


def test_in_a_pipe_there_is_a_plot_only_when_it_is_asked_for() -> None:
    words = ["grad", "sigmoid", "--range", "-5:5:3"]
    assert "over x" not in captured(words)[1]
    assert "over x" in captured([*words, "--plot"])[1]
    field = ["grad", "x * y", "--range", "x=-1:1:5", "--range", "y=-1:1:5"]
    assert "saddle" not in captured(field)[1]
    assert "saddle" in captured([*field, "--plot"])[1]


def test_a_long_grid_is_cut_by_max_rows() -> None:
    words = ["grad", "x * y", "--range", "x=0:1:50", "--range", "y=0:1:50"]
    out = captured([*words, "--max-rows", "4"])[1]
    assert [line.split("  ")[0] for line in out.splitlines()[3:8]] == [
        *("[0, 0]", "[0, 1]"),
        "… 2,496 more",
        *("[49, 48]", "[49, 49]"),
    ]
    assert len(captured([*words, "--max-rows", "4", "--all"])[1].splitlines()) == 2500 + 5


def test_python_has_ranges_too() -> None:
    result = gradcli.grad("x * y", range=["x=0:1:3", "y=0:1:2"])
    assert isinstance(result, GradResult)
    assert result.output.shape == (2, 3)


def answer_and_drawing(subject: str, *words: str, options: GradOptions = GradOptions()) -> tuple[object, object]:
    asked = read(subject, list(words), command="grad")
    result = grad(asked, options)
    return result, drawn_grad(subject, result, asked, options, ComputeOptions(), Selection())


def test_a_function_of_the_catalogue_is_drawn_with_what_is_known_about_it() -> None:
    _, drawing = answer_and_drawing("relu", "-2", "3")
    assert isinstance(drawing, ActivateResult)
    assert drawing.inputs["x"].values.size == 401
    assert [kink.at for kink in drawing.functions[0].verdict.kinks] == [0]


@pytest.mark.parametrize(("subject", "words"), [("relu(x)*x", ("-2", "3")), ("a * x", ("a=3", "x=-2,3"))])
def test_an_expression_is_drawn_over_many_points(subject: str, words: tuple[str, ...]) -> None:
    selected = answer_and_drawing(subject, *words, options=GradOptions())
    assert isinstance(selected[1], GradResult)
    size = selected[1].inputs["x"].values.size
    assert size == (401 if subject != "a * x" else 2)  # the slope of a is one number for all points: no curve


@pytest.mark.parametrize(
    ("subject", "words"),
    [("relu", ("1",)), ("x + randn(2)", ("0", "1")), ("softmax", ("0", "1")), ("x * y", ("x=0,1", "y=0,1"))],
)
def test_what_has_no_curve_is_drawn_as_it_is(subject: str, words: tuple[str, ...]) -> None:
    result, drawing = answer_and_drawing(subject, *words)
    assert drawing is result


def test_a_stretch_holds_the_points_that_are_counted() -> None:
    verdict = answered(["activate", "relu", "-3", "2", "-1", "5", "-2"])["functions"][0]["verdict"]
    assert verdict["dead"] == 3
    assert verdict["stretches"] == [{"state": "dead", "start": -3, "stop": -1}]
    tanh = answered(["activate", "tanh", "-9", "-8", "0", "9"])["functions"][0]["verdict"]
    assert tanh["saturated"] == 3
    assert tanh["stretches"] == [
        {"state": "saturated", "start": -9, "stop": -8},
        {"state": "saturated", "start": 9, "stop": 9},
    ]
    assert answered(["activate", "tanh", "0"])["functions"][0]["verdict"]["stretches"] == []
