"""A finding that another one explains is not told, and is where the table does not say so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from looking import findings

from gradcli.diagnose import findings as room
from gradcli.diagnose.findings.table import BY_CODE, NOT_FINITE, ROWS

pytestmark = pytest.mark.usefixtures("no_fixes")

HIDDEN = {
    ("underflow-forward", "vanishing"): "grad 'sum(tanh(a + 6) + norm(a))' a=1e-30,1e-30",
    ("underflow-forward", "saturated"): "grad 'tanh(a + 6) + sqrt(a*b)' a=1e-30 b=1e-30",
    ("underflow-forward", "dead"): "grad 'norm(x)' x=1e-200,1e-200 --dtype float64",
    ("underflow-forward", "exploding"): "grad '1e5*b + norm(a)' a=1e-30,1e-30 b=1",
    ("underflow-forward", "cancellation"): "grad 'sum(tanh(a + 6) + norm(a))' a=1e-30,1e-30",
    ("underflow-forward", "underflow"): "grad 'norm(x)' x=1e-30,1e-30",
    ("nan-input", "vanishing"): "grad '1e-5*x + nan' x=6",
    ("nan-input", "saturated"): "trace 'tanh(x) + nan' x=6",
    ("nan-input", "dead"): "grad 'x*0 + nan' x=6",
    ("nan-input", "exploding"): "grad '1e5*x + nan' x=6",
    ("inf-input", "vanishing"): "grad '1e-5*x + inf' x=6",
    ("inf-input", "saturated"): "grad 'sigmoid(x)' x:float16=1e15",
    ("inf-input", "dead"): "grad 'sum(x - mean(x))' x=1,inf",
    ("inf-input", "exploding"): "grad 'sum(1e4 * x)' x:float16=1e15,2",
    ("nan-forward", "saturated"): "grad '1/(x - 6)*0 + tanh(x)' x=6",
    ("inf-forward", "saturated"): "grad 'tanh(x) + 1/(x - 6)' x=6",
    ("inf-forward", "exploding"): "grad '1e5*x + exp(100*x.detach())' x=1",
    ("nan-backward", "saturated"): "grad 'tanh(y + 6) + sqrt(y)*0' y=0",
    ("inf-backward", "saturated"): "grad 'tanh(x) * sqrt(x - 6)' x=6",
    ("domain", "nan-forward"): "grad 'kl_div(x, t)' x=-1,-2 t=-0.5,0.5",
    ("dead", "vanishing"): "trace 'relu(x*w - 100) + 1e-5*y' x=1 w=1 y=1",
    ("dead", "kink"): "grad 'norm(x)' x=0,0",
    ("saturated", "vanishing"): "trace 'tanh(x)' x=5",
    ("kink", "cancellation"): "grad 'tanh(y + 6) + norm(y)' y=0",
    ("kink", "underflow"): "grad 'sum(hardshrink(x, 1e-3))' x=1e-3,1e6",  # float32's 1e-3 is more than 1e-3
    ("cancellation", "vanishing"): "grad 'sum(layer_norm(x, [3]))' x=1,2,4",
    ("cancellation", "saturated"): "grad sigmoid 10",
    ("cancellation", "dead"): "grad 'sum(batch_norm(x, zeros(2), ones(2), training=True))' x='[[1e8,1],[1e8,2]]'",
    ("underflow", "vanishing"): "grad 'exp(x)' x=-110,-10",
    ("underflow", "saturated"): "grad 'exp(x)' x=-200",
    ("underflow", "dead"): "trace 'x**20' x=0.001",
}
"""By what hides and what is hidden: a command line with both causes."""


def codes(line: str) -> list[str]:
    return [finding["code"] for finding in findings(line)]


def test_whatever_hides_something_is_shown_to_do_so() -> None:
    pairs = {(row.code, code) for row in ROWS for hides in row.hides for code in hides.codes}
    assert pairs - {("domain", code) for code in NOT_FINITE} == set(HIDDEN) - {("domain", "nan-forward")}


@pytest.mark.parametrize(("hiding", "hidden"), HIDDEN)
def test_one_cause_is_told_once(hiding: str, hidden: str, monkeypatch: pytest.MonkeyPatch) -> None:
    line = HIDDEN[hiding, hidden]
    told = codes(line)
    assert hiding in told
    row = BY_CODE[hiding]
    less = tuple(replace(h, codes=tuple(code for code in h.codes if code != hidden)) for h in row.hides)
    others = {code: replace(other, hides=less if other is row else ()) for code, other in BY_CODE.items()}
    monkeypatch.setattr(room, "BY_CODE", others)
    assert codes(line).count(hidden) > told.count(hidden)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("grad 'tanh(x) + 1e-5*y' x=5 y=1", ["saturated", "vanishing"]),  # of two inputs
        ("grad 'relu(x) * 1e-5' x=-1,1,2", ["dead", "vanishing"]),  # of single elements
        ("grad 'sum(relu(x)) + nan' x=-1,1", ["nan-input", "dead"]),  # of one element
        ("grad 'maximum(x, y) + relu(z - 1)' x=1 y=1 z=0", ["dead", "kink"]),  # at two places
        ("grad 'sum(abs(x)) + (exp(x[1]) - 1)/x[1]' x=0,1e-4", ["kink", "cancellation"]),  # of two elements
        ("grad 'sum(abs(x)) + tanh(x[1] + 6)' x=1,0", ["saturated", "kink"]),  # its lost digits are at the kink
        ("grad 'kl_div(x, t) + sqrt(y)' x=-1,-2 t=-0.5,0.5 y=-1", ["nan-forward", "domain"]),
        ("grad 'kl_div(x, t) + sum(sqrt(t))' x=-1,-2 t=-0.5,0.5", ["nan-forward", "domain"]),  # of one input
        (  # no alignment is possible, whatever the probabilities add up to
            "grad 'ctc_loss(x, t, i, n)' x='[[[-1,-1]],[[-1,-1]]]' t='[[1,1]]' i='[2]' n='[2]'",
            ["inf-forward", "domain"],
        ),
        ("grad 'prelu(x, w)' x=0 w=0.25", ["dead", "kink"]),  # of two inputs of one operation
        ("grad 'relu(x*y)' x=1e-30 y=1e-30", ["underflow"]),  # it hides dead, that the kink, and that the underflow
        ("grad 'exp(-x) + abs(t - 1) + t' x=200 t=1", ["kink", "underflow"]),  # of another input, and no input itself
        ("grad 'relu(x*y) + tanh(z)' x=1e-30 y=1e-30 z=5", ["saturated", "underflow"]),  # also beside another cause
    ],
)
def test_what_is_another_cause_is_told(line: str, expected: list[str]) -> None:
    assert codes(line) == expected
