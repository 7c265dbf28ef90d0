"""`compare --range`: which numbers are looked at, what is known of them, and where two expressions differ there."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from command_line import answered, captured, failed
from mpmath import mp

import gradcli
from gradcli.inspections.comparing.known import Known, by_arb
from gradcli.inspections.comparing.sample import MOST_SAMPLED, drawn_between, numbers_between
from gradcli.language.parser import parse
from gradcli.results import CompareResult

HALF, BRAIN, SINGLE, DOUBLE = torch.float16, torch.bfloat16, torch.float32, torch.float64


def compared(*argv: str) -> dict[str, Any]:
    """The answer of a comparison that finds a difference."""
    code, out, _ = captured(["compare", *argv, "--json"])
    assert code == 1, out
    found: dict[str, Any] = json.loads(out)
    return found


def only(answer: dict[str, Any], quantity: str = "value", dtype: str | None = None) -> dict[str, Any]:
    (found,) = [one for one in answer["over"] if one["quantity"] == quantity and dtype in (None, one["dtype"])]
    return dict(found)


@pytest.mark.parametrize("dtype", [HALF, BRAIN])
def test_of_16_bits_every_number_is_there_once(dtype: torch.dtype) -> None:
    numbers, is_every = numbers_between(-math.inf, math.inf, dtype, 0)
    bits = torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16).view(dtype)
    wanted = bits[bits.isfinite()].unique()  # zeros of both signs are one
    assert is_every
    assert torch.equal(numbers, wanted)


@pytest.mark.parametrize("dtype", [SINGLE, DOUBLE])
def test_of_more_a_sample_ascends_and_holds_the_ends_and_zero(dtype: torch.dtype) -> None:
    numbers, is_every = numbers_between(-3.0, 5.0, dtype, 0)
    assert not is_every
    assert bool((numbers[1:] > numbers[:-1]).all())
    assert (float(numbers[0]), float(numbers[-1]), int((numbers == 0).sum())) == (-3, 5, 1)
    assert MOST_SAMPLED / 2 < len(numbers) <= MOST_SAMPLED + 3
    large = numbers.abs() > 2
    assert 0.2 < float(large.double().mean()) < 0.6  # half of the numbers lie evenly, and half of those up there
    assert float((numbers.abs() < 2.0**-60).double().mean()) > 0.1


def test_a_sample_hangs_on_the_seed_alone() -> None:
    one, other, third = (numbers_between(1.0, 2.0, DOUBLE, seed)[0] for seed in (0, 0, 1))
    assert torch.equal(one, other)
    assert not torch.equal(one, third)


@pytest.mark.parametrize(
    ("low", "high", "dtype", "wanted"),
    [
        (0.1, 0.1, HALF, []),
        (0.5, 0.5, HALF, [0.5]),
        (1e9, 1e10, HALF, []),
        (0.99, 1.001, HALF, [0.99023438, 0.99072266, 0.99121094]),
        (-1e-45, 1e-45, SINGLE, [0.0]),
        (-2e-45, 2e-45, SINGLE, [-1e-45, 0.0, 1e-45]),
    ],
)
def test_ends_between_two_numbers_let_neither_in(
    low: float, high: float, dtype: torch.dtype, wanted: list[float]
) -> None:
    numbers, is_every = numbers_between(low, high, dtype, 0)
    assert is_every
    assert torch.equal(numbers[: len(wanted)], torch.tensor(wanted, dtype=dtype))
    assert bool(((numbers.double() >= low) & (numbers.double() <= high)).all())


def test_several_ranges_are_as_long_and_in_other_orders() -> None:
    one, other = (drawn_between(0.0, 1.0, BRAIN, seed) for seed in (0, 1))
    assert len(one) == len(other) == MOST_SAMPLED
    assert not torch.equal(one, other)


@pytest.mark.parametrize("dtype", [HALF, SINGLE, DOUBLE])
@pytest.mark.parametrize("order", [0, 1])
def test_what_arb_knows_is_what_sixty_digits_say(dtype: torch.dtype, order: int) -> None:
    numbers, _ = numbers_between(-8.0, 8.0, dtype, 0)
    known = by_arb(parse("sigmoid(x)"), "x", order, numbers)
    assert known is not None
    assert known.is_known.all()
    for place in range(0, len(numbers), len(numbers) // 20):
        x = mp.mpf(float(numbers[place]))
        with mp.workdps(60):
            truth = 1 / (1 + mp.exp(-x)) if order == 0 else 1 / (2 + 2 * mp.cosh(x))
            error = abs(truth - mp.mpf(known.truth[place]) - mp.mpf(known.rest[place])) / truth
        assert error < (2**-50 if dtype is DOUBLE else 2**-22)
        assert dtype is not DOUBLE or error < 2**-58


def test_errors_are_counted_in_ulps_and_by_kind() -> None:
    known = Known(np.array([1.0, 1e-5, 70000.0, 1e9, 2.0, np.nan, 1e-9]), np.zeros(7), np.zeros(7, dtype=bool))
    answers = torch.tensor([1 + 2**-9, 0.0, math.inf, math.inf, math.nan, 3.0, 0.0], dtype=HALF)
    ulps, not_finite, zero = known.errors(answers)
    assert ulps[:4].tolist() == [2.0, pytest.approx(1e-5 * 2**24), 0.0, 0.0]
    assert np.isnan(ulps).tolist() == [False, False, False, False, True, True, False]
    assert not_finite.tolist() == [False] * 4 + [True, False, False]
    assert zero.tolist() == [False] * 7  # 1e-5 is below the normal numbers
    assert Known(np.array([1e-4]), np.zeros(1), np.zeros(1, dtype=bool)).errors(torch.zeros(1, dtype=HALF)).zero[0]


def test_digits_that_a_one_swallows_are_counted_to_the_number() -> None:
    """x + 1 is 1 for numbers up to 2^-8 on the right of 0 and 2^-9 on the left, and then 64 ULPs off and less."""
    answer = compared("x + 1 - 1", "1 * x", "--range", "-1:1", "--dtype", "bfloat16")
    value = only(answer)
    assert (value["count"], value["is_every"], value["known"]) == (2 * 127 * 128 + 1, True, 2 * 127 * 128 + 1)
    assert value["first_zero"] == (126 - 8) * 128 + 1 + (126 - 9) * 128 + 1
    assert (value["second_zero"], value["second_worst"]["second_ulps"]) == (0, 0)
    assert value["first_worst"]["first_ulps"] < 128  # a 0 is off by 128 and more
    assert only(answer, "gradient")["apart"] == 0
    assert (answer["truth"], answer["summary"][0]["closer"]) == ("same", "second")


def test_what_is_the_same_is_equal_over_a_range_in_every_dtype() -> None:
    answer = answered(["compare", "abs(x)", "where(x < 0, -x, x)", "--range", "1.5:1.50001"])
    assert answer["equal"]
    assert [one["first_worst"] for one in answer["summary"]] == [0, 0, 0, 0]
    assert {one["known"] == one["count"] for one in answer["over"]} == {True}
    assert (answer["inputs"], answer["rows"], answer["ranges"]) == ({}, [], {"x": {"low": 1.5, "high": 1.50001}})


def test_two_functions_differ_in_truth_and_neither_is_closer() -> None:
    answer = compared("x**2", "x**2 + 0.001", "--range", "-1:1", "--dtype", "float64")
    assert (answer["truth"], answer["summary"][0]["closer"]) == ("different", None)
    value = only(answer)
    assert (value["apart"], value["known"], value["first_worst"]) == (value["count"], 0, None)
    assert (value["lowest"], value["highest"]) == (-1, 1)


def test_two_functions_that_part_between_the_places_of_truth_are_found_out_where_they_differ() -> None:
    answer = compared("1 * x", "where(abs(x - 0.75) < 0.001, 2 * x, x)", "--range", "0.5:1", "--dtype", "bfloat16")
    assert (answer["truth"], only(answer)["apart"], only(answer)["lowest"]) == ("different", 1, 0.75)
    assert {one["known"] for one in answer["over"]} == {0}


def test_a_kink_is_a_difference_of_slopes_that_are_both_right() -> None:
    gradient = only(compared("relu", "clamp(x, min=0)", "--range", "-1:1", "--dtype", "float16"), "gradient")
    assert (gradient["apart"], gradient["kinks"], gradient["lowest"], gradient["highest"]) == (1, 1, 0, 0)


def test_a_side_without_a_truth_is_held_against_that_of_the_other(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("def cube(x):\n    return x * x * x\n")
    answer = answered(["compare", f"{tmp_path}/own.py:cube", "x**3", "--range", "x=-2:2", "--dtype", "float32"])
    assert (answer["truth"], answer["reference_of"]) == ("unknown", "second")
    assert 0 < only(answer)["first_worst"]["first_ulps"] < 2


def test_of_several_inputs_some_numbers_have_fifty_digits() -> None:
    answer = answered(
        ["compare", "x*x - y*y", "(x - y)*(x + y)", "--range", "x=1:2", "--range", "y=1:2", "--dtype", "float32"]
    )
    assert answer["equal"]  # what the last digits of the inputs move as much is no difference
    assert 0 < only(answer)["known"] <= 32 < only(answer)["count"] == MOST_SAMPLED
    line = answer["summary"][0]
    assert line["second_worst"] < 2 < line["first_worst"]
    assert (line["closer"], only(answer)["lowest"]) == ("second", None)


def test_a_value_beside_the_range_stays() -> None:
    answer = answered(["compare", "a * x", "x * a", "a=3", "--range", "x=-1:1", "--dtype", "float32"])
    assert answer["inputs"]["a"]["values"] == 3
    assert [one["variable"] for one in answer["over"]] == [None, "x"]


def test_a_dtype_without_the_operation_says_why() -> None:
    answer = answered(["compare", "special.erfcx", "special.erfcx(1 * x)", "--range", "0:0.1"])
    assert [one["reason"] is None for one in answer["summary"]] == [False, False, True, True]
    assert {one["dtype"] for one in answer["over"]} == {"float32", "float64"}


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--range", "1"], "LOW:HIGH"),
        (["--range", "2:1"], "no number"),
        (["--range", "nan:1"], "no number"),
        (["--range", "1:2", "--range", "3:4"], "two ranges"),
        (["--range", "x=1:2", "--range", "x=3:4"], "given twice"),
        (["--range", "x=1:2", "x=3"], "value and a range"),
        (["--range", "1:2", "3"], "beside --range"),
        (["--range", "y=1:2"], "'x' has no value"),
        (["--range", "y=1:2", "x=1"], "--range names 'y'"),
        (["--range", "1e9:1e10"], "float16 has no number"),
    ],
)
def test_what_cannot_be_a_range_says_so(argv: list[str], message: str) -> None:
    assert message in failed(["compare", "sigmoid", "1 / (1 + exp(-x))", *argv], 2)["message"]


@pytest.mark.parametrize("side", ["sum(x * x)", "softmax(x, dim=0)", "x[:1]"])
def test_what_is_not_elementwise_is_refused(side: str) -> None:
    said = failed(["compare", side, f"1 * {side}", "--range", "-1:1"], 2)
    assert said["message"].startswith(f"--range needs sides that work element by element, unlike {side}")


def test_a_constant_is_compared_at_every_number() -> None:
    assert answered(["compare", "x * 0", "0", "--range", "-1:1", "--dtype", "float16"])["equal"]


def test_each_number_stands_alone_where_no_truth_is_known() -> None:
    found = gradcli.compare(
        lambda x: x**3, lambda x: torch.where(x.abs() < 1, 1.01 * x**3, x**3), range="-1000:1000", dtype="float64"
    )
    assert isinstance(found, CompareResult)
    gradient = found.over[1]
    assert gradient.apart > 0
    assert gradient.lowest is not None
    assert -1 < gradient.lowest < 1
    assert (found.truth, gradient.known) == ("unknown", 0)


def test_python_takes_a_range_too() -> None:
    found = gradcli.compare(lambda x: x * torch.sigmoid(x), "silu", range="0:1", dtype="float32")
    assert isinstance(found, CompareResult)
    assert (found.equal, found.reference_of, [*found.ranges]) == (True, "second", ["x"])
