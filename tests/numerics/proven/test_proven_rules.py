"""Rules of series, each against mpmath; and which functions have one."""

from __future__ import annotations

import random

import numpy as np
import pytest
from each import each
from flint import arb, ctx
from mpmath import mp

from gradcli.exceptions import GradcliError
from gradcli.language.catalogue import all_rows
from gradcli.language.curve import read_curves
from gradcli.language.parser import parse
from gradcli.numerics import reference
from gradcli.numerics.proven.expressions import RULES, NotBoundedError, enclosure
from gradcli.numerics.proven.not_bounded import NOT_BOUNDED
from gradcli.numerics.proven.series import KinkError, UndecidedError, UndefinedError, coefficients
from gradcli.numerics.reference.slope import Slope

SMALL = {"atanh", "asin", "acos", "erfinv", "logit", "special.ndtri"}
"""Functions of numbers between 0 and 1."""
ABOVE_ONE = {"acosh", "mvlgamma"}
TEXTS = {
    "polygamma": "polygamma(1, x)",
    "mvlgamma": "mvlgamma(x, 2)",
    "threshold": "threshold(x, 0.25, -1)",
    "prelu": "prelu(x, 0.25)",
    "neg": "-x",
    "positive": "+x",
}
MORE = (
    "gelu(x, approximate='tanh')",
    "softplus(x, beta=2, threshold=3)",
    "elu(x, alpha=0.5)",
    "celu(x, alpha=2)",
    "leaky_relu(x, 0.2)",
    "hardtanh(x, -0.5, 0.25)",
    "softshrink(x, 0.125)",
    "clamp(x, min=-0.5)",
    "x * sigmoid(x)",
    "where(x > 0.5, x**3, 1 - x)",
    "where(x <= 0.5, exp(x), -x)",
    "maximum(x, 0.25) + minimum(x, 1)",
    "u = x * x; u * exp(-u)",
    "x**0.5",
    "2**x",
    "x**x",
    "1 / (1 + exp(-x))",
    "(x + 3)**-2",
    "x**65",
    "x**66",
    "x**-65",
    "clamp(x, min=x / 2, max=1)",
    "logsigmoid(3 * x) * tanh(x / 2)",
)


def subject(name: str) -> str:
    return TEXTS.get(name, f"{name}(x)")


def series(text: str, x: float, terms: int) -> list[arb]:
    ctx.prec, ctx.cap = 200, terms + 1
    return coefficients(enclosure(parse(text, bound=("x",)), "x")(arb(x), terms))


def points(name: str) -> list[float]:
    drawn = random.Random(name)
    low, high = (0.05, 0.95) if name in SMALL or "x**x" in name or "**0.5" in name else (-4, 4)
    if name in ABOVE_ONE or name in ("log", "log2", "log10", "sqrt", "rsqrt", "special.entr", "log1p"):
        low, high = 1.05, 6.0
    return [drawn.uniform(low, high) for _ in range(4)]


@each("text", [*map(subject, sorted(RULES)), *MORE])
def test_the_value_and_the_slope_are_those_of_fifty_digits(text: str) -> None:
    name = next((name for name in RULES if subject(name) == text), text)
    program = parse(text, bound=("x",))
    for x in points(name):
        value, slope = series(text, x, 2)
        there = {"x": np.array(x)}
        assert close(value, reference.value(program, there).item()), (x, value)
        assert close(slope, only(reference.slopes(program, there, ["x"], elementwise=True)["x"].item())), (x, slope)


def only(slope: Slope) -> object:
    """The slope of a smooth function."""
    assert slope.kind == "smooth"
    return slope.value


def close(ball: arb, number: object) -> bool:
    mp.dps = 50
    middle = mp.mpf(ball.mid().str(45, radius=False))
    return bool(abs(middle - mp.mpf(number)) <= mp.mpf(10) ** -14 * max(1, abs(middle)))


def test_every_function_of_one_variable_has_a_rule_or_a_reason() -> None:
    names = set()
    for row in all_rows():
        if row.category in ("in-place", "module", "derivative"):
            continue
        try:
            read_curves(TEXTS.get(row.name, row.name), ())
        except GradcliError:
            continue
        names.add(row.name)
    plain = {
        "clamp",
        "clone",
        "contiguous",
        "real",
        "conj",
        "conj_physical",
        "resolve_conj",
        "resolve_neg",
        "pow",
    }
    assert names - plain == (set(RULES) | set(NOT_BOUNDED)) - {"mvlgamma"} | ({"mvlgamma"} & names)
    assert not set(RULES) & set(NOT_BOUNDED)


@pytest.mark.parametrize(
    ("text", "x"), [("log(x)", -1.0), ("1 / x", 0.0), ("sqrt(x)", -2.0), ("lgamma(x)", -3.0), ("acos(x)", 1.5)]
)
def test_outside_of_the_domain_and_at_poles_there_is_no_number(text: str, x: float) -> None:
    with pytest.raises(UndefinedError):
        series(text, x, 1)


@pytest.mark.parametrize(
    "text", ["relu(x)", "abs(x)", "leaky_relu(x)", "where(x > 0, x, 0)", "maximum(x, 0)", "floor(x)"]
)
def test_a_kink_has_a_value_and_no_slope(text: str) -> None:
    assert series(text, 0.0, 1)[0] == 0
    with pytest.raises(KinkError):
        series(text, 0.0, 2)


def test_a_branch_that_is_not_chosen_may_have_no_value() -> None:
    text = "where(x > 0, sqrt(x), 0)"
    assert series(text, -1.0, 2) == [0, 0]
    assert series(text, 4.0, 1)[0] == 2


def test_a_power_of_zero_is_flat_below_its_exponent() -> None:
    assert series("x**1.5", 0.0, 2) == [0, 0]
    with pytest.raises(UndefinedError):
        series("x**1.5", 0.0, 3)


def test_where_one_branch_ends_the_other_has_a_value() -> None:
    text = "where(x > 0, log(x), 0)"
    assert series(text, 0.0, 1) == [0]
    with pytest.raises(KinkError):
        series(text, 0.0, 2)


@pytest.mark.parametrize("text", ["hardswish(x)", "softshrink(x)", "hardshrink(x)"])
def test_a_ball_over_several_pieces_is_on_none_of_them(text: str) -> None:
    ctx.prec, ctx.cap = 53, 3
    with pytest.raises(UndecidedError):
        enclosure(parse(text, bound=("x",)), "x")(arb(1.9, 2), 2)


@pytest.mark.parametrize("terms", [1, 2])
def test_a_large_exponent_that_is_rounded_is_no_huge_ball(terms: int) -> None:
    text = "exp(3000 * sin(x))"
    assert series(text, 1.5, terms)[0] > arb(2) ** 4000


def test_where_both_pieces_meet_smoothly_there_is_a_slope() -> None:
    assert series("where(x > 0, sin(x), x)", 0.0, 2)[1] == 1
    assert series("elu(x)", 0.0, 2)[1] == 1


def test_what_has_no_rule_says_why() -> None:
    with pytest.raises(NotBoundedError, match="i0: Arb bounds"):
        series("i0(x)", 1.0, 1)
    with pytest.raises(NotBoundedError, match="softmax"):
        series("softmax(x, 0)", 1.0, 1)
    with pytest.raises(NotBoundedError, match="detach: it cuts"):
        series("detach(x) * x", 1.0, 2)
    with pytest.raises(NotBoundedError, match="a power of inf"):
        series("x**inf", 1.0, 1)
    with pytest.raises(NotBoundedError, match="a comparison that is computed with"):
        series("clamp(x > 0, 0, 1)", 1.0, 1)


def test_a_call_is_bound_again_where_its_operands_are_others() -> None:
    function = enclosure(parse("maximum(where(x > 0, 2, x), 1)", bound=("x",)), "x")
    ctx.prec, ctx.cap = 53, 2
    assert [function(arb(x), 1)[0] for x in (-1, 0.5, -3)] == [1, 2, 1]
