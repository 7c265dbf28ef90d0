"""Audits of functions whose errors are known in closed form, and what is counted."""

from __future__ import annotations

import json
import shlex
from typing import get_args

import numpy as np
import pytest
import torch
from command_line import captured
from proven_numbers import decoded

from gradcli.commands import load
from gradcli.commands.answering import inspected
from gradcli.commands.audit import KINDS
from gradcli.commands.command import Caller
from gradcli.commands.option_values import bounds
from gradcli.exceptions import GradcliError, UsageError
from gradcli.inspections.auditing.answers import Way, answers, numbers_of, ways
from gradcli.inspections.auditing.judging import Judged, Measure
from gradcli.inspections.auditing.span import count_of, span_of
from gradcli.inspections.auditing.tally import Tally
from gradcli.inspections.auditing.verdict import WRONGS, failures, wrongs_of
from gradcli.language.parser import parse
from gradcli.numerics.proven.expressions import enclosure
from gradcli.numerics.proven.formats import FORMATS
from gradcli.numerics.proven.truth import Status, Truth, Truths
from gradcli.results.audit import AuditedFunction, AuditProof, AuditResult, AuditRow, AuditWrong

HALF, BRAIN = FORMATS["float16"], FORMATS["bfloat16"]


def audit(functions: str, **options: object) -> AuditResult:
    command = load("audit")
    invocation = command.invocation({"functions": functions, **options})
    found = inspected(invocation, invocation.read(Caller()))
    assert isinstance(found, AuditResult)
    return found


def row(result: AuditResult, order: int, mode: str = "", path: str = "contiguous") -> AuditRow:
    mode = mode or ("reverse" if order else "value")
    (found,) = [one for one in result.functions[0].rows if (one.order, one.mode, one.path) == (order, mode, path)]
    return found


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_what_is_exact_has_no_error_in_any_mode_and_on_any_path(dtype: str) -> None:
    result = audit("relu", dtype=dtype)
    assert [(one.worst and one.worst.ulps, one.troubles, one.differs) for one in result.functions[0].rows] == [
        (0.0, (), 0)
    ] * 7
    every = 2 * FORMATS[dtype].finite
    assert row(result, 0).count == every
    assert (row(result, 1).count, result.functions[0].proofs[1].kinks) == (every - 2, 2)
    assert row(result, 1).histogram == (every - 2,)


def test_digits_that_a_one_swallows_are_counted_to_the_number() -> None:
    """x + 1 is 1 up to half of the step above 1 on the right of 0, below 1 on the left: 2^-8 and 2^-9 in bfloat16."""
    result = audit("x + 1 - 1", orders="0")
    (dead,) = [one for one in row(result, 0).troubles if one.trouble == "dead"]
    assert dead.count == (126 - 8) * 128 + 1 + (126 - 9) * 128 + 1
    assert [(one.low, one.high) for one in dead.intervals] == [(-(2.0**-9), -(2.0**-126)), (2.0**-126, 2.0**-8)]
    (flushed,) = [one for one in row(result, 0).troubles if one.trouble == "flushed"]
    assert flushed.count == 2 * 127
    worst = row(result, 0).worst
    assert worst is not None
    assert (worst.answer, worst.ulps) == (0, 255)


def test_the_derivative_of_those_digits_is_right() -> None:
    assert row(audit("x + 1 - 1", orders="1"), 1).worst.ulps == 0  # type: ignore[union-attr]


def test_an_overflow_and_a_nan_are_wrong_in_kind_and_have_no_ulps() -> None:
    result = audit("x * x / x", dtype="float16", orders="0")
    found = {one.trouble: one for one in row(result, 0).troubles}
    assert found["overflow"].intervals[-1].low == 256
    assert found["overflow"].count == 2 * (HALF.finite - HALF.magnitude_below(256.0))
    result = audit("x * x - x * x + x", dtype="float16", orders="0")
    (nan,) = row(result, 0).troubles
    assert (nan.trouble, nan.count) == ("nan", found["overflow"].count)
    assert row(result, 0).worst.ulps == 0  # type: ignore[union-attr]
    assert sum(row(result, 0).histogram) == row(result, 0).count - nan.count


def test_two_modes_that_differ_are_told_apart() -> None:
    result = audit("softsign", orders="1")
    assert row(result, 1, "forward").differs > 0
    assert row(result, 1).differs == 0


def test_a_bound_is_kept_or_not() -> None:
    assert audit("relu", max_ulp=0.0).passes is True
    assert audit("x + 1 - 1", orders="0", max_ulp=1.0).passes is False
    assert audit("x + 1 - 1", orders="1", max_ulp=1.0).passes is True
    assert audit("relu").passes is None


@pytest.mark.parametrize(
    ("functions", "options", "failed"),
    [
        ("x + 1 - 1", {"fail_on": "nan,overflow"}, []),
        ("x + 1 - 1", {"fail_on": "dead"}, [("dead", "contiguous", 30082)]),
        (
            "x + 1 - 1",
            {"fail_on": "flushed", "max_ulp": 255.0},
            [("dead", "contiguous", 30082), ("flushed", "contiguous", 254)],
        ),
        ("x + 1 - 1", {"max_ulp": 254.0}, [("ulps", "contiguous", None), ("dead", "contiguous", 30082)]),
        ("x * 2**-70 * 2**-70 * 2**140", {"fail_on": "any", "between": "1:2"}, [("nan", "contiguous", 129)]),
        ("relu", {"fail_on": "any"}, []),
    ],
)
def test_what_is_wrong_is_said_where_it_is_asked_for(
    functions: str, options: dict[str, object], failed: list[tuple[str, str, int | None]]
) -> None:
    result = audit(functions, orders="0", ways="contiguous", **options)
    assert [(one.wrong, one.path, one.count) for one in result.failures] == failed
    assert result.passes is (not failed)


def test_an_error_of_pytorch_does_not_pass() -> None:
    row = AuditRow(1, "forward", "contiguous", 0, None, (), (), (), None, error="not implemented")
    function = AuditedFunction("f(x)", (AuditProof(1, 1, 0, 0, 0, 3, 0.0),), (row,))
    assert [one.wrong for one in failures([function], 4.0, ())] == ["error", "unproven"]
    assert [one.wrong for one in failures([function], None, ("error",))] == ["error"]
    assert [(one.wrong, one.count) for one in failures([function], None, ("unproven",))] == [("unproven", 3)]
    assert failures([function], None, ("dead",)) == ()


def test_every_kind_can_be_asked_for() -> None:
    assert wrongs_of(KINDS) == tuple(wrong for wrong in get_args(AuditWrong) if wrong != "ulps")
    assert get_args(AuditWrong) == WRONGS


def test_a_range_is_looked_at_alone() -> None:
    result = audit("tanh", dtype="float32", between="0.5:0.5001", orders="0")
    numbers = np.arange(
        np.float32(0.5).view(np.int32), np.float32(0.5001).view(np.int32) + (float(np.float32(0.5001)) <= 0.5001)
    )
    assert row(result, 0).count == len(numbers)


@pytest.mark.parametrize(
    ("functions", "options", "message"),
    [
        ("sigmoid", {"dtype": "float64"}, "2\\^64"),
        ("sigmoid", {"between": "2:1"}, "no number"),
        ("sigmoid", {"between": "1"}, "LOW:HIGH"),
        ("sigmoid", {"orders": "3"}, "--order"),
        ("sigmoid", {"ways": "fast"}, "--ways takes no 'fast'"),
        ("sigmoid", {"ways": ""}, "has none"),
        ("sigmoid", {"ways": "forward", "orders": "0"}, "--ways forward has none for --order 0"),
        ("sigmoid", {"jobs": 0}, "--jobs 0"),
        ("sigmoid", {"engine": "ray"}, "unknown engine 'ray'"),
        ("sigmoid", {"engine": "dask"}, "belong together"),
        ("sigmoid", {"scheduler": "tcp://a:1"}, "belong together"),
        ("sigmoid", {"engine": "dask", "scheduler": "localhost"}, "--scheduler takes tcp://HOST:PORT, not 'localhost'"),
        ("sigmoid", {"engine": "dask", "scheduler": "tcp://a:1", "jobs": 2}, "--jobs is for --engine local"),
        ("sigmoid", {"max_ulp": -1.0}, "--max-ulp -1"),
        ("sigmoid", {"max_ulp": float("nan")}, "--max-ulp nan"),
        ("sigmoid", {"fail_on": "nan,wrong-sing"}, "no kind 'wrong-sing'"),
        ("x * y", {}, "one variable"),
        ("softmax", {}, "element by element"),
        ("i0", {}, "Bessel"),
        ("sigmod", {}, "sigmod"),
    ],
)
def test_what_cannot_be_audited_says_so(functions: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(GradcliError, match=message):
        audit(functions, **options)


def test_without_flint_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradcli.inspections.audit.find_spec", lambda _: None)
    with pytest.raises(UsageError, match="python-flint") as raised:
        audit("relu")
    assert raised.value.hint == "Install it: pip install 'gradcli[audit]'."


def test_the_numbers_of_a_dtype_are_those_bits() -> None:
    magnitudes = np.arange(HALF.finite)
    for sign in (1, -1):
        numbers = numbers_of(HALF, sign, magnitudes)
        assert torch.equal(numbers.double(), torch.from_numpy(sign * decoded(HALF, magnitudes)))


@pytest.mark.parametrize("order", [0, 1, 2])
def test_every_path_gives_the_derivative(order: int) -> None:
    magnitudes = np.arange(BRAIN.magnitude_below(1.0), BRAIN.magnitude_below(4.0))
    numbers = numbers_of(BRAIN, 1, magnitudes)
    right = {0: numbers**3, 1: 3 * numbers**2, 2: 6 * numbers}[order]
    for way in ways(order):
        found = answers(lambda x: x * x * x, order, way, numbers)
        assert isinstance(found, torch.Tensor)
        assert torch.allclose(found.double(), right.double(), rtol=2.0**-6)


def test_what_raises_is_said() -> None:
    found = answers(lambda x: torch.heaviside(x, x), 1, Way("reverse", "contiguous"), torch.ones(2))
    assert found == "derivative for aten::heaviside is not implemented"


def truth_of(text: str, first: int, count: int = 1) -> Truth:
    """The truth of an expression over so many numbers of float16."""
    return Truth(enclosure(parse(text, bound=("x",)), "x"), 0, HALF, ((1, first, first + count),))


def made(text: str, answered: list[float]) -> tuple[Tally, np.ndarray]:
    """A tally of answers beside the truth at 1, 1 + 2^-10, ... of float16."""
    first = HALF.magnitude_below(1.0)
    magnitudes = np.arange(first, first + len(answered))
    truth = truth_of(text, first, len(answered))
    found = truth.over(1, magnitudes, decoded(HALF, magnitudes))
    tally = Tally(HALF)
    tally.add(1, magnitudes, np.array(answered), Measure(truth, 1, magnitudes, found).judged(np.array(answered)))
    return tally, magnitudes


def test_an_error_on_an_edge_of_the_histogram_is_on_its_side() -> None:
    unit = 2.0**-10
    exact = [1.0, 1 + unit, 1 + 2 * unit, 1 + 3 * unit]
    tally, _ = made("x", [exact[0] + unit / 2, exact[1] + unit, exact[2] + unit * 1.001, exact[3] - 2 * unit])
    assert tally.shown_histogram == (1, 1, 2)
    assert tally.worst[0] == 2
    assert tally.at_worst == (exact[3], exact[1], exact[3])


@pytest.mark.parametrize("most", [None, 3.0])
def test_an_error_near_what_is_asked_for_is_on_its_side(most: float | None) -> None:
    """The truth of x is known to 2^-12 ULP: here it is off by 2^-13."""
    first, unit = HALF.magnitude_below(1.5), 2.0**-10
    magnitudes = np.array([first])
    truth = truth_of("x", first)
    off = Truths(np.array([1.5 - unit * 2.0**-13]), np.array([0], dtype=np.uint8), np.array([False]))
    (ulps,) = Measure(truth, 1, magnitudes, off, most).judged(np.array([1.5 + 3 * unit])).ulps
    assert ulps == (3 + 2.0**-13 if most is None else 3)


def judged_at_one(text: str, value: float, answered: float) -> Judged:
    """An answer at 1 in float16, whose truth is thought to be a value."""
    first = HALF.magnitude_below(1.0)
    truth = truth_of(text, first)
    thought = Truths(np.array([value]), np.array([0], dtype=np.uint8), np.array([False]))
    return Measure(truth, 1, np.array([first]), thought).judged(np.array([answered]))


def test_below_a_power_of_two_the_ulp_is_half_as_long() -> None:
    """1 - 2^-60 is 1 in float64."""
    for text, ulps in (("x - 2**-60", 6), ("x", 3), ("x - 2**-30", 6)):
        assert judged_at_one(text, 1 + 2.0**-24, 1 + 3 * 2.0**-10).ulps[0] == pytest.approx(ulps, abs=1e-4)


def test_arb_is_not_asked_where_an_answer_is_the_power_of_two_beside_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    """sigmoid is 0.5 and less than 2^-18 ULP of it, and PyTorch's is 0.5, over a whole exponent of float32."""
    monkeypatch.setattr(Truth, "ball", None)
    result = audit("sigmoid", dtype="float32", between=f"{1.5 * 2.0**-41!r}:{1.5001 * 2.0**-41!r}", orders="0")
    assert 0 < row(result, 0).worst.ulps < 2.0**-18  # type: ignore[union-attr]


def test_a_truth_at_the_smallest_number_is_on_its_side() -> None:
    tiny = HALF.smallest
    assert judged_at_one("x * 2**-24", tiny * (1 - 2.0**-13), 0.0).troubles["flushed"].tolist() == [True]


def test_a_finite_answer_beyond_the_dtype_is_one_step_off() -> None:
    result = audit("nan_to_num(exp(x))", dtype="float16", between="12:800", orders="0")
    worst = row(result, 0).worst
    assert worst is not None
    assert (worst.ulps, worst.answer) == (1, 65504)


@pytest.mark.parametrize("text", ["x + 1 - 1", "2 * x", "where(x > 0, 1.0, 0.0)"])
def test_a_derivative_that_pytorch_does_not_follow_is_zero(text: str) -> None:
    result = audit(text, between="1:2", orders="2")
    rows = result.functions[0].rows
    assert [(one.error, one.worst and one.worst.answer, one.count) for one in rows] == [(None, 0.0, 129)] * 3


def test_a_function_without_a_derivative_in_pytorch_has_an_error_and_no_zeros() -> None:
    result = audit("special.airy_ai(x)", dtype="float32", between="0.5:0.50001", orders="1", fail_on="any")
    rows = result.functions[0].rows
    assert [(one.error, one.troubles) for one in rows] == [("the output does not require grad", ())] * 4
    assert {one.wrong for one in result.failures} == {"error"}


def test_a_step_without_a_path_back_has_the_slope_0() -> None:
    (contiguous, *others) = audit("where(x > 0.5, 1.0, 0.0)", between="0.25:1", orders="1").functions[0].rows
    assert (contiguous.error, contiguous.count, contiguous.worst and contiguous.worst.ulps) == (None, 256, 0)
    assert audit("where(x > 0.5, 1.0, 0.0)", between="0.25:1", orders="1").functions[0].proofs[0].kinks == 1
    assert all(one.error is None for one in others)


def test_kinks_of_a_shifted_function_are_set_aside() -> None:
    result = audit("hardswish(x - 3)", between="-2:64", orders="1")
    assert (result.functions[0].proofs[0].kinks, result.functions[0].proofs[0].unproven) == (3, 0)


def test_only_the_ways_that_are_asked_for_are_gone() -> None:
    every = {(one.mode, one.path): one for one in audit("softsign", orders="1").functions[0].rows}
    some = audit("softsign", orders="1", ways="forward,single").functions[0].rows
    assert [(one.mode, one.path, one.differs) for one in some] == [
        ("reverse", "single", None),
        ("forward", "contiguous", None),
    ]
    assert [one.worst for one in some] == [every[one.mode, one.path].worst for one in some]


def test_what_is_unproven_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradcli.numerics.proven.truth.MOST_POINTS", 0)
    assert audit("relu", orders="0", between="-1:1", max_ulp=1.0).passes is False


def test_a_binade_of_nan_alone_has_no_error_and_one_with_a_number_has_its() -> None:
    result = audit("gelu(x, approximate='tanh')", between=f"{2.0**63}:{2.0**66}", orders="1", ways="contiguous,forward")
    for one in result.functions[0].rows:
        assert [(each.exponent, each.ulps) for each in one.by_exponent] == [(63, 0), (64, None), (65, None), (66, None)]
        assert one.worst is not None
        assert (one.worst.x, one.histogram, one.count) == (2.0**63, (128,), 3 * 128 + 1)


def test_subnormal_numbers_share_the_smallest_exponent() -> None:
    exponents = [(one.negative, one.exponent) for one in row(audit("relu", orders="0"), 0).by_exponent]
    assert len(exponents) == len(set(exponents)) == 2 * 254


def test_tallies_of_parts_add_up_in_any_order() -> None:
    unit = 2.0**-10
    wanted = [1 + k * unit + (k % 5) * unit / 4 for k in range(64)]
    whole, magnitudes = made("x", wanted)
    parts = []
    truth = truth_of("x", int(magnitudes[0]), len(magnitudes))
    for begin, end in ((0, 10), (10, 40), (40, 64)):
        part, some = Tally(HALF), magnitudes[begin:end]
        answered = np.array(wanted[begin:end])
        part.add(1, some, answered, Measure(truth, 1, some, truth.over(1, some, decoded(HALF, some))).judged(answered))
        parts.append(part)
    for order in ((0, 1, 2), (2, 0, 1), (1, 2, 0)):
        total = Tally(HALF)
        for place in order:
            total.merge(parts[place])
        assert total.shown_histogram == whole.shown_histogram
        assert (total.worst, total.at_worst, total.count) == (whole.worst, whole.at_worst, whole.count)
        assert total.by_exponent() == whole.by_exponent()
        assert total.troubles() == whole.troubles()


def test_unproven_numbers_count_as_nothing() -> None:
    magnitudes = np.arange(3)
    unknown = Truths(np.full(3, np.nan), np.full(3, Status.UNPROVEN, dtype=np.uint8), np.zeros(3, dtype=bool))
    truth = truth_of("x", 0, 3)
    found = Measure(truth, 1, magnitudes, unknown).judged(np.ones(3))
    assert not found.compared.any()
    tally = Tally(HALF)
    tally.add(1, magnitudes, np.ones(3), found)
    assert (tally.count, tally.shown_worst, tally.shown_histogram) == (0, None, ())


def test_a_span_has_both_signs() -> None:
    assert count_of(span_of("float16", None, None).sides) == 2 * HALF.finite
    assert count_of(span_of("float16", -1.0, 1.0).sides) == 2 * (HALF.magnitude_below(1.0) + 1)
    assert span_of("float16", 1.0, 2.0).sides == ((1, HALF.magnitude_below(1.0), HALF.magnitude_below(2.0) + 1),)
    assert span_of("float16", -2.0, -1.0).sides == ((-1, HALF.magnitude_below(1.0), HALF.magnitude_below(2.0) + 1),)
    assert count_of(span_of("float32", None, None).sides) == 4_278_190_080


@pytest.mark.parametrize(("between", "points"), [("0:2", "linspace(0, 2, 1000)"), (None, "linspace(-8, 8, 1000)")])
def test_float64_is_refused_with_a_call_that_looks_at_a_thousand_of_its_numbers(
    between: str | None, points: str
) -> None:
    with pytest.raises(UsageError) as raised:
        audit("x * sigmoid(x)", dtype="float64", between=between)
    line = str(raised.value.hint).partition("gradcli ")[2].rstrip(".")
    assert shlex.split(line) == ["check", "x * sigmoid(x)", points, "--dtype", "float64"]
    code, out, _ = captured(shlex.split(line))
    assert (code, "1000 of 1000 points in float64" in out) == (0, True)


def test_a_range_beyond_the_dtype_is_told_as_it_was_asked_for() -> None:
    with pytest.raises(UsageError, match=r"float16 has no number from 1e\+09 to 1e\+10"):
        span_of("float16", 1e9, 1e10)


@pytest.mark.parametrize("word", ["3:1", "nan:1", "1:nan"])
def test_a_range_from_the_larger_to_the_smaller_number_holds_none(word: str) -> None:
    with pytest.raises(UsageError, match=f"--range {word} holds no number"):
        bounds(word)


def test_a_function_that_is_given_twice_is_answered_once() -> None:
    code, out, _ = captured(["audit", "tanh, relu,tanh", "-t", "bfloat16", "--json"])
    assert (code, [one["expression"] for one in json.loads(out)["functions"]]) == (0, ["tanh(x)", "relu(x)"])
