"""The rule `not-scalar`: what it finds, and what it leaves alone."""

from __future__ import annotations

import pytest
from looking import Place, found, place

FOUND = {
    "grad 'softmax(x, dim=0)' x=1,2": ("note", Place(None, None, None, None)),
    "grad 'x @ w' x='[[1,2],[3,4]]' w=1,2": ("note", Place(None, None, None, None)),
    "grad 'cumsum(x, dim=0)' x=1,2": ("note", Place(None, None, None, None)),
}

LEFT_ALONE = (
    "grad 'sin(x)' x=1,2",
    "grad 'sum(x)' x=1,2",
    "grad 'softmax(x, dim=0)' x=1,2 --vjp 1,0",
    "grad 'softmax(x, dim=0)' x=1,2 --jacobian",
    "grad 'x * y' x=1,2 y=3,4",
)


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *others = found(line, "not-scalar")
    assert finding["severity"] == severity
    assert place(finding, line) == expected
    assert others == [], "one cause, one finding"


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "not-scalar") == []
