"""The rule `inf-backward`: what it finds, and what it leaves alone."""

from __future__ import annotations

import pytest
from looking import Place, found, place

FOUND = {
    "trace 'sqrt(x)' x=0,4": ("error", Place("sqrt", "x", [0], "sqrt(x)")),
    "trace 'x**0.5' x=0": ("error", Place("pow", "x", None, "x**0.5")),
    "trace 'asin(x)' x=0.5,1": ("error", Place("asin", "x", [1], "asin(x)")),
    "trace 'acos(sum(x))' x=0.5,0.5": ("error", Place("acos", None, None, "acos(sum(x))")),
    "trace 'sqrt(sum(x**2))' x=0,0": ("error", Place("sqrt", None, None, "sqrt(sum(x**2))")),
    "trace 'log(x)*2' x=1e-39": ("error", Place("log", "x", None, "log(x)")),
}

LEFT_ALONE = (
    "trace 'sqrt(x)' x=1e-30",
    "trace 'where(x > 0, sqrt(x), 0)' x=0,4",
    "trace 'norm(x)' x=0,0",
    "trace 'asin(x)' x=0.99",
    "trace 'x**1.5' x=0",
)


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *others = found(line, "inf-backward")
    assert finding["severity"] == severity
    assert place(finding, line) == expected
    assert others == [], "one cause, one finding"


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "inf-backward") == []
