"""Periodic functions far from 0: numbers turned back to a remainder, and the polynomials over remainders."""

from __future__ import annotations

import random

import numpy as np
import pytest
from each import each
from flint import arb, ctx

from gradcli.diagnose.bound_expression import ComputeOptions
from gradcli.inspections.auditing.answers import ways
from gradcli.inspections.auditing.counts import Counts
from gradcli.inspections.auditing.running.work import _turns as kept
from gradcli.inspections.auditing.running.work import work
from gradcli.inspections.auditing.span import span_of
from gradcli.inspections.auditing.task import Task, chunks_of
from gradcli.language.parser import parse
from gradcli.numerics.proven import turns
from gradcli.numerics.proven.expressions import enclosure
from gradcli.numerics.proven.formats import FORMATS
from gradcli.numerics.proven.points import exactly
from gradcli.numerics.proven.truth import SLACK, _polynomial

FORM = FORMATS["float32"]
HARDEST = 16367173 * 2.0**72
"""The remainder of this number is the smallest of all: 2**-29.3."""


def some_magnitudes(count: int) -> np.ndarray:
    drawn = random.Random(0)
    first = FORM.magnitude_above(turns.FROM)
    found = {drawn.randrange(first, FORM.finite) for _ in range(count)}
    return np.array(sorted({first, FORM.finite - 1, FORM.magnitude_below(HARDEST), *found}))


@each("sign", [1, -1])
def test_a_number_is_its_quarter_turns_and_a_remainder_that_is_known_to_float64(sign: int) -> None:
    magnitudes = some_magnitudes(300)
    quarters, remainders = turns.remainders_of(FORM, sign, magnitudes)
    ctx.prec = 400
    for magnitude, quarter, remainder in zip(magnitudes.tolist(), quarters.tolist(), remainders.tolist(), strict=True):
        whole = (arb(FORM.number(sign, magnitude)) * 2 / arb.pi() + 0.5).floor().unique_fmpz()
        assert whole is not None
        assert int(whole) % 4 == quarter
        true = arb(FORM.number(sign, magnitude)) - whole * arb.pi() / 2
        assert abs(true - arb(remainder)) < abs(true) * arb(turns.OFF) / 2
    assert 2.0**-30 < np.abs(remainders).min() < 2.0**-29


@each("case", [("sin(x)", 0), ("cos(x)", 1), ("tan(x)", 0), ("tan(x)", 1), ("tan(x)", 2), ("sin(x) * x.cos()", 0)])
def test_a_polynomial_over_remainders_holds_what_it_says(case: tuple[str, int]) -> None:
    text, order = case
    drawn, slack = random.Random(text), SLACK["float32"]
    edges = [(sign, place) for sign in (1, -1) for place in (0, turns._places()[-1][1])]
    for sign, place in [*edges, *drawn.choices(turns._places(), k=20)]:
        quarter = drawn.randrange(4)
        function = enclosure(turns._turned(parse(text), "x", quarter), "x")
        piece = turns._piece(function, order, FORM, sign, place, slack)
        assert piece is not None
        exponent, part = divmod(place, turns._PARTS)
        low = 2.0 ** (exponent + turns.SMALLEST) * (1 + part / turns._PARTS)
        high = min(low + 2.0 ** (exponent + turns.SMALLEST) / turns._PARTS, turns.MOST)
        for share in (0.0, 1.0, drawn.random()):
            remainder = sign * (low + share * (high - low))
            ball = exactly(function, remainder, order, certain=100)
            assert ball is not None
            off = abs(ball - arb(_polynomial(piece, np.array([remainder]))[0]))
            assert off <= arb(piece.bound)
            assert off < slack * FORM.unit(int(np.frexp(float(ball.mid()))[1]) - 1)


@each(
    "case",
    [
        ("sin(x)", True),
        ("sin(x)**2 + 3 * x.cos()", True),
        ("torch.tan(x)", True),
        ("sin(2 * x)", False),
        ("x * sin(x)", False),
        ("sinc(x)", False),
        ("y = sin(x); y", False),
    ],
)
def test_what_is_periodic_has_its_variable_in_sin_cos_and_tan_alone(case: tuple[str, bool]) -> None:
    assert turns.is_periodic(parse(case[0])) is case[1]


@each("text", ["sin(x) - 0.5", "sin(x) + cos(x)", "x * sin(x)"])
def test_a_zero_elsewhere_and_what_is_not_periodic_are_left_to_other_ways(text: str) -> None:
    assert turns.turns(parse(text), 0, FORM, SLACK["float32"]) is None


def test_values_far_from_0_are_those_of_arb_at_every_number_that_is_tried() -> None:
    found, function = kept("sin(x)", 0, "float32"), enclosure(parse("sin(x)"), "x")
    assert found is not None
    magnitudes = some_magnitudes(300)
    for sign in (1, -1):
        values, proven = found.over(FORM, sign, magnitudes)
        assert proven.all()
        for magnitude, value in zip(magnitudes.tolist(), values.tolist(), strict=True):
            ball = exactly(function, FORM.number(sign, magnitude), 0)
            assert ball is not None
            unit = FORM.unit(int(np.frexp(float(ball.mid()))[1]) - 1)
            assert abs(ball - arb(value)) < SLACK["float32"] * unit


def test_counts_on_both_sides_of_where_numbers_are_turned_back_add_up_and_nothing_is_unproven() -> None:
    sides = span_of("float32", turns.FROM - 1, turns.FROM + 2).sides
    task = Task("sin(x)", 0, sides, tuple(ways(0, ("contiguous", "single"))), None, ComputeOptions(dtype="float32"))
    found = []
    for size in (2**24, 2**13):
        counts = Counts.of(task)
        for chunk in chunks_of(sides, size):
            counts.merge(work(task, chunk))
        found.append((counts.proof(task), counts.rows(0)))
    assert found[0] == found[1]
    assert found[0][0].unproven == 0
    assert found[0][0].pieces > 4000
    assert found[0][1][0].count == 2**14 + 2**14 + 1
    counts = work(task, chunks_of(((1, sides[0][2] - 99, sides[0][2]),), 2**24)[0])
    assert counts.pieces == 0


@pytest.mark.parametrize("digit", [35, 45])
def test_a_remainder_that_is_farther_off_is_not_proven(digit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    function = enclosure(turns._turned(parse("tan(x)"), "x", 1), "x")
    monkeypatch.setattr(turns, "OFF", 2.0**-digit)
    assert (turns._piece(function, 0, FORM, 1, 40, SLACK["float32"]) is None) == (digit == 35)
