"""The rule `dead`: what it finds, and what it leaves alone."""

from __future__ import annotations

import pytest
from looking import Place, found, place

FOUND = {
    "trace 'relu(x)' x=-1,-2": ("warning", Place("relu", "x", None, "relu(x)")),
    "trace 'clamp(x, 0, 1).sum()' x=-1,2": ("warning", Place("clamp", "x", None, "clamp(x, 0, 1)")),
    "trace 'x - x' x=1": ("warning", Place("sub", "x", None, "x - x")),
    "trace 'x * 0' x=1": ("warning", Place("mul", "x", None, "x * 0")),
    "trace 'softmax(x, dim=0).sum()' x=1,2": ("warning", Place("softmax", "x", None, "softmax(x, dim=0)")),
    "trace 'x**2' x=0": ("note", Place("pow", "x", None, "x**2")),
    "trace 'mse_loss(x, t)' x=1,2 t=1,2": ("note", Place("mse_loss", None, None, "mse_loss(x, t)")),
    "trace 'det(x)' x='[[0,1],[0,1]]'": ("warning", Place("det", "x", None, "det(x)")),
    "trace 'norm(x)' x=0,0": ("warning", Place("norm", "x", None, "norm(x)")),
    "trace 'cdist(a, b).sum()' a='[[0,0]]' b='[[0,0]]'": ("warning", Place("cdist", None, None, "cdist(a, b)")),
    "trace 'where(x > 0, x, 0)' x=-1,-2": ("warning", Place("where", "x", None, "where(x > 0, x, 0)")),
    "trace 'relu(x @ w).sum()' x='[[1,2],[3,4]]' w=0,0 --frozen x": (
        "warning",
        Place("relu", "w", None, "relu(x @ w)"),
    ),
}

LEFT_ALONE = (
    "trace 'relu(x)' x=-1,2",
    "trace 'x - 2 * x' x=1",
    "trace 'x**2' x=1",
    "trace 'sign(x)' x=2",
    "trace 'tanh(x)' x=30",
    "trace 'clamp(x, 0, 1).sum()' x=-1,0.5",
    "trace 'softmax(x, dim=0)[0]' x=1,2",
)


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *others = found(line, "dead")
    assert finding["severity"] == severity
    assert place(finding, line) == expected
    assert others == [], "one cause, one finding"


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "dead") == []
