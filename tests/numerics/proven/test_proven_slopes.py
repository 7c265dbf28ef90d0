"""Proven slopes at single elements: against 50 digits, and where there are none."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence

import numpy as np
import pytest
from each import each
from flint import arb, ctx
from mpmath import mp
from test_proven_rules import MORE, subject

from gradcli.language.parser import parse
from gradcli.numerics import reference
from gradcli.numerics.proven.expressions import RULES
from gradcli.numerics.proven.slopes import slopes
from gradcli.numerics.reference import Slope

POINTS = int(os.environ.get("PROVEN_POINTS", "3"))
"""Points for each expression: thousands where somebody wants to be sure."""
SPECIAL = (0.0, 1.0, -1.0, 0.5, 3.0, -3.0, 20.0, 1e-3, 1e-8, -1e-30, -30.0, 100.0, -745.0, 1e10)
OF_TWO = (
    "x * y",
    "x / y",
    "x**y",
    "log(exp(x) + exp(y))",
    "where(x > y, x * y, y)",
    "maximum(x, y) * x",
    "clamp(x, min=y, max=2 * y)",
    "u = x - y; u * sigmoid(u)",
    "sum(x * tanh(y))",
    "mean(abs(x - y))",
    "(x * y).mean()",
)
DOCUMENTED = "selu"
"""Its constants have 32 digits in PyTorch's source, which a double rounds; the 50 digits are of a formula with 17."""


def drawn(text: str, name: str) -> np.ndarray:
    source = random.Random(f"{text} {name}")
    return np.array([source.choice((source.choice(SPECIAL), source.uniform(-6, 6))) for _ in range(POINTS)])


@each("text", [*map(subject, sorted(set(RULES) - {DOCUMENTED})), *MORE, *OF_TWO])
def test_what_is_proven_is_what_fifty_digits_say(text: str) -> None:
    program = parse(text, bound=("x", "y"))
    inputs = {name: drawn(text, name) for name in program.free_names}
    names = list(inputs)
    proven = slopes(program, inputs, names)
    assert proven is not None
    for name in names:
        places = [place for place, value in enumerate(proven[name]) if value is not None]
        known = reference.slopes(program, inputs, [name], elementwise=not is_sum(text), only=places)[name]
        wrong = [(inputs[name][p], proven[name][p], known[p]) for p in places if not same(proven[name][p], known[p])]
        assert not wrong, (name, wrong)


def is_sum(text: str) -> bool:
    return text.startswith(("sum", "mean")) or text.endswith(".mean()")


def same(value: arb, slope: Slope) -> bool:
    """To 24 digits, which are eight more than those of float64; mpmath has its own zero far below float64's."""
    if slope.kind != "smooth":
        return False
    with mp.workdps(60):
        middle = mp.mpf(value.str(50, radius=False))
        return bool(abs(middle - slope.value) <= mp.mpf(10) ** -24 * abs(middle) + mp.mpf(10) ** -330)


def only(text: str, x: Sequence[float], **others: Sequence[object]) -> list[float | None]:
    inputs = {"x": np.array(x), **{name: np.array(values) for name, values in others.items()}}
    found = slopes(parse(text, bound=tuple(inputs)), inputs, ["x"])
    assert found is not None
    return [None if value is None else float(value) for value in found["x"]]


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("relu(x)", 0.0),
        ("abs(x - 0.1)", 0.1),
        ("floor(x)", 2.0),
        ("log(x)", -1.0),
        ("1 / x", 0.0),
        ("sqrt(x)", 0.0),
        ("exp(x)", np.nan),
        ("x * x", np.inf),
        ("3 * x", np.nan),
        ("abs(x)", -np.inf),
        ("special.bessel_j0(x)", 1.0),
        ("x.half()", 1.0),
        ("relu(sin(x) - sin(x))", 1.0),
    ],
)
def test_no_slope_is_proven_at_a_kink_a_pole_outside_or_without_a_rule(text: str, x: float) -> None:
    assert only(text, [x, 1.5])[0] is None


def test_beside_what_is_not_proven_the_others_are() -> None:
    assert only("relu(x) + sqrt(x + 1)", [0.0, -1.0, 3.0]) == [None, None, 1.25]


def test_a_slope_far_below_every_number_is_zero() -> None:
    assert list(map(str, only("exp(-x * x)", [1e3]))) == ["0.0"]  # and has no sign
    assert only("exp(-x * x)", [20.0])[0] == pytest.approx(-40 * np.exp(-400.0), rel=1e-14, abs=0)
    assert only("tanhshrink(x)", [1e-300, 5e-324]) == [0.0, 0.0]  # where 50 digits are not enough


def test_a_slope_that_loses_its_digits_is_taken_with_more() -> None:
    assert only("cos(x) - 1 + x * x / 2", [1e-11]) == [pytest.approx(1e-33 / 6, rel=1e-15, abs=0)]


def test_a_slope_above_every_number_is_infinite() -> None:
    assert only("exp(x)", [800.0]) == [np.inf]
    assert only("special.ndtri(x)", [5e-324]) == [np.inf]


def test_other_inputs_stay_as_they_are_and_may_be_truth_values() -> None:
    assert only("where(m, x * y, -x)", [1.0, 2.0], m=[True, False], y=[5.0, 7.0]) == [5.0, -1.0]
    assert only("x * y", [1.0, 2.0], y=3.0) == [3.0, 3.0]  # type: ignore[arg-type]


def test_a_held_input_is_no_number_of_python_that_would_round() -> None:
    third = 1 / 3
    ctx.prec = 200
    (found,) = slopes(parse("x * (y * y)", bound=("x", "y")), {"x": np.ones(1), "y": np.array([third])}, ["x"])["x"]  # type: ignore[index]
    assert abs(found - arb(third) * arb(third)) < arb(2) ** -95


def test_the_mean_shares_its_slope_among_the_elements() -> None:
    assert only("mean(x * x)", [1.0, 2.0, 3.0, 5.0]) == [0.5, 1.0, 1.5, 2.5]
    assert only("sum(x * x)", [1.0, 2.0]) == [2.0, 4.0]


@pytest.mark.parametrize(
    ("x", "y", "wrt"),
    [(np.ones(2), np.ones((3, 2)), ["x"]), (np.ones(2), np.ones(()), ["x", "y"]), (np.ones(2), np.arange(2), ["x"])],
)
def test_where_an_element_may_move_several_outputs_or_is_whole_nothing_is_proven(
    x: np.ndarray, y: np.ndarray, wrt: list[str]
) -> None:
    assert slopes(parse("x * y", bound=("x", "y")), {"x": x, "y": y}, wrt) is None
