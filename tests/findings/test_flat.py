"""The rule `flat`: what it finds, and what it leaves alone."""

from __future__ import annotations

import pytest
from looking import Place, found, place

FOUND = {
    "grad 'relu(2*x) + sign(x)*3' x=-1.": ("warning", Place("sign", "x", None, "sign(x)")),  # nearest to the output
    "trace 'sign(x)' x=2": ("warning", Place("sign", "x", None, "sign(x)")),
    "trace 'floor(x) * 2' x=3.8": ("warning", Place("floor", "x", None, "floor(x)")),
    "trace 'round(x)' x=0.4,1.6": ("warning", Place("round", "x", None, "round(x)")),
    "trace 'y = ceil(x); sum(y * y)' x=1.5": ("warning", Place("ceil", "x", None, "ceil(x)")),
    "trace 'sgn(x)' x=-1": ("warning", Place("sgn", "x", None, "sgn(x)")),
    "trace 'fix(x)' x=1.5": ("warning", Place("trunc", "x", None, "fix(x)")),
}

LEFT_ALONE = (
    "trace 'sign(x) * x' x=2",
    "trace 'sgn(complex(x, y)).real' x=1 y=0",
    "trace 'x - floor(x)' x=3.8",
    "trace 'abs(x)' x=2",
    "trace 'tanh(x)' x=1",
    "trace 'y = x * 1; threshold_(y, 3, 0.); y' x=1",  # it is x itself above 3
)


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *others = found(line, "flat")
    assert finding["severity"] == severity
    assert place(finding, line) == expected
    assert others == [], "one cause, one finding"


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "flat") == []
