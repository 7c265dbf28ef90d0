"""The rule `nan-backward`: what it finds, and what it leaves alone."""

from __future__ import annotations

import pytest
from looking import Place, findings, found, place

from gradcli.diagnose.findings.table import NOT_FINITE

pytestmark = pytest.mark.usefixtures("no_fixes")

FOUND = {
    "trace '1/(1 + exp(-x))' x=-100": ("error", Place("exp", None, None, "exp(-x)")),
    "trace 'sqrt(x) * 0' x=0": ("error", Place("sqrt", "x", None, "sqrt(x)")),
    "trace 'linalg.svd(x)[0].sum()' x='[[1,0],[0,1]]'": ("error", Place("linalg.svd", "x", [0, 0], "linalg.svd(x)")),
    "trace \"kl_div(log(p), q, reduction='sum')\" p=0.5,0.5 q=1,0 --frozen p": (
        "error",
        Place("kl_div", "q", [1], "kl_div(log(p), q, reduction='sum')"),
    ),
    "trace 'logsumexp(x, dim=0)' x=-inf,-inf": ("error", Place("logsumexp", "x", [0], "logsumexp(x, dim=0)")),
    "trace 'xlogy(x, x)' x=0": ("error", Place("xlogy", "x", None, "xlogy(x, x)")),
    "trace 'hypot(x, y)' x=0 y=0": ("error", Place("hypot", "x", None, "hypot(x, y)")),
    "trace 'exp(sum(log(x)))' x=0,2": ("error", Place("log", "x", [0], "log(x)")),
}

LEFT_ALONE = (
    "trace 'sigmoid(x)' x=-100",
    "trace 'sqrt(x)' x=0",
    "trace 'linalg.svdvals(x).sum()' x='[[1,0],[0,1]]'",
    "trace 'hypot(x, y)' x=3 y=4",
    "trace 'logsumexp(x, dim=0)' x=-inf,0",
)


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *others = (one for one in findings(line) if one["code"] in NOT_FINITE)
    assert finding["code"] == "nan-backward"
    assert finding["severity"] == severity
    assert place(finding, line) == expected
    assert others == [], "one cause, one finding"


def test_where_an_operand_was_stretched_the_product_and_the_sum_are_told() -> None:
    (finding,) = found("grad '(x ** e)*c' x=0 e=0.5,0.5 c=1,-1 --frozen e,c", "nan-backward")
    assert finding["message"].startswith(
        "x ** e at x = 0 and e[0] = 0.5: local derivative 0.5*0**(0.5 - 1) = inf, times the incoming gradient 1 = inf; "
        "over all elements the sum is nan"
    )


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "nan-backward") == []
