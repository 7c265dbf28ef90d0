"""The rule `disconnected`: what it finds, and what it leaves alone."""

from __future__ import annotations

import pytest
from looking import Place, found, place

FOUND = {
    "trace 'x.detach() * y' x=1 y=2": ("warning", Place("detach", "x", None, "x.detach()")),
    "trace '(x > 0) * y' x=1 y=2": ("warning", Place("gt", "x", None, "x > 0")),
    "trace 'argmax(x) * y' x=1,2 y=3": ("warning", Place("argmax", "x", None, "argmax(x)")),
    "trace 'x.int() * y' x=1.5 y=2": ("warning", Place("int", "x", None, "x.int()")),
    "trace 'x * 1' x=1 y=2": ("warning", Place(None, "y", None, None)),
    "trace 'zeros_like(x) + y' x=1 y=2": ("warning", Place("zeros_like", "x", None, "zeros_like(x)")),
    "trace 'where(x > 0, y, 0)' x=1 y=2": ("warning", Place("gt", "x", None, "x > 0")),
    "trace 'y = exp(x); z * 2' x=1 z=2": ("warning", Place(None, "x", None, None)),
    "trace 'max(x, 0)[1] * y' x=1,2 y=3": ("warning", Place("max", "x", None, "max(x, 0)[1]")),
}

LEFT_ALONE = (
    "trace 'x * y' x=1 y=2",
    "trace 'where(x > 0, x, 0)' x=1",
    "trace 'x * y' x=1 y=2 --frozen x",
    "trace 'x * 0' x=1",
    "trace 'max(x, 0)[0]' x=1,2",
)


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *_ = found(line, "disconnected")
    assert finding["severity"] == severity
    assert place(finding, line) == expected


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "disconnected") == []
