"""The rule `nan-accumulated`: what it finds, and what it leaves alone."""

from __future__ import annotations

import pytest
from looking import Place, findings, found, place

from gradcli.diagnose.findings.table import NOT_FINITE

FOUND = {
    "trace 'sqrt(x) - sqrt(x)' x=0": ("error", Place("sqrt", "x", None, "sqrt(x)")),
    "trace 'x * 3e38 + x * 3e38' x=1e-9": ("error", Place("mul", "x", None, "x * 3e38")),
    "trace 'h = x * 1; h * 3e38 + h * 3e38' x=1e-9": ("error", Place("mul", None, None, "h * 3e38")),
    "grad 'where(m, x, log(t)) * 3e38 + where(m, x, log(t)) * 2e38' x=1e-10 t=-1 m:bool=1 --wrt x": (
        "error",
        Place("where", "x", None, "where(m, x, log(t))"),  # the NaN that it discards is not to blame
    ),
}

LEFT_ALONE = (
    "trace 'sqrt(x) - sqrt(x)' x=4",
    "trace 'x * 1e38 + x * 1e38' x=1e-9",
    "trace 'x + x' x=1",
)


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *others = found(line, "nan-accumulated")
    assert finding["severity"] == severity
    assert place(finding, line) == expected
    assert others == [], "one cause, one finding"


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "nan-accumulated") == []


def test_an_operation_that_overflows_towards_two_inputs_is_one_cause() -> None:
    """x gets inf - inf, y gets inf, z gets -inf."""
    told = findings("grad 'x*y - x*z' x=10 y=10 z=10 --vjp 1e38")
    assert [one["operation"] for one in told if one["code"] == "nan-accumulated"] == ["mul"]
    (other,) = (one for one in told if one["code"] in NOT_FINITE and one["code"] != "nan-accumulated")
    assert (other["code"], other["variable"]) == ("inf-backward", "z")
