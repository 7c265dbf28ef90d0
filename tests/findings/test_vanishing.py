"""The rule `vanishing`: what it finds, and what it leaves alone."""

from __future__ import annotations

import pytest
from looking import Place, found, on_tape, place

FOUND = {
    "grad '1e-5*y + relu(x - 1)' x=-1 y=1": ("warning", Place("mul", "y", None, "1e-5*y")),  # and nothing comes to x
    "trace 'x * 1e-4' x=1": ("warning", Place("mul", "x", None, "x * 1e-4")),
    "trace 'tanh(x * 0.01) * 0.01' x=1": ("warning", Place("mul", "x", None, "x * 0.01")),
    "trace 'y = sigmoid(x); z = sigmoid(y); w = sigmoid(z); sigmoid(w) * 0.1' x=4": (
        "warning",
        Place("sigmoid", "x", None, "sigmoid(x)"),
    ),
}

LEFT_ALONE = (
    "trace 'x * 0.01' x=1",
    "trace 'mean(x)' x=1,2",
    "trace 'tanh(x)' x=30",
    "trace 'mean(x)' x='linspace(0, 1, 5000)'",
    "trace 'sign(x)' x=2",
    "trace 'relu(x)' x=-1,2 --vjp inf,1",
)


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *_ = found(line, "vanishing")
    assert finding["severity"] == severity
    assert place(finding, line) == expected


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "vanishing") == []


def test_what_no_step_made_small_all_but_cancels_where_it_meets() -> None:
    (only,) = (one for one in on_tape("3*x - 2.9999*x", x=1.0) if one.code == "vanishing")
    assert only.message.endswith(" at x, where what arrives all but cancels")


def test_the_largest_of_the_cotangent_is_held_against_the_sum_of_the_gradient() -> None:
    (only,) = on_tape("x * 1e-5", x=[1.0, 2.0])
    assert only.message.startswith("the gradient falls from 1 at the output to 2e-05 at x, ")
