"""Where the table says that a rewrite is looked for, one is shown, or what the true gradient does is told."""

from __future__ import annotations

import pytest
from each import each
from looking import findings, found

from gradcli.diagnose.findings.table import ROWS

REWRITTEN = {
    "underflow-forward": ("grad 'log(sigmoid(x))' x=-200", "logsigmoid(x)"),
    "nan-forward": ("trace 'm * log(p)' m=0,1 p=0,0.5 --frozen m", "m * log(where(m != 0, p, 1.0))"),
    "inf-forward": ("grad 'log(sum(exp(x)))' x=1000,1", "logsumexp(x, dim=0)"),
    "masked-branch": ("trace 'exp(x)[0]' x=0,100", "exp(x[0])"),
    "nan-backward": ("grad 'x * sqrt(x)' x=0,4", "x**1.5"),
    "inf-backward": ("grad 'sqrt(sum(x**2))' x=0,0", "norm(x)"),
    "nan-accumulated": ("grad 'sqrt(x) - sqrt(x)' x=0", None),
    "saturated": ("grad '1 - sigmoid(x)' x=40 --dtype float64", "sigmoid(-x)"),
    "cancellation": ("grad '1 - sigmoid(x)' x=12", "sigmoid(-x)"),
    "underflow": ("grad 'log(sigmoid(x))' x=20", "logsigmoid(x)"),
}


def test_each_row_with_a_search_is_shown_to_be_searched() -> None:
    assert {row.code for row in ROWS if row.fix is not None} == set(REWRITTEN)


@pytest.mark.parametrize("code", REWRITTEN)
def test_a_rewrite_is_shown_or_what_the_true_gradient_does(code: str) -> None:
    line, fix = REWRITTEN[code]
    finding, *_ = found(line, code)
    assert finding["fix"] == fix
    told = "With the fix the gradient is" if fix else "By the reference the true gradient tends to 0"
    assert told in finding["message"]


REMARKS = {
    "grad 'x*sqrt(x)' x=0": "With the fix the gradient is 0",
    "grad 'sqrt(x*x)' x=0": ("With the fix the gradient is 0 (a subgradient: the slopes on the two sides differ)"),
    "grad 'where(x > 0, sqrt(x), 0)' x=0": (
        "With the fix the gradient is 0 (of the branch that is chosen: the slopes on the two sides differ)"
    ),
    "grad 'log(sigmoid(x)) + exp(y)' x=20 y=1": "With the fix the gradient is x: 2.06115e-09, y: 2.71828",
}

SELECTED = {
    # by index: the same elements, computed alone
    "trace 'sqrt(x).index_select(0, i).sum()' x=0,4 i:int64=1": "sqrt(x.index_select(0, i)).sum()",
    "trace 'h = log(x); h.gather(0, i).sum()' x=0,4 i:int64=1": "log(x.gather(0, i)).sum()",
    "trace '(1/x).diagonal().sum()' x=[[1,0],[2,4]]": "(1/x.diagonal()).sum()",
    # a triangle: a safe number where the other half is
    "trace 'triu(sqrt(x)).sum()' x=[[1,2],[0,4]]": "triu(sqrt(where(triu(ones_like(x)) > 0, x, 1.0))).sum()",
    "trace 'log(x).tril(-1).sum()' x=[[1,0],[2,4]]": "log(where(ones_like(x).tril(-1) > 0, x, 1.0)).tril(-1).sum()",
}
"""What selects, and the fix: the gradient of the elements that are thrown away is 0."""
SCALED = {
    "grad 'sqrt(x*x + y*y)' x=1e-25 y=1e-25": ("hypot(x, y)", "x: 0.707107, y: 0.707107"),
    "grad 'sqrt(x*x + y*y)' x=3e25 y=4e25": ("hypot(x, y)", "x: 0.6, y: 0.8"),
    "grad 'sqrt(x**2 + y**2 + z**2)' x=1e-25 y=2e-25 z=2e-25": (
        "hypot(hypot(x, y), z)",
        "x: 0.333333, y: 0.666667, z: 0.666667",
    ),
    "grad 'norm(x)' x=3e-25,4e-25": ("amax(abs(x)).detach()*norm(x/amax(abs(x)).detach())", "[0.6, 0.8]"),
    "grad 'sqrt(sum(x**2))' x=3e25,4e25": ("amax(abs(x)).detach()*norm(x/amax(abs(x)).detach())", "[0.6, 0.8]"),
    # d log(ab) = 1/a, 1/b
    "grad 'log(linalg.det(x))' x=[[2e-20,0],[0,4e-20]]": ("logdet(x)", "[[5e+19, 0], [0, 2.5e+19]]"),
}
"""Squares and products that leave the dtype on the way to a harmless number: the fix, and its gradient on paper."""


@each("line", SELECTED)
def test_what_selects_is_moved_inwards(line: str) -> None:
    (only,) = found(line, "masked-branch")
    assert only["fix"] == SELECTED[line]
    assert "With the fix the gradient is" in only["message"]


@each("line", SCALED)
def test_what_leaves_the_dtype_on_the_way_is_rewritten(line: str) -> None:
    fix, gradient = SCALED[line]
    first, *_ = findings(line)
    assert (first["fix"], first["message"].partition("With the fix the gradient is ")[2]) == (fix, gradient)


@each("line", REMARKS)
def test_it_is_told_what_the_gradient_is_then(line: str) -> None:
    finding, *_ = findings(line)
    assert finding["message"].partition(". ")[2] == REMARKS[line]


def test_what_the_true_gradient_does_is_told_where_the_element_is() -> None:
    told = {one["code"]: one["message"] for one in findings("grad 'sqrt(x) + log(y)' x=0,4 y=1,0")}
    assert "true slope" not in told["inf-forward"]  # which is about y[1]
    assert told["inf-backward"].endswith("No rewrite is right: the true slope grows without bound at x[0]")
    told = {one["code"]: one["message"] for one in findings("grad 'acos(x)' x=1,0.5,2")}
    assert "true slope" not in told["nan-forward"]  # of 2, which has no arc cosine
    assert told["inf-backward"].endswith("No rewrite is right: the true slope grows without bound at x[0]")


def test_a_rewrite_that_changes_nothing_is_no_fix() -> None:
    frozen = "a=1e-30 b=1e-30 --frozen a,b"
    (told,) = found(f"grad 'cat([x + sqrt(a*b), x[x*a*b > 0]])' x=1,2,3 {frozen}", "underflow-forward")
    assert (told["severity"], told["fix"]) == ("warning", None)
    (there,) = found("grad 'log(relu(x))' x=-1", "inf-forward")  # where(x > 0, ..., -inf) would be -inf here too
    assert there["fix"] is None
    (beside,) = found("grad 'mse_loss(x, y)' x=300 y=0 -t float16", "inf-forward")  # whose gradient stays
    assert beside["fix"] == "mse_loss(x.float(), y)"


def test_only_what_a_rewrite_mends_has_one() -> None:
    fixes = {one["code"]: one["fix"] for one in findings("grad 'relu(y) + (1 - sigmoid(x))' x=12 y=-1")}
    assert fixes == {"dead": None, "cancellation": "relu(y) + sigmoid(-x)"}
    (only,) = findings("grad 'log(1 - sigmoid(x))*0 + sigmoid(x)' x=10")  # there are rewrites, and none is closer
    assert (only["code"], only["fix"]) == ("cancellation", None)
