"""`softmax`: probabilities, the Jacobian p_i (1 if i = j else 0) - p_i p_j, and amplification."""

from __future__ import annotations

import math
from typing import Any

import pytest
from command_line import answered, failed, numbers

VALUES = [2.0, 1.0, 0.1]


def probabilities(values: list[float], temperature: float = 1.0) -> list[float]:
    powers = [math.exp(value / temperature) for value in values]
    return [power / math.fsum(powers) for power in powers]


def asked(*options: str) -> Any:
    return answered(["softmax", "2", "1", "0.1", "-t", "float64", *options])


def test_the_articles_probabilities() -> None:
    result = asked()
    found = result["probabilities"]["values"]
    assert found == pytest.approx(probabilities(VALUES), rel=1e-14)
    assert [round(value, 3) for value in found] == [0.659, 0.242, 0.099]
    assert result["sum"]["values"] == pytest.approx(1, rel=1e-15)


@pytest.mark.parametrize("temperature", [1.0, 0.25, 7.5])
def test_the_jacobian_is_positive_where_the_indices_agree_and_negative_elsewhere(temperature: float) -> None:
    p = probabilities(VALUES, temperature)
    expected = [[p[i] * ((i == j) - p[j]) / temperature for j in range(3)] for i in range(3)]
    found = asked("--temperature", str(temperature))["jacobian"]["values"]
    assert numbers(found) == pytest.approx(numbers(expected), rel=1e-13)
    assert all((found[i][j] > 0) == (i == j) for i in range(3) for j in range(3))


def test_the_jacobian_of_the_logarithm_has_ones_less_the_probabilities() -> None:
    p = probabilities(VALUES)
    result = asked("--log")
    expected = [[(i == j) - p[j] for j in range(3)] for i in range(3)]
    assert result["probabilities"]["values"] == pytest.approx([math.log(value) for value in p], rel=1e-13)
    assert numbers(result["jacobian"]["values"]) == pytest.approx(numbers(expected), rel=1e-13)
    assert result["sum"]["values"] == pytest.approx(1, rel=1e-15)


@pytest.mark.parametrize("index", [0, 1, 2, -1])
def test_an_index_picks_one_row_of_the_jacobian(index: int) -> None:
    result = asked("--index", str(index))
    assert result["gradient"]["values"] == pytest.approx(result["jacobian"]["values"][index], rel=1e-15)
    row = result["gradient"]["values"]
    assert result["gradient"]["norm"] == pytest.approx(math.sqrt(math.fsum(value**2 for value in row)), rel=1e-14)


def test_without_an_index_there_is_no_gradient() -> None:
    assert asked()["gradient"] is None


def test_amplification_compares_with_the_largest_entry() -> None:
    rows = asked()["amplification"]
    assert [row["index"] for row in rows] == [[0], [1], [2]]
    assert [row["input_ratio"] for row in rows] == pytest.approx([1, 2, 20], rel=1e-15)
    assert [row["output_ratio"] for row in rows] == pytest.approx([1, math.e, math.exp(1.9)], rel=1e-13)


def test_a_matrix_has_one_softmax_a_row_or_one_a_column() -> None:
    rows = answered(["softmax", "[[1, 2], [3, 5]]", "-t", "float64"])
    columns = answered(["softmax", "[[1, 2], [3, 5]]", "--dim", "0", "-t", "float64"])
    assert numbers(rows["probabilities"]["values"]) == pytest.approx([*probabilities([1, 2]), *probabilities([3, 5])])
    by_columns = [list(column) for column in zip(probabilities([1, 3]), probabilities([2, 5]), strict=True)]
    assert numbers(columns["probabilities"]["values"]) == pytest.approx(numbers(by_columns), rel=1e-14)
    assert rows["jacobian"]["shape"] == [2, 2, 2, 2]
    assert numbers(rows["sum"]["values"]) == pytest.approx([1, 1])
    assert [row["index"] for row in columns["amplification"]] == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert columns["amplification"][0]["output_ratio"] == pytest.approx(math.exp(2), rel=1e-13)


def test_one_value_is_certain() -> None:
    result = answered(["softmax", "-7"])
    assert (result["probabilities"]["values"], result["jacobian"]["values"]) == ([1], [[0]])


def test_adding_a_number_to_all_values_changes_nothing() -> None:
    shifted = answered(["softmax", "1002", "1001", "1000.1", "-t", "float64"])["probabilities"]["values"]
    assert shifted == pytest.approx(probabilities(VALUES), rel=1e-12)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["2", "1", "--index", "2"], "--index 2 is out of bounds for 2 values"),
        (["2", "1", "--index", "-3"], "--index -3 is out of bounds for 2 values"),
        (["2", "1", "--temperature", "0"], "--temperature 0 is out of bounds"),
        (["2", "1", "--temperature", "-1"], "--temperature -1 is out of bounds"),
        (["2", "1", "--temperature", "inf"], "--temperature inf is out of bounds"),
        (["2", "1", "--temperature", "nan"], "--temperature nan is out of bounds"),
        (["[]"], "softmax needs at least one number"),
        (["zeros(2, 0)"], "softmax needs at least one number"),
        (["True", "False"], "softmax takes floating numbers"),
        (["y=1"], "'y=1' does not fit: the points belong to 'x'"),
    ],
)
def test_values_that_have_no_softmax_are_refused(argv: list[str], message: str) -> None:
    assert failed(["softmax", *argv], 2)["message"] == message


def test_a_dimension_that_is_not_there_is_pytorchs_error() -> None:
    assert failed(["softmax", "2", "1", "--dim", "3"], 1)["message"].startswith("Dimension out of range")


def test_infinite_values_are_an_answer() -> None:
    result = answered(["softmax", "inf", "1"])
    assert result["probabilities"]["values"] == ["NaN", "NaN"]
    assert answered(["softmax", "-inf", "1"])["probabilities"]["values"] == [0, 1]
