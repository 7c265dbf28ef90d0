"""Where a formula loses its digits, check shows a form that keeps them, or says that it knows none."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from checking import check, rows

from tools.planted import in_place_of, planted

STABLE = {
    "sigmoid 10 --dtype float32": "1 - sigmoid(-x)",
    "sigmoid 40 --dtype float64": "1 - sigmoid(-x)",
    "tanh 20 --dtype float64": "1 - 2*sigmoid(-2*x)",
    "tanh -10 --dtype float32": "2*sigmoid(2*x) - 1",
    "expm1 -40 --dtype float64": "exp(x) - 1",
    "'sum(3 * sigmoid(2 * x))' 10 --dtype float32": "sum(3 * (1 - sigmoid(-(2 * x))))",
    "'log(1 - sigmoid(x))' 40 --dtype float64": "logsigmoid(-x)",
    "'log(1 + exp(x))' 1000 --dtype float32": "softplus(x)",
    "'sqrt(x**2 + y**2)' x=1e-25 y=1e-25 --dtype float32": "hypot(x, y)",
    "'log(softmax(x, 0))[0]' 0 1000 --dtype float64": "log_softmax(x, dim=0)[0]",
}


@pytest.mark.parametrize("line", STABLE)
def test_a_stable_form_is_shown_and_agrees(line: str):
    found = [row for row in rows(line) if row["verdict"] == "rounding"]
    assert found
    for row in found:
        assert f"a stable one exists: {STABLE[line]}, at most" in row["reason"]
    points = line[line.rindex("'") + 1 :] if "'" in line else line[line.index(" ") :]
    assert {row["verdict"] for row in rows(f"'{STABLE[line]}' {points}")} == {"agree"}


@pytest.mark.parametrize(
    "line", ["'(x - sin(x)) / x**3' 1e-3 --dtype float32", "'log1p(expm1(x))' -40 --dtype float64"]
)
def test_where_none_is_known_that_is_said(line: str):
    for row in rows(line):
        assert (row["verdict"], row["reason"].endswith("no stable one is known")) == ("rounding", True)


def test_the_finding_carries_the_stable_form_as_its_fix():
    _, result = check("sigmoid 10 --dtype float32")
    assert [finding["fix"] for finding in result["findings"]] == ["1 - sigmoid(-x)"]
    _, result = check("'(x - sin(x)) / x**3' 1e-3 --dtype float32")
    assert [finding["fix"] for finding in result["findings"]] == [None]


@pytest.mark.parametrize("line", ["sigmoid 0 2 -3", "'softmax(x, 0)' 1 2 3", "exp 1", "asinh 1e25 --dtype float32"])
def test_nothing_is_said_of_a_stable_form_where_no_digits_are_lost(line: str):
    assert not any("stable" in (row["reason"] or "") for row in check(line)[1]["rows"])


def test_a_form_whose_gradient_is_wrong_is_not_shown():
    """With a wrong gradient of sigmoid, what is made of sigmoid is no better."""
    wrong: Any = planted(torch.sigmoid, lambda _, right: right * 1.5)
    with in_place_of("torch.sigmoid", wrong):
        _, result = check("'tanh(x)' 20 --dtype float64")
    (row,) = result["rows"]
    assert row["reference"] == pytest.approx(4 * math.exp(-40), rel=1e-15)
    assert "sigmoid" not in row["reason"]
