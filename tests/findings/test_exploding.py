"""The rule `exploding`: what it finds, and what it leaves alone."""

from __future__ import annotations

import pytest
from looking import Place, found, on_tape, place

FOUND = {
    "trace 'tan(x)' x=1.5707": ("warning", Place("tan", "x", None, "tan(x)")),
    "trace 'sqrt(x + 1e-12)' x=0": ("warning", Place("sqrt", "x", None, "sqrt(x + 1e-12)")),
    "trace 'normalize(x, dim=0).sum()' x=0,0,0": ("warning", Place("normalize", "x", None, "normalize(x, dim=0)")),
    "trace 'x * 1e5' x=1": ("note", Place("mul", "x", None, "x * 1e5")),
    "trace 'exp(x)' x=10": ("note", Place("exp", "x", None, "exp(x)")),
    "trace 'atan(x * 1e4)' x=0": ("warning", Place("mul", "x", None, "x * 1e4")),
    "grad '1e5*y + relu(x - 1)' x=-1 y=1": ("note", Place("mul", "y", None, "1e5*y")),  # and nothing comes to x
    "grad '1e5*y + 0*sqrt(x)' x=0 y=1": ("note", Place("mul", "y", None, "1e5*y")),  # what makes NaN of 0 is another
    "trace 'x**20' x=3": ("note", Place("pow", "x", None, "x**20")),
    "trace 'x**25' x=3": ("warning", Place("pow", "x", None, "x**25")),
    "trace 'x * 1e4' x=1e4": ("note", Place("mul", "x", None, "x * 1e4")),
    "trace 'x * 1e4' x=1e-4": ("warning", Place("mul", "x", None, "x * 1e4")),
    "trace '30 * (40 * (30 * x))' x=1e-6": ("warning", Place("mul", "x", None, "40 * (30 * x)")),
    "trace 'h = x; h = h + h; h = h + h; h = h + h; h = h + h; h = h + h; h = h + h; h = h + h; h = h + h; h = h + h; "
    "h + h' x=1e-6": ("warning", Place("leaf", "x", None, "x")),  # no step did more than another
}

LEFT_ALONE = (
    "trace 'x * 10' x=1",
    "trace 'exp(x)' x=2",
    "trace 'sum(x * 100)' x=1,2",
    "trace 'exp(x)' x=100",
    "trace 'tan(x)' x=1",
    "trace 'x * 999' x=1",
    "trace 'sqrt(x)' x=0",
    "trace 'sum(x * 1e5)' x='zeros(0)'",
)


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *_ = found(line, "exploding")
    assert finding["severity"] == severity
    assert place(finding, line) == expected


def test_it_is_told_that_the_value_is_as_large() -> None:
    (note,) = found("grad 'x * 1e5' x=1", "exploding")
    assert note["message"] == (
        "the gradient grows from 1 at the output to 100000 at x, most of all in x * 1e5; the value is as large"
    )
    (warning,) = found("grad 'x * 1e5' x=1e-5", "exploding")
    assert warning["message"] == "the gradient grows from 1 at the output to 100000 at x, most of all in x * 1e5"


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "exploding") == []


def test_the_sum_of_the_cotangent_is_held_against_the_largest_of_the_gradient() -> None:
    (only,) = on_tape("x * 1e5", x=[1e-9, 1e-9])
    assert only.message.startswith("the gradient grows from 2 at the output to 100000 at x, ")
