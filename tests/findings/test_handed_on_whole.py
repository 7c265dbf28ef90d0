"""Numbers that were rounded to zero are found through the several values of one operation that are handed on whole."""

from __future__ import annotations

from each import each
from looking import findings, place

ROUNDED = [
    "trace 'log(stack(unbind(x*y))).sum()' x=1,1e-30 y=1,1e-30",
    "trace 'log(cat(split(x*y, 1))).sum()' x=1,1e-30 y=1,1e-30",
    "trace 'log(cat(chunk(x*y, 2)[1:])).sum()' x=1,1e-30 y=1,1e-30",
    "trace 'log(prod(stack(unbind(x*y))))' x=1,1e-30 y=1,1e-30",
    "trace '1/stack(unbind(stack(unbind(x*y)))).sum()' x=1e-30,1e-30 y=1e-30,1e-30",
]
TRUE_ZEROS = [
    "trace 'log(stack(unbind(x*y))).sum()' x=1,0 y=1,1e-30",
    "trace 'log(prod(stack(unbind(x*y))))' x=0,1e-30 y=1,1e-30",
    "trace 'log(cat(chunk(x*y, 2)[:1])).sum()' x=0,1e-30 y=1,1e-30",
]


@each("line", ROUNDED)
def test_the_product_that_was_rounded_is_found(line: str) -> None:
    (only,) = [one for one in findings(line) if one["severity"] == "error"]
    assert (only["code"], place(only, line).text) == ("underflow-forward", "x*y")


@each("line", TRUE_ZEROS)
def test_a_true_zero_is_none_that_was_rounded(line: str) -> None:
    assert "underflow-forward" not in [one["code"] for one in findings(line) if one["severity"] == "error"]
