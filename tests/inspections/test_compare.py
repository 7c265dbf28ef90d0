"""`compare`: pairs that are known to be the same, or not, and which of them has the digits."""

from __future__ import annotations

import math
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import torch
from command_line import answered, captured, failed

import gradcli
from gradcli.exceptions import GradcliError

SAME = [
    ("silu", "x * sigmoid(x)", ["-20", "-1", "0", "3"]),
    ("sigmoid", "1 / (1 + exp(-x))", ["-2", "0.5", "3"]),
    ("sum((x @ w)**2)", "x @ w * (w @ x)", ["x=1,2", "w=3,-4"]),
    ("sum(softmax(x, dim=0))", "sum(exp(x) / sum(exp(x)))", ["x=1,2,3"]),
    ("logsumexp(x, dim=0)", "log(sum(exp(x)))", ["x=1,2,3"]),
    ("x * 0", "0", ["x=2"]),
    ("detach(floor(x))", "floor(x)", ["x=2.5"]),
]
OTHER = [
    ("x**2", "x**2 + 1e-2", ["3"]),
    ("sum(x)", "mean(x)", ["x=1,2"]),
    ("gelu(x)", "gelu(x, approximate='tanh')", ["2"]),
]


def line(answer: dict[str, Any], dtype: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in answer["summary"] if one["dtype"] == dtype)
    return found


def compared(*argv: str) -> dict[str, Any]:
    """The answer of a comparison that finds a difference."""
    code, out, _ = captured(["compare", *argv, "--json"])
    assert code == 1, out
    import json

    found: dict[str, Any] = json.loads(out)
    return found


@pytest.mark.parametrize(("first", "second", "words"), SAME)
def test_what_is_the_same_is_equal_in_every_dtype_either_way_round(first: str, second: str, words: list[str]):
    for pair in ((first, second), (second, first)):
        answer = answered(["compare", *pair, *words])
        assert answer["equal"]
        assert [one["dtype"] for one in answer["summary"]] == ["float16", "bfloat16", "float32", "float64"]
        assert answer["places_beside"] == 9
        assert answer["beside"] == []


@pytest.mark.parametrize(("first", "second", "words"), OTHER)
def test_another_function_differs_in_value_either_way_round(first: str, second: str, words: list[str]):
    for pair in ((first, second), (second, first)):
        answer = compared(*pair, *words, "--dtype", "float64")
        assert line(answer, "float64")["values_apart"] > 0
        assert answer["truth"] == "different"


def test_the_closer_side_is_the_one_that_keeps_its_digits():
    # log1p(1e-4) = 1e-4 - 5e-9 + ...; 1 + 1e-4 has lost half of the digits in float32
    answer = compared("log(1 + x)", "log1p(x)", "x=1e-4")
    found = line(answer, "float32")
    assert (found["values_apart"], found["closer"], answer["truth"]) == (1, "second", "same")
    assert found["second_worst"] < 1 < 1000 < found["first_worst"]
    assert line(compared("log1p(x)", "log(1 + x)", "x=1e-4"), "float32")["closer"] == "first"


def test_errors_are_measured_in_ulps_of_the_dtype_from_fifty_digits():
    answer = answered(["compare", "exp(x)", "exp(x)", "x=1", "--dtype", "float32"])
    value = answer["rows"][0]
    assert value["reference"] == math.e
    unit = 2.0**-22  # of float32 numbers from 2 to 4
    computed = torch.tensor(1.0).exp().double().item()
    assert value["first_ulps"] == value["second_ulps"] == round(abs(computed - math.e) / unit, 2)
    assert value["closer"] is None


def test_a_number_that_is_not_finite_is_farther_than_any_that_is():
    answer = compared("log(softmax(x, dim=0))", "log_softmax(x, dim=0)", "x=100,0")
    for dtype in ("float16", "bfloat16", "float32"):
        found = line(answer, dtype)
        assert found["first_not_finite"] > 0 == found["second_not_finite"], dtype
        assert found["closer"] == "second", dtype
    assert line(answer, "float64")["values_apart"] == line(answer, "float64")["gradients_apart"] == 0


def test_a_zero_that_should_be_a_number_is_no_matter_of_ulps():
    answer = compared("log(softmax(x, dim=0))", "log_softmax(x, dim=0)", "x=100,0")
    found = line(answer, "float64")
    assert (found["first_zero"], found["second_zero"], found["closer"]) == (1, 1, None)
    assert max(found["first_worst"], found["second_worst"]) < 2
    subnormal = line(answer, "float32")  # -3.7e-44
    assert (subnormal["second_zero"], subnormal["second_worst"]) == (0, 26.55)
    assert line(compared("expm1(x)", "exp(x) - 1", "x=1e-20", "--dtype", "float64"), "float64")["closer"] == "first"


def test_an_overflow_that_the_truth_has_as_well_is_no_error():
    answer = answered(["compare", "exp(x)", "exp(x / 2)**2", "x=20", "--dtype", "float16"])
    assert answer["rows"][0]["first_ulps"] == 0


def test_the_gradient_differs_where_the_graph_is_cut_and_the_value_does_not():
    answer = compared("x * x", "x * detach(x)", "x=3", "--dtype", "float64")
    assert [row["agrees"] for row in answer["rows"]] == [True, False]
    assert (answer["rows"][1]["first"], answer["rows"][1]["second"], answer["rows"][1]["reference"]) == (6, 3, 6)
    assert answer["rows"][1]["closer"] == "first"


def test_at_a_kink_two_subgradients_differ_and_neither_is_closer():
    answer = compared("relu(x)", "clamp(x, min=0)", "x=0", "--dtype", "float64")
    gradient = answer["rows"][1]
    assert (gradient["first"], gradient["second"], gradient["left"], gradient["right"]) == (0, 1, 0, 1)
    assert gradient["closer"] is gradient["reference"] is None


def test_a_kink_that_both_have_in_one_way_is_no_difference():
    assert answered(["compare", "relu(x)", "where(x > 0, x, 0 * x)", "x=0"])["equal"]
    answer = compared("relu(x)", "(x + abs(x)) / 2", "x=0")  # 0 and the middle
    assert all(row["agrees"] == (row["quantity"] == "value") for row in answer["rows"])


def test_two_functions_that_cross_have_two_slopes_in_fifty_digits():
    answer = compared("x**2", "2*x", "x=2", "--dtype", "float64")
    gradient = answer["rows"][1]
    assert (answer["truth"], gradient["first"], gradient["second"], gradient["reference"]) == ("different", 4, 2, None)


def test_two_functions_that_touch_at_the_point_differ_beside_it():
    # x**2 and its tangent at 1 have the same value and slope there
    answer = compared("x**2", "2*x - 1", "x=1", "--dtype", "float64")
    assert all(row["agrees"] for row in answer["rows"])
    assert [place["quantity"] for place in answer["beside"]] == ["value", "gradient"]
    at = answer["beside"][0]["at"]
    assert answer["beside"][0]["first"] == pytest.approx(at**2, rel=1e-15)
    assert answer["beside"][0]["second"] == pytest.approx(2 * at - 1, rel=1e-15)


def test_a_tiny_true_gradient_that_died_is_a_difference():
    # sigmoid'(-30) is 9.4e-14: smaller than any rounding beside 1, and no zero
    answer = compared("1 - 1 / (1 + exp(x))", "sigmoid(x)", "x=-30", "--dtype", "float32")
    assert line(answer, "float32")["closer"] == "second"


def test_nan_on_both_sides_is_the_same():
    assert answered(["compare", "log(x)", "log(x) + 0", "x=-1"])["equal"]
    assert not compared("log(x)", "log(abs(x))", "x=-1")["equal"]


def test_a_dtype_that_one_side_has_no_kernel_for_is_not_compared_and_says_why():
    # 1.8e-15 is what rounding leaves of a zero
    answer = answered(["compare", "linalg.inv(x) @ x", "0 * x + eye(2)", "x=[[1,2],[3,5]]"])
    assert line(answer, "float16")["reason"] is not None
    assert line(answer, "float64")["reason"] is None
    assert {row["dtype"] for row in answer["rows"]} == {"float32", "float64"}


def test_random_numbers_are_the_same_on_both_sides_in_whatever_order_names_come():
    assert answered(["compare", "x - w", "-(w - x)", "x=randn(3)", "w=randn(3)"])["equal"]


# --- functions of files, and of Python --------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.py").write_text(
        dedent("""
            import torch

            def swish(x):
                return x * torch.sigmoid(x)

            def cut(x):
                return x * torch.sigmoid(x.detach())

            def stops(x):
                raise ValueError("no")

            class Net(torch.nn.Module):
                def __init__(self):
                    super().__init__()
                    self.head = torch.nn.Linear(2, 1)

                def forward(self, x):
                    return self.head(x)
        """)
    )
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("files")
def test_a_function_of_a_file_is_held_against_an_expression_and_another_function():
    assert answered(["compare", "model.py:swish", "silu(x)", "x=1,-3"])["reference_of"] == "second"
    answer = compared("model.py:swish", "model.py:cut", "x=1,-3")
    assert (answer["truth"], answer["reference_of"]) == ("unknown", None)
    assert all(one["values_apart"] == 0 < one["gradients_apart"] for one in answer["summary"])
    assert answered(["compare", "model.py:Net", "model.py:Net", "x=1,2"])["equal"]


@pytest.mark.usefixtures("files")
def test_what_a_function_of_a_file_raises_names_it():
    assert "model.py:stops raises" in failed(["compare", "silu(x)", "model.py:stops", "x=1"], 2)["message"]


def test_callables_are_compared_by_the_places_of_their_arguments():
    def mine(z: torch.Tensor) -> torch.Tensor:
        return z * torch.sigmoid(z)

    def wrong(z: torch.Tensor) -> torch.Tensor:
        return z * torch.sigmoid(z) * 1.01

    assert gradcli.compare(mine, torch.nn.functional.silu, [1.0, -2.0]).equal
    assert gradcli.compare("silu", mine, 1.0).equal
    assert gradcli.compare(torch.nn.SiLU(), mine, 1.0).equal
    assert not gradcli.compare(mine, wrong, [1.0, -2.0]).equal


def test_two_functions_of_one_name_are_two():
    def made(factor: float) -> Any:
        return lambda x: factor * x

    assert not gradcli.compare(made(2), made(3), x=3.0).equal
    assert gradcli.compare(made(2), made(2), x=3.0).equal


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["x * 2", "y * 2", "3"], "the sides have different open names: 'x' in x * 2, 'y' in y * 2"),
        (["x * 2", "sum(x)", "x=1,2"], "the sides have different shapes: [2] and []"),
        (["1", "2"], "there is no floating input to compare by"),
        (["x * 1", "abs(x)", "x:complex64=1+2j"], "compare works with real numbers"),
        (["x", "x + 0", "x=ones(20_000)"], "compare looks at 20,000 elements in each dtype; at most 10,000"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(argv: list[str], message: str):
    assert failed(["compare", *argv], 2)["message"].startswith(message)


def test_a_side_that_raises_is_named():
    for at, argv in (("second", ["sum(x)", "x @ y"]), ("first", ["x @ y", "sum(x)"])):
        found = failed(["compare", *argv, "x=1,2", "y=1,2,3"], 1)
        assert found["expression"] == "x @ y"
        assert found["hint"].startswith(f"This is the {at} side.")


def test_a_mistake_from_python_is_an_exception():
    with pytest.raises(GradcliError, match="different open names"):
        gradcli.compare("x * 2", "y * 2", 3)


def test_where_dtypes_differ_at_other_places_each_is_told_with_its_own() -> None:
    code, out, _ = captured(["compare", "softplus", "log(1 + exp(x))", "50", "100"])
    assert code == 1
    both, one = "x[1] = 100 in bfloat16 and float32", "x[0] = 50 and x[1] = 100 in float16"  # exp(50) is 5e21
    assert f"differ in value at {one}, at {both}, and in gradient at {one}, at {both}." in " ".join(out.split())
