"""The rule `not-differentiable`: what it finds, and what it leaves alone."""

from __future__ import annotations

import pytest
from looking import Place, found, place

FOUND = {
    "trace 'x // y' x=3 y=2": ("error", Place("floor_divide", None, None, "x // y")),
    "trace 'heaviside(x, y)' x=1 y=0.5": ("error", Place("heaviside", None, None, "heaviside(x, y)")),
    "trace \"linalg.qr(x, mode='r')[1].sum()\" x='[[1,2],[3,4]]'": (
        "error",
        Place("linalg.qr", None, None, "linalg.qr(x, mode='r')"),
    ),
}

LEFT_ALONE = (
    "trace 'x / y' x=3 y=2",
    "trace 'linalg.qr(x)[1].sum()' x='[[1,2],[3,4]]'",
    "trace 'argmax(x)' x=1,2",
    "trace 'y = exp(x); y += 1; sum(y)' x=1",
    "trace 'sum(linalg.inv(x))' x='[[1,2],[2,4]]'",
)


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *others = found(line, "not-differentiable")
    assert finding["severity"] == severity
    assert place(finding, line) == expected
    assert others == [], "one cause, one finding"


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "not-differentiable") == []
