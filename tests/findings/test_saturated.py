"""The rule `saturated`: what it finds, and what it leaves alone."""

from __future__ import annotations

import pytest
from looking import Place, found, place

FOUND = {
    "trace 'tanh(x)' x=30": ("warning", Place("tanh", "x", None, "tanh(x)")),
    "trace 'sigmoid(x)' x:float64=12,15": ("warning", Place("sigmoid", "x", None, "sigmoid(x)")),
    "trace 'tanh(x)' x=5": ("warning", Place("tanh", "x", None, "tanh(x)")),
    "trace 'binary_cross_entropy(sigmoid(x), t)' x=200 t=0 --frozen t": (
        "warning",
        Place("sigmoid", "x", None, "sigmoid(x)"),
    ),
    "trace 'h = x * 1; h.tanh_(); sum(h)' x=30": ("warning", Place("tanh_", "x", None, "h.tanh_()")),
    "trace 'tanh(x) * y' x=-20 y=3": ("warning", Place("tanh", "x", None, "tanh(x)")),
}

LEFT_ALONE = (
    "trace 'tanh(x)' x=2",
    "trace 'sigmoid(x)' x=20",
    "trace 'sigmoid(x)' x=0,20",
    "trace 'relu(x)' x=-5",
    "trace 'softmax(x, dim=0)[0]' x=2,0",
    "trace 'exp(x)' x=-3",
)


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *others = found(line, "saturated")
    assert finding["severity"] == severity
    assert place(finding, line) == expected
    assert others == [], "one cause, one finding"


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "saturated") == []
