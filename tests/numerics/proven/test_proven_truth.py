"""Proven polynomials enclose what Arb says at single numbers, and wrong ones are noticed."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from each import each
from flint import arb, ctx
from proven_numbers import decoded

from gradcli.language.parser import parse
from gradcli.numerics.proven import truth as truths
from gradcli.numerics.proven.expressions import Enclosure, enclosure
from gradcli.numerics.proven.formats import FORMATS, Format
from gradcli.numerics.proven.pieces import Piece
from gradcli.numerics.proven.series import Series, coefficients
from gradcli.numerics.proven.truth import SLACK, Status, Truth

INPUTS = int(os.environ.get("PROVEN_INPUTS", "60"))
"""Random numbers for each of these; 2,500 make a hundred thousand."""
CASES = [
    (text, order, dtype)
    for text in (
        "gelu(x)",
        "sigmoid(x)",
        "mish(x)",
        "tanh(x)",
        "log1p(x)",
        "exp(x)",
        "softsign(x)",
        "erfinv(x)",
        "x * sigmoid(x)",
    )
    for order, dtype in ((0, "float16"), (1, "bfloat16"), (2, "float16"), (1, "float32"))
]


def function(text: str) -> Enclosure:
    return enclosure(parse(text, bound=("x",)), "x")


@cache
def truth(text: str, order: int, dtype: str) -> Truth:
    form = FORMATS[dtype]
    bounds = (2.0**-3, 2.0**-1) if dtype == "float32" else (2.0**-6, 1.0) if "inv" in text else (2.0**-6, 2.0**3)
    first, last = map(form.magnitude_below, bounds)
    return Truth(function(text), order, form, ((1, first, last), (-1, first, last)))


def pieces(found: Truth) -> list[Piece]:
    return [piece for several in found._pieces.values() for piece in several if np.isfinite(piece.coefficients[0])]


def escapes(found: Truth, several: list[Piece], count: int) -> int:
    """How many random numbers have a truth, by 80 binary digits of Arb, outside of what a piece says."""
    drawn, outside = random.Random(0), 0
    for _ in range(count):
        piece = drawn.choice(several)
        magnitude = piece.start + drawn.randrange(piece.count)
        x = found.dtype.number(piece.sign, magnitude)
        value = truths._polynomial(piece, np.array([x]))[0]
        ctx.prec, ctx.cap = 80 + 2 * max(0, -np.frexp(x)[1]), found.order + 2
        ball = coefficients(found.function(arb(x), found.order + 1))[found.order] * (2 if found.order == 2 else 1)
        outside += not abs(ball - arb(value)) <= arb(piece.bound)
    return outside


@each("case", CASES)
def test_every_truth_is_within_the_proven_bound(case: tuple[str, int, str]) -> None:
    found = truth(*case)
    assert escapes(found, pieces(found), INPUTS) == 0


@each("case", CASES)
def test_a_bound_is_below_what_was_asked_for(case: tuple[str, int, str]) -> None:
    found = truth(*case)
    for piece in random.Random(1).choices(pieces(found), k=20):
        # of millions of numbers some, the ends among them: their largest unit is at most that of all
        magnitudes = piece.start + np.unique(np.linspace(0, piece.count - 1, 1000).astype(np.int64))
        numbers = piece.sign * decoded(found.dtype, magnitudes)
        units = found.dtype.ulp(truths._polynomial(piece, numbers))
        assert piece.bound <= SLACK[case[2]] * units.max() * (1 + 1e-6)


@pytest.mark.parametrize("digit", [30, 40])
def test_a_wrong_coefficient_is_noticed(digit: int) -> None:
    found = truth("gelu(x)", 1, "float16")
    wrong = [
        replace(
            piece, coefficients=(piece.coefficients[0] * (1 + 2.0**-digit) + 2 * piece.bound, *piece.coefficients[1:])
        )
        for piece in pieces(found)
    ]
    assert escapes(found, wrong, 200) > 150


def test_a_remainder_that_is_left_out_is_noticed() -> None:
    found = truth("gelu(x)", 1, "float16")
    long = [piece for piece in pieces(found) if len(piece.coefficients) > 4]
    cut = [replace(piece, coefficients=piece.coefficients[:-2]) for piece in long]
    assert escapes(found, long, 200) == 0
    assert escapes(found, cut, 200) > 20


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_every_number_has_its_status(dtype: str) -> None:
    form = FORMATS[dtype]
    everything = np.arange(form.finite)
    cases = (("log(x)", 0, 1 + form.finite, 0), ("relu(x)", 1, 0, 2), ("sqrt(x)", 0, form.finite - 1, 0))
    for text, order, undefined, kinks in cases:
        found = Truth(function(text), order, form)
        statuses = np.concatenate([found.over(s, everything, s * decoded(form, everything)).statuses for s in (1, -1)])
        assert (statuses == Status.UNDEFINED).sum() == undefined
        assert (statuses == Status.KINK).sum() == kinks
        assert (statuses == Status.UNPROVEN).sum() == 0


def test_a_square_root_is_that_of_float64_rounded_twice_as_finely() -> None:
    form = FORMATS["float16"]
    magnitudes = np.arange(1, form.finite)
    numbers = decoded(form, magnitudes)
    values = Truth(function("sqrt(x)"), 0, form).over(1, magnitudes, numbers).values
    assert np.all(np.abs(values - np.sqrt(numbers)) <= 2.0**-12 * form.ulp(values))


def test_what_swings_between_two_numbers_is_left_to_arb_without_bisecting() -> None:
    form, calls = FORMATS["bfloat16"], 0
    first = form.magnitude_below(2.0**20)

    def sine(x: arb, terms: int) -> Series:
        nonlocal calls
        calls += 1
        return function("sin(x)")(x, terms)

    found = Truth(sine, 0, form, ((1, first, first + 128),))
    assert (found.count, found.left) == (0, 128)
    assert calls == 1 + 1 + 128


def test_what_is_beyond_the_dtype_is_infinite() -> None:
    form = FORMATS["bfloat16"]
    first = form.magnitude_below(1e5)
    magnitudes = np.arange(first, form.finite)
    found = Truth(function("exp(x)"), 1, form, ((1, first, form.finite),))
    assert np.isinf(found.over(1, magnitudes, decoded(form, magnitudes)).values).all()
    assert found.left == 0


@each("dtype", list(FORMATS.values()))
def test_a_format_is_that_of_numpy(dtype: Format) -> None:
    largest, smallest = dtype.number(1, dtype.finite - 1), dtype.number(1, 1)
    assert largest == (2 - 2.0 ** (1 - dtype.precision)) * 2.0**dtype.highest
    assert smallest == dtype.smallest == 2.0 ** (dtype.lowest - dtype.precision + 1)
    assert dtype.number(-1, dtype.magnitude_below(1.0)) == -1
    assert dtype.magnitude_above(1.0) == dtype.magnitude_below(1.0)
    assert dtype.magnitude_above(np.nextafter(1.0, 2)) == dtype.magnitude_below(1.0) + 1
    assert dtype.ulp(np.array([1.0, 1.5, 0.99, 0.0])).tolist() == [2.0 ** (1 - dtype.precision)] * 2 + [
        2.0**-dtype.precision,
        smallest,
    ]
    info = np.finfo(np.float16 if dtype.name == "float16" else np.float32)
    if dtype.name != "bfloat16":
        assert (largest, dtype.smallest_normal) == (float(info.max), float(info.smallest_normal))
