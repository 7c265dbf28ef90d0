"""Where the table says that a rewrite is looked for, one is shown, or what the true gradient does is told."""

from __future__ import annotations

import pytest
from looking import found

from gradcli.diagnose.findings.table import ROWS

REWRITTEN = {
    "underflow-forward": ("grad 'log(sigmoid(x))' x=-200", "logsigmoid(x)"),
    "nan-forward": ("trace 'm * log(p)' m=0,1 p=0,0.5 --frozen m", "m * log(where(m != 0, p, 1.0))"),
    "inf-forward": ("grad 'log(relu(x))' x=-1", "where(x > 0, log(where(x > 0, x, 1.0)), -inf)"),
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
