"""The rule `underflow`: what it finds, and what it leaves alone."""

from __future__ import annotations

import pytest
from looking import Place, findings, found, place

FOUND = {
    "trace 'sigmoid(x)' x=-200": ("warning", Place("sigmoid", "x", [], "sigmoid(x)")),
    "trace 'exp(x)' x=-120": ("warning", Place("exp", "x", [], "exp(x)")),
    "trace 'exp(x)' x:float16=-20": ("warning", Place("exp", "x", [], "exp(x)")),
    "trace 'x**20' x=0.001": ("warning", Place("pow", "x", [], "x**20")),
    "trace 'tanh(x)' x=-9.010913848876953": ("warning", Place("tanh", "x", [], "tanh(x)")),
    "trace 'x * 1e-30 * 1e-30' x=1": ("warning", Place("mul", "x", [], "x * 1e-30")),
    "trace 'sinc(x)' x=1e-10": ("warning", Place("sinc", "x", [], "sinc(x)")),  # float64 has lost it too
}

LEFT_ALONE = (
    "trace 'sigmoid(x)' x=-20",
    "trace 'exp(x)' x=-20",
    "trace 'exp(x)' x:float16=-5",
    "trace 'relu(x)' x=-1",
    "trace 'exp(x)' x:float64=-120",
)


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *others = found(line, "underflow")
    assert finding["severity"] == severity
    assert place(finding, line) == expected
    assert others == [], "one cause, one finding"


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "underflow") == []


def test_a_list_of_numbers_is_no_tensor_and_no_trouble() -> None:
    # the deviation of 1e8 and 1e8 + 1, which float32 rounds to 1e8, is 0.7071 and the derivative by x with it
    assert [one["code"] for one in findings("grad 'std([1e8, 1e8+1]) * x' x=1")] == ["underflow"]
    told = findings("grad 'layer_norm([16777217., 16777217.], [2]) * x' x=1")  # numbers that do not vary become zeros
    assert [one["code"] for one in told] == ["dead", "not-scalar"]
