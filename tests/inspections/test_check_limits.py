"""What a dtype loses, what stands in a row of `check`, and what check refuses."""

from __future__ import annotations

import math

import pytest
import torch
from checking import check, rows, verdicts
from command_line import answered, failed

# --- what dtypes lose ---


def test_float32_is_5736_ulp_off_where_sigmoid_is_nearly_1_and_a_finding_says_so():
    _, result = check("sigmoid 10 --dtype float32")
    (row,) = result["rows"]
    true = math.exp(-10) / (1 + math.exp(-10)) ** 2
    assert row["reference"] == pytest.approx(true, rel=1e-15)
    spacing = 2.0 ** (math.floor(math.log2(true)) - 23)
    assert row["ulp_error"] == pytest.approx(abs(row["reverse"] - true) / spacing, rel=1e-4)
    if row["ulp_error"] > 2**12:  # PyTorch may repair it
        assert row["verdict"] == "rounding"
        assert [finding["code"] for finding in result["findings"]] == ["cancellation"]


def test_a_difference_that_rounds_to_zero_is_lost_and_one_too_small_for_the_dtype_is_beyond_its_range():
    _, lost = check("'(1 - cos(x)) / x**2' 1e-4 --dtype float32")
    assert lost["rows"][0]["reason"].startswith("the formula loses all digits")
    assert [finding["code"] for finding in lost["findings"]] == ["cancellation"]
    _, small = check("'prod(tan(x))' 4.0618 -0.0004 -0.0001 --dtype float16")
    assert "underflows" in small["rows"][1]["reason"]
    assert small["findings"] == []


def test_no_digit_lost_no_finding():
    _, result = check("sigmoid 0 1 -1")
    assert result["findings"] == []


def test_the_value_is_the_input_as_the_dtype_rounded_it():
    half, double = rows("exp 0.1 --dtype float16"), rows("exp 0.1 --dtype float64")
    rounded = float(torch.tensor(0.1, dtype=torch.float16))
    assert half[0]["value"] == 0.1  # the shortest decimal of that number
    assert half[0]["reference"] == pytest.approx(math.exp(rounded), rel=1e-15)
    assert double[0]["reference"] == pytest.approx(math.exp(0.1), rel=1e-15)


def test_every_way_to_know_it_stands_in_the_row():
    (row,) = rows("sin 1 --dtype float64")
    for way in ("reverse", "forward", "finite_difference", "reference"):
        assert row[way] == pytest.approx(math.cos(1), rel=1e-11)
    assert abs(row["finite_difference"] - math.cos(1)) <= row["finite_difference_error"] < 1e-9


# --- bounds and failures ---


def test_random_numbers_are_the_same_in_every_evaluation():
    assert verdicts("'dropout(x, 0.5, True)' 1 2 3") == ["agree"] * 3


def test_random_numbers_that_differ_between_dtypes_accuse_nobody():
    found = rows("'x * rand(2)' 1 2")  # in bfloat16 a number lies close to the one that float64 draws
    assert {(row["dtype"] == "float64", row["verdict"]) for row in found} == {(True, "agree"), (False, "no reference")}
    assert {row["finite_difference"] for row in found if row["dtype"] != "float64"} == {None}


def test_a_dtype_that_pytorch_lacks_is_no_failure_of_the_others():
    found = rows("'ctc_loss(log_softmax(x, -1), [[1]], [2], [1])' x='[[[1, 2]], [[3, 1]]]'")
    verdict = {row["dtype"]: row["verdict"] for row in found}
    assert (verdict["float16"], verdict["float64"]) == ("no reference", "agree")


def test_nothing_to_differentiate_is_pytorchs_error():
    code, result = check("'x + 1' x=1 --frozen x")
    assert code == 1
    assert "does not require grad" in result["error"]["message"]


def test_complex_numbers_are_refused():
    code, result = check("'abs(x)' x:complex64=1j")
    assert code == 2
    assert "real numbers" in result["error"]["message"]


def test_too_many_elements_are_refused_with_their_number():
    code, result = check("sigmoid 'linspace(0, 1, 5000)'")
    assert code == 2
    assert "5,000" in result["error"]["message"]


@pytest.mark.parametrize("expression", ["x.repeat(2**10, 2**10 + 1)", "sum(x.repeat(2**10, 2**10 + 1))"])
def test_an_expression_that_makes_large_tensors_is_refused_and_not_evaluated_for_hours(expression: str) -> None:
    error = failed(["check", expression, "x=1"], 2)
    assert error["message"].endswith("it makes a tensor of 1,049,600 elements; at most 1,048,576")


def test_one_that_makes_as_many_as_are_allowed_is_checked() -> None:
    text = "x.repeat(2**10, 2**10)[0, 0]"
    assert answered(["check", text, "x=1", "--dtype", "float64"])["summary"][0]["agree"] == 1
