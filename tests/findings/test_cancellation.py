"""The rule `cancellation`: what it finds, and what it leaves alone."""

from __future__ import annotations

import pytest
from looking import Place, found, place

FOUND = {
    "trace 'sigmoid(x)' x=10": ("warning", Place("sigmoid", "x", [], "sigmoid(x)")),
    "trace 'gelu(x)' x=-5": ("warning", Place("gelu", "x", [], "gelu(x)")),
    "trace 'y = 1 + x; log(y)*1 + (y - 1)**2 * 1e6' x=1e-7": ("warning", Place("sub", "x", [], "y - 1")),
}

LEFT_ALONE = (
    "trace 'sigmoid(x)' x=2",
    "trace 'sigmoid(x)' x:float64=10",
    "trace 'gelu(x)' x=-1",
    "trace 'sum(sigmoid(x))' x=0,2",
)


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *others = found(line, "cancellation")
    assert finding["severity"] == severity
    assert place(finding, line) == expected
    assert others == [], "one cause, one finding"


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "cancellation") == []
