"""The rule `masked-branch`: what it finds, and what it leaves alone."""

from __future__ import annotations

import pytest
import torch
from looking import Place, findings, found, on_tape, place

from gradcli.diagnose.findings.table import NOT_FINITE

pytestmark = pytest.mark.usefixtures("no_fixes")

CODE = "masked-branch"

FOUND = {
    "grad 'p = softmax(where(m, -inf, x), -1); sum((p @ v)[1])' x='ones(2, 2)' m:bool='[[1,1],[0,1]]' v='eye(2)'": (
        "error",
        Place("softmax", None, [0, 0], "softmax(where(m, -inf, x), -1)"),
    ),
    "grad 'sum(nan_to_num(softmax(q + m, -1)) @ q)' q='[[1,2],[1,2]]' m='[[-inf,-inf],[0,0]]' --frozen m": (
        "error",
        Place("softmax", None, [0, 0], "softmax(q + m, -1)"),
    ),
    "trace 'where(x > 0, sqrt(x), 0 * x)' x=0,1": ("error", Place("sqrt", "x", [0], "sqrt(x)")),
    "trace 'where(x > 0, log(x), 0)' x=0,2": ("error", Place("log", "x", [0], "log(x)")),
    "trace '(x / d)[d != 0].sum()' x=1,2 d=0,1 --frozen d": ("error", Place("div", "x", [0], "x / d")),
    "trace 'log1p(a)[a > -1].sum()' a=-1,0.5": ("error", Place("log1p", "a", [0], "log1p(a)")),
    "trace 'nansum(x / y)' x=0,1 y=0,1": ("error", Place("div", "x", [0], "x / y")),
    "trace 'cross_entropy(sqrt(x), t)' x='[[1,2],[0,1]]' t:int64='0,-100'": (
        "error",
        Place("sqrt", "x", [1, 0], "sqrt(x)"),
    ),
    "trace 'masked_fill(1 / x, x == 0, 0)' x=0,2": ("error", Place("div", "x", [0], "1 / x")),
    "trace 'sqrt(x) * m' x=0,4 m=0,1 --frozen m": ("error", Place("sqrt", "x", [0], "sqrt(x)")),
    "trace 'maximum(sqrt(sum(w**2)), e)' w=0,0 e=0.1 --frozen e": (
        "error",
        Place("sqrt", None, None, "sqrt(sum(w**2))"),
    ),
    "trace '(x @ w).masked_fill(isnan(x @ w), 0).sum()' x='[[1,1],[nan,nan]]' w=0.5,0.25 --frozen x": (
        "error",
        Place("matmul", "w", [0], "x @ w"),
    ),
    "trace 'masked_select(sqrt(x), x > 0)' x=0,4": ("error", Place("sqrt", "x", [0], "sqrt(x)")),
    "grad 'abs(where(m, log(z), 1j))' z:complex64=0 m:bool=0": ("error", Place("log", "z", None, "log(z)")),
    "grad 'aminmax(sqrt(x))[1]' x=0,4": ("error", Place("sqrt", "x", [0], "sqrt(x)")),
    "grad 'max(sqrt(x), dim=0)[0]' x=0,4": ("error", Place("sqrt", "x", [0], "sqrt(x)")),
    "grad 'y = sqrt(x) * 1; y.clamp_(0.5, 9); y' x=0,4": ("error", Place("sqrt", "x", [0], "sqrt(x)")),
    "grad 'y = sqrt(x) * 1; y[0] = 1; y' x=0,4": ("error", Place("sqrt", "x", [0], "sqrt(x)")),
    "grad 'y = sqrt(x)*1; v = y[0]; v.clamp_(0.5, 9); sum(y)' x=0,4": ("error", Place("sqrt", "x", [0], "sqrt(x)")),
    "trace 'cross_entropy(sqrt(x).reshape(2, 2), t)' x=1,2,0,1 t:int64=0,-100": (
        "error",
        Place("sqrt", "x", [2], "sqrt(x)"),
    ),
    "trace 'cross_entropy(sqrt(x), t)' x='[[[1,0],[2,1]]]' t:int64='[[0,-100]]'": (
        "error",
        Place("sqrt", "x", [0, 0, 1], "sqrt(x)"),
    ),
    "grad 'tensor_split(sqrt(x), 2)[1]' x=0,4": ("error", Place("sqrt", "x", [0], "sqrt(x)")),
    "grad 'real(z * complex(sqrt(x), x))' x=0,4 z:complex64=0,1 --frozen z": (
        "error",
        Place("sqrt", "x", [0], "sqrt(x)"),
    ),
    "trace 'exp(x)[0]' x=0,100": ("error", Place("exp", "x", [1], "exp(x)")),
}

LEFT_ALONE = (
    "trace 'where(x > 0, sqrt(where(x > 0, x, 1)), 0 * x)' x=0,1",
    "trace 'where(x > 0, x, 0 * x)' x=-1,1",
    "trace 'log(x)[x > 0].sum()' x=1,2",
    "trace 'clamp(x, 0, 1)' x=-1,0.5",
    "trace 'sqrt(x) * 0' x=0",
    f"trace 'h = sqrt(x); {'h = h + h; ' * 60}h * 0' x=0",  # 2**60 ways
    "grad 'nanmean(sqrt(x)) * 0' x=0,4",  # the zero is from the factor, whatever chooses elements below it
    "grad 'clamp(sqrt(x), -1, 9) * 0' x=0,4",
    "grad 'y = sqrt(x) * 1; y.clamp_(-1, 9); y * 0' x=0,4",
    "grad 'aminmax(sqrt(x))[0]' x=0,4",
    "grad 'aminmax(sqrt(x))[0] * 0' x=0,4",
    "grad 'topk(sqrt(x), 2)[0] * 0' x=0,4",
    "grad 'y = sqrt(x) * 1; y[1] = 2; y * 0' x=0,4",  # it overwrites the other element
    "grad 'dropout(sqrt(x), 0.5) * 0' x=0",
    "grad 'where(m, sqrt(x), 0) * y' x=0,4 y=0,1 m:bool=1,0",  # it discards the other element
    "grad '(sqrt(x) + m) * y' x=0 y=0 m=0 --frozen m",  # a zero that is added is no mask
    "grad 'sqrt(x) + m * 0' x=0 m=0 --frozen m",
    "grad 'sqrt(x) * m * 0' x=0,4 m=1,2 --frozen m",
    "grad 'sqrt(x) * m * 0' x=0 m=1,2 --frozen m",
    "grad 'where(m, sqrt(x).reshape(2, 1), 0) * 0' x=0,4 m:bool='[[1],[1]]'",
    "grad 'where(m, flip(sqrt(x) * y, [0]), 0)' x=0,4 y=0,1 m:bool=0,1",  # the element of y is 0
    "grad 'where(m, linalg.svd(x)[0], 0)' x='[[1,0],[0,1]]' m:bool='[[1,0],[1,1]]'",  # with and without the mask
    "grad 'real(where(m, complex(sqrt(x), x), 1j) * 0)' x=0,4 m:bool=1,0",
    "grad 'real(where(m, complex(sqrt(x), x), 1j) * 0)' x=0,4 m:bool=1,1",
    "trace 'where(x > 0, log(x), 0)' x=-1,2",
    "trace 'cross_entropy(100 - sqrt(x), t)' x='[[0,90000]]' t:int64='0,'",  # the probability is exact
    "trace 'cross_entropy(100 - sqrt(x), t)' x='[[0,90000],[1,2]]' t:int64=0,-100",  # the other row is left out
    "trace 'cross_entropy(100 - sqrt(x), t)' x='[[[0,1],[90000,2]]]' t:int64='[[0,-100]]'",
)


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *others = (one for one in findings(line) if one["code"] in NOT_FINITE)
    assert finding["code"] == CODE
    assert finding["severity"] == severity
    assert place(finding, line) == expected
    assert others == [], "one cause, one finding"


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, CODE) == []


def test_it_is_told_how_the_discarded_element_does_harm() -> None:
    (forward,) = found("grad 'sum(nan_to_num(softmax(q + m, -1)) @ q)' q='[[1,2],[1,2]]' m='[[-inf,-inf],[0,0]]'", CODE)
    assert "nan_to_num(softmax(q + m, -1)) discards it, and 0 * nan is nan on the way back" in forward["message"]
    (backward,) = found("grad 'where(x > 0, sqrt(x), 0)' x=0", CODE)
    assert "; the zero is from where(x > 0, sqrt(x), 0), which discards the element" in backward["message"]
    (whole,) = found("grad 'where(m, softmax(x, 0), 0)' x=nan,1 m:bool=0,0", CODE)
    assert "sends nan to x[0] = nan (and 1 more)" in whole["message"]  # it mixes all of its elements


def test_what_is_dropped_by_chance_is_discarded_and_what_is_kept_is_not() -> None:
    for seed in range(20):
        torch.manual_seed(seed)
        kept = bool(torch.dropout(torch.ones(1), 0.5, train=True))
        torch.manual_seed(seed)
        (only,) = (one.code for one in on_tape("dropout(sqrt(x), 0.5)", x=[0.0]) if one.severity == "error")
        assert only == ("inf-backward" if kept else CODE), seed
