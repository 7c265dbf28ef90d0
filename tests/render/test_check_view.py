"""The answer of `check` for people, from results made by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from each import each
from showing import shown

from gradcli.results import CheckResult, CheckRow, CheckSummary, CheckVerdict, Setting
from gradcli.results.parts import phrase

AGREE = CheckRow("x", (0,), "float32", 2.0, 0.25, 0.25, 0.25, 1e-12, 0.25, None, None, 0.5, "agree", None)


def row(verdict: CheckVerdict, index: int = 0, dtype: str = "float32", **changes: object) -> CheckRow:
    """A row of that verdict with what belongs to it."""
    found = replace(AGREE, verdict=verdict, index=(index,), dtype=dtype)
    if verdict == "kink":
        found = replace(found, reference=None, left=0.0, right=1.0, ulp_error=None)
    if verdict in ("disagree", "rounding"):
        found = replace(found, why=phrase("off by 0.5 of the truth"), reverse=0.5, ulp_error=4194304.0)
    return replace(found, **changes)  # type: ignore[arg-type]


def result(rows: Sequence[CheckRow]) -> CheckResult:
    dtypes = list(dict.fromkeys(found.dtype for found in rows))
    lines = []
    for dtype in dtypes:
        own = [found for found in rows if found.dtype == dtype]
        count = Counter(found.verdict for found in own)
        worst = max((found.ulp_error for found in own if found.ulp_error is not None), default=None)
        lines.append(
            CheckSummary(
                dtype, count["agree"], count["disagree"], count["kink"], count["rounding"], count["no reference"], worst
            )
        )
    setting = Setting("2.13.0", "cpu", ",".join(dtypes), 0)
    return CheckResult(setting, "f(x)", {}, tuple(lines), tuple(rows), None)


def text(rows: Sequence[CheckRow], width: int | None = None) -> str:
    return shown(result(rows), width=width)


FOUR = ("float16", "bfloat16", "float32", "float64")


@each(
    "rows, sentence",
    [
        ([row("agree", i) for i in range(11)], "PyTorch's gradient agrees at 11 of 11 points in float32."),
        ([row("agree")], "PyTorch's gradient agrees at the point in float32."),
        (
            [row("agree", i, dtype) for dtype in FOUR for i in range(2)],
            "PyTorch's gradient agrees at 2 of 2 points in each of 4 dtypes.",
        ),
        (
            [row("agree", 0), row("agree", 0, variable="w")],
            "PyTorch's gradient agrees at 2 of 2 elements in float32.",
        ),
        (
            [row("agree", 0), row("disagree", 1), row("kink", 2)],
            "PyTorch's gradient is wrong at 1 of 3 points in float32.",
        ),
        (
            [row("disagree" if dtype in FOUR[2:] else "agree", 0, dtype) for dtype in FOUR],
            "PyTorch's gradient is wrong in float32 and float64.",
        ),
        (
            [row("agree", 0), row("kink", 1)],
            "PyTorch's gradient agrees at 1 of 2 points in float32; "
            "at kinks it lies between the slopes of the two sides.",
        ),
        (
            [row("agree", 0), row("rounding", 1)],
            "PyTorch's gradient agrees at 1 of 2 points in float32; at some the formula loses its digits.",
        ),
        (
            [row("agree", 0), row("rounding", 1, reference=0.0, ulp_error=None)],
            "PyTorch's gradient agrees at 1 of 2 points in float32; where the derivative is 0, rounding is left of it.",
        ),
        (
            [row("agree" if dtype == "float16" else "rounding", 0, dtype) for dtype in FOUR],
            "PyTorch's gradient agrees in float16; the formula loses its digits in bfloat16, float32 and float64.",
        ),
        (
            [row("rounding", 0)],
            "PyTorch's gradient agrees at 0 of 1 point in float32; the formula loses its digits.",
        ),
        (
            [
                row("no reference" if dtype in FOUR[:2] else "kink" if index else "agree", index, dtype, reverse=None)
                for dtype in FOUR
                for index in range(2)
            ],
            "PyTorch's gradient agrees at 1 of 2 points in float32 and float64 and at 0 in float16 and bfloat16; "
            "at kinks it lies between the slopes of the two sides in float32 and float64 and "
            "PyTorch gives no gradient in float16 and bfloat16.",
        ),
        (
            [row("agree", 0), row("no reference", 1, reverse=None, reference=None)],
            "PyTorch's gradient agrees at 1 of 2 points in float32; at some PyTorch gives no gradient.",
        ),
        (
            [row("agree", 0), row("no reference", 1, reference=None, why=phrase("detach"))],
            "PyTorch's gradient agrees at 1 of 2 points in float32; at some there is nothing to compare with.",
        ),
        (
            [row("agree", 0), row("kink", 1, left=None, right=None)],
            "PyTorch's gradient agrees at 1 of 2 points in float32; at jumps there is no slope.",
        ),
        (
            [row("agree", 0), row("disagree", 1, wrong_modes=("forward",))],
            "PyTorch's forward mode is wrong at 1 of 2 points in float32; its reverse mode agrees.",
        ),
        (
            [row("rounding", 0), row("disagree", 1, wrong_modes=("forward",))],
            "PyTorch's forward mode is wrong at 1 of 2 points in float32; its reverse mode is not accused.",
        ),
        (
            [row("disagree", 0, wrong_modes=("reverse",)), row("disagree", 1, wrong_modes=("forward",))],
            "PyTorch's gradient is wrong at 1 of 2 points in float32.",
        ),
        ([], "There is no gradient to check."),
    ],
)
def test_the_verdict_is_one_sentence_at_the_top(rows: list[CheckRow], sentence: str) -> None:
    assert text(rows).splitlines()[2] == sentence


MIXED = [
    row(verdict, index, dtype, value=-3.3333333 + index)
    for dtype in FOUR
    for index, verdict in enumerate(["agree", "kink", "disagree", "rounding", "agree"])
]  # type: ignore[arg-type]


@each("width", [40, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(len, text(MIXED, width).splitlines())) <= width


def test_at_80_columns_nothing_falls_into_records() -> None:
    assert sum(line.startswith("by ") for line in text(MIXED, 80).splitlines()) == 4


def test_what_agrees_stays_a_table_at_40_columns() -> None:
    lines = text([found for found in MIXED if found.verdict == "agree"], 40).splitlines()
    assert sum(line.startswith("by ") for line in lines) == 1


def test_the_accused_come_first_and_what_agrees_last() -> None:
    titles = [line for line in text(MIXED).splitlines() if line in ("agree", "disagree", "kink", "rounding")]
    assert titles == ["disagree", "kink", "rounding", "agree"]


def test_a_kink_shows_both_slopes_once_for_all_dtypes() -> None:
    lines = text([row("kink", 0, dtype) for dtype in FOUR]).splitlines()
    (header,) = [line.split() for line in lines if line.startswith("by ")]
    (shown,) = [line.split() for line in lines if line.startswith("x[0]")]
    cells = dict(zip(header, shown, strict=True))
    assert (cells["dtype"], cells["left"], cells["right"], cells["reverse"]) == ("all", "0", "1", "0.25")


def test_each_dtype_has_a_line_with_its_worst_error_and_where() -> None:
    lines = text([row("agree", 0), row("agree", 1, ulp_error=37.0), row("kink", 2)]).splitlines()
    assert "float32  2 agree, 1 kink; worst 37 ULP at x[1] = 2" in lines


def test_an_error_beyond_a_million_is_not_counted() -> None:
    lines = text([row("disagree", 0, ulp_error=1e6), row("disagree", 1, ulp_error=1.1e6)]).splitlines()
    assert "float32  2 disagree; worst more than a million ULP at x[1] = 2" in lines
    assert [line.endswith("more than a million") for line in lines if line.startswith("x[")] == [False, True]
    assert "inf" not in text([row("disagree", ulp_error=1.8e308)])


def test_a_reason_is_said_once_with_how_many_share_it() -> None:
    said = [line for line in text([row("disagree", i) for i in range(3)]).splitlines() if "off by" in line]
    assert said == ["disagree: x[0] in float32 and 2 more: off by 0.5 of the truth"]


def test_without_a_reference_differences_and_their_errors_are_shown() -> None:
    shown = text([row("agree", reference=None, ulp_error=None)])
    assert "± error" in shown
    assert "ULP" not in shown


@each(
    "by, said",
    [
        (["arb", "arb"], "Reference: proven by Arb."),
        (["arb", "mpmath"], "Reference: proven by Arb, 50 digits at x[1]."),
        (["mpmath", "arb", "mpmath", "arb"], "Reference: proven by Arb, 50 digits at x[0] and x[2]."),
        (["mpmath", "mpmath", "mpmath", "arb"], "Reference: proven by Arb, 50 digits at 3 of 4."),
        (["arb", None], "Reference: proven by Arb."),
    ],
)
def test_a_proven_reference_is_named_and_where_it_is_not_proven(by: list[str | None], said: str) -> None:
    assert said in text([row("agree", i, reference_by=one) for i, one in enumerate(by)]).splitlines()


def test_a_reference_that_is_not_proven_is_not_named() -> None:
    assert "Reference" not in text([row("agree", 0, reference_by="mpmath"), row("agree", 1)])
