"""The rule `nan-forward`: what it finds, and what it leaves alone."""

from __future__ import annotations

import pytest
from each import each
from looking import Place, found, on_tape, place

pytestmark = pytest.mark.usefixtures("no_fixes")

FOUND = {
    "trace 'sqrt(x)' x=-1,4": ("error", Place("sqrt", "x", [0], "sqrt(x)")),
    "trace 'log(x)' x=1,-2": ("error", Place("log", "x", [1], "log(x)")),
    "trace '0 * log(x)' x=0": ("error", Place("log", "x", None, "log(x)")),
    "trace 'softmax(x, dim=0)' x=-inf,-inf": ("error", Place("softmax", None, [0], "softmax(x, dim=0)")),
    "trace 'pow(a, b)' a=-0.5,0.5 b=0.3": ("error", Place("pow", None, [0], "pow(a, b)")),
    "trace 'var(x)' x=3": ("error", Place("var", None, None, "var(x)")),
    "trace 'linalg.slogdet(x)[1] - linalg.slogdet(x)[1]' x='[[1,2],[2,4]]'": (
        "error",
        Place("linalg.slogdet", None, None, "linalg.slogdet(x)"),
    ),
    "trace 'm * log(x)' m=1,0 x=0,0 --frozen m": ("error", Place("log", "x", [1], "log(x)")),
    "trace 'y = x / x; y + 1' x=0": ("error", Place("div", "x", None, "x / x")),
    "trace 'softmax(masked_fill(x, m, -inf), dim=0)' x=1,2 m:bool=1,1": (
        "error",
        Place("softmax", None, [0], "softmax(masked_fill(x, m, -inf), dim=0)"),
    ),
    "trace 'cross_entropy(x, t)' x='[[1,2]]' t='[-100]'": (
        "error",
        Place("cross_entropy", None, None, "cross_entropy(x, t)"),
    ),
    "trace 'exp(x) - exp(x)' x=100": ("error", Place("exp", "x", None, "exp(x)")),
}

LEFT_ALONE = (
    "trace 'sqrt(x)' x=0.25,4",
    "trace 'x * 2' x=nan,1",
    "trace 'where(x > 0, log(x), 0)' x=-1,1",
    "trace 'nan_to_num(log(x))' x=-1",
    "trace 'log(x)' x=0",
    "trace 'x * nan' x=1",
)


@pytest.mark.parametrize("line", FOUND)
def test_it_is_found_at_its_place(line: str) -> None:
    severity, expected = FOUND[line]
    finding, *_ = found(line, "nan-forward")
    assert finding["severity"] == severity
    assert place(finding, line) == expected


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_its_neighbour_is_left_alone(line: str) -> None:
    assert found(line, "nan-forward") == []


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("grad 'layer_norm(x, [3])' x=1e20,1e20,2e20", "the squares that it adds up are more than the largest float32"),
        # of a row beside one whose squares overflow; of all rows together
        ("grad 'layer_norm(x, [2], eps=0)' x='[[1,1],[3e38,-3e38]]'", "standard deviation, which is 0"),
        ("grad 'layer_norm(x, [2], eps=0)' x='[[1,2],[3e38,-3e38]]'", "the squares that it adds up are more than"),
        ("grad 'layer_norm(x, [2, 2], eps=0)' x='[[1,1],[3e38,-3e38]]'", "the squares that it adds up are more than"),
        ("grad 'layer_norm(x, [3], eps=0)' x=1,1,1", "it divides by the standard deviation, which is 0"),
    ],
)
def test_a_normalisation_is_nan_because_of_large_squares_or_of_none(line: str, why: str) -> None:
    (only,) = found(line, "nan-forward")
    assert why in only["message"]


def test_a_nan_that_comes_in_with_a_stretched_operand_is_not_the_operations_own() -> None:
    """Of three NaN in the quotient of a column by a row only 0/0 is made there."""
    given, made = on_tape("x / y", x=[[float("nan")], [0.0]], y=[[0.0, 1.0]])
    assert (given.code, made.code, made.index) == ("nan-input", "nan-forward", (1, 0))
    assert "x / y at x[1, 0] = 0 and y[0, 0] = 0 is nan;" in made.message, "and no more of them"


@each(
    "text, x, code",
    [
        ("log(x) * x", -2.0, "nan-forward"),
        ("x * x", float("nan"), "nan-input"),
        ("1/exp(x)", -200.0, "underflow-forward"),
    ],
)
def test_the_gradients_that_it_spoils_are_told_with_the_cause(text: str, x: float, code: str) -> None:
    (only,) = on_tape(text, x=x)
    assert only.code == code
    assert only.message.endswith(("the gradient of x becomes nan", "the output and the gradient of x become nan"))
