"""The answer of `compare` for people, from results made by hand: points and ranges, at 80 and 40 columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from inline_snapshot import snapshot
from showing import shown

from gradcli.results import CompareResult, CompareRow, CompareSummary, Setting
from gradcli.results.compare import CompareNumber, CompareOver, CompareRange, PlaceBeside, Truth, WhichSide

FOUR = ("float16", "bfloat16", "float32", "float64")


def line(dtype: str, *, apart: int = 0, first: float | None = 0.5, second: float | None = 0.5, **more: object):
    found = CompareSummary(dtype, 0, apart, first, second, 0, 0, 0, 0, None, None)
    return replace(found, **more)  # type: ignore[arg-type]


def element(
    dtype: str, first: float, second: float, closer: WhichSide | None = "second", *, agrees: bool
) -> CompareRow:
    return CompareRow(
        "gradient", "x", (0,), dtype, 8.5, first, second, 0.000203386, None, None, 2048.0, 0.25, closer, agrees
    )


def number(at: Mapping[str, float], first: float, second: float, truth: float | None, *ulps: float | None):
    return CompareNumber(at, first, second, truth, *ulps)


def over(dtype: str, quantity: str = "value", variable: str | None = None, **more: object) -> CompareOver:
    found = CompareOver(
        quantity,
        variable,
        dtype,
        8195,
        False,
        0,
        0,
        None,
        None,
        8195,
        None,
        None,
        None,
        0,
        0,
        0,
        0,  # type: ignore[arg-type]
    )
    return replace(found, **more)  # type: ignore[arg-type]


def result(
    summary: Sequence[CompareSummary],
    rows: Sequence[CompareRow] = (),
    ranged: Sequence[CompareOver] = (),
    ranges: Mapping[str, CompareRange] | None = None,
    truth: Truth = "same",
) -> CompareResult:
    return CompareResult(
        setting=Setting("2.13.0", "cpu", ",".join(one.dtype for one in summary), 0),
        expression="sigmoid(x)",
        other="1 / (1 + exp(-x))",
        inputs={},
        equal=all(row.agrees for row in rows) and not any(row.apart for row in ranged),
        summary=tuple(summary),
        rows=tuple(rows),
        truth=truth,
        reference_of="both",
        places_beside=0 if ranges else 9,
        beside=(),
        ranges=ranges or {},
        over=tuple(ranged),
    )


def text(found: CompareResult, width: int) -> str:
    return "\n".join(line.rstrip() for line in shown(found, width=width).splitlines()) + "\n"


POINTS = result(
    [
        line("float16", apart=1, first=None, first_zero=1, second=0.25, closer="second"),
        line("bfloat16", first=0.31, second=0.31),
        line("float32", first=None, first_not_finite=1, second=12119.0, closer="second"),
        line("float64", first=None, second=None, first_zero=1, second_zero=1),
    ],
    [element("float16", 0.0, 0.0002034, agrees=False)],
)
RANGE = {"x": CompareRange(-20.0, 20.0)}
RANGED = result(
    [
        line("float16", apart=178, first=2041.8, second=1.25, first_zero=178, closer="second"),
        line("float64", first=1.5, second=2.0, closer="first"),
    ],
    ranged=[
        over("float16", count=39425, is_every=True, first_worst=number({"x": -2.5}, 0.0759, 0.0758, 0.07585, 0.5, 0.5)),
        over(
            "float16",
            "gradient",
            "x",
            count=39425,
            is_every=True,
            apart=178,
            lowest=8.32,
            highest=9.7,
            most=number({"x": 8.32}, 0.0, 0.0002434, 0.00024340088, 2041.8, 0.1),
            first_worst=number({"x": 7.5}, 0.000488, 0.000553, 0.00055247, 130.25, 1.1),
            second_worst=number({"x": 5.25}, 0.00522, 0.005203, 0.0051978, 5.7, 1.25),
        ),
        over("float64", first_worst=number({"x": -17.25}, 3.2e-08, 3.2e-08, 3.2241867e-08, 1.5, 0.5)),
        over("float64", "gradient", "x", second_worst=number({"x": 0.125}, 0.249, 0.249, 0.24902597, 0.5, 2.0)),
    ],
    ranges=RANGE,
)


def test_points_fit_a_terminal() -> None:
    assert text(POINTS, 80) == snapshot("""\
A: sigmoid(x)  on cpu

B: 1 / (1 + exp(-x))

A and B agree in value and differ in gradient at x[0] = 8.5 in float16.

In 50 digits they are the same, and B is closer.

dtype     value  gradient  A worst ULPs  B worst ULPs  closer
float16   equal  1 differ  zero          0.25          B
bfloat16  equal  equal     0.31          0.31          -
float32   equal  equal     not finite    12,119        B
float64   equal  equal     zero          zero          -

differ
of             dtype    A          B    reference
gradient x[0]  float16  0  0.0002034  0.000203386
""")


def test_points_fit_half_a_terminal() -> None:
    assert text(POINTS, 40) == snapshot("""\
A: sigmoid(x)  on cpu

B: 1 / (1 + exp(-x))

A and B agree in value and differ in
gradient at x[0] = 8.5 in float16.

In 50 digits they are the same, and B is
closer.

dtype         float16
value         equal
gradient      1 differ
A worst ULPs  zero
B worst ULPs  0.25
closer        B

dtype         bfloat16
value         equal
gradient      equal
A worst ULPs  0.31
B worst ULPs  0.31
closer        -

dtype         float32
value         equal
gradient      equal
A worst ULPs  not finite
B worst ULPs  12,119
closer        B

dtype         float64
value         equal
gradient      equal
A worst ULPs  zero
B worst ULPs  zero
closer        -

differ
of         gradient x[0]
dtype      float16
A          0
B          0.0002034
reference  0.000203386
""")


def test_ranges_fit_a_terminal() -> None:
    assert text(RANGED, 80) == snapshot("""\
A: sigmoid(x)  on cpu

B: 1 / (1 + exp(-x))

A and B agree in value and differ in gradient in float16, over x from -20 to 20.

In truth they are the same, and B is closer.

dtype    numbers  value  gradient    A worst ULPs  B worst ULPs  closer
float16    39425  equal  178 differ  zero          1.2           B
float64     8195  equal  equal       1.5           2             A

differ
of          dtype    numbers  from   to
gradient x  float16      178  8.32  9.7

farthest apart
of          dtype       x  A          B        truth
gradient x  float16  8.32  0  0.0002434  0.000243401

farthest from the truth
side  of          dtype    ULPs        x     gives        truth
A     gradient x  float16  130     7.5    0.000488  0.00055247
B     gradient x  float16  1.2     5.25   0.005203  0.0051978
A     value       float64  1.5   -17.25   3.2e-08   3.22419e-08
B     gradient x  float64  2       0.125  0.249     0.249026

float64: a sample of the numbers; another --seed draws others
""")


def test_ranges_fit_half_a_terminal() -> None:
    assert text(RANGED, 40) == snapshot("""\
A: sigmoid(x)  on cpu

B: 1 / (1 + exp(-x))

A and B agree in value and differ in
gradient in float16, over x from -20 to
20.

In truth they are the same, and B is
closer.

dtype         float16
numbers       39425
value         equal
gradient      178 differ
A worst ULPs  zero
B worst ULPs  1.2
closer        B

dtype         float64
numbers       8195
value         equal
gradient      equal
A worst ULPs  1.5
B worst ULPs  2
closer        A

differ
of          dtype    numbers  from   to
gradient x  float16      178  8.32  9.7

farthest apart
of     gradient x
dtype  float16
x      8.32
A      0
B      0.0002434
truth  0.000243401

farthest from the truth
side   A
of     gradient x
dtype  float16
ULPs   130
x      7.5
gives  0.000488
truth  0.00055247

side   B
of     gradient x
dtype  float16
ULPs   1.2
x      5.25
gives  0.005203
truth  0.0051978

side   A
of     value
dtype  float64
ULPs   1.5
x      -17.25
gives  3.2e-08
truth  3.22419e-08

side   B
of     gradient x
dtype  float64
ULPs   2
x      0.125
gives  0.249
truth  0.249026

float64: a sample of the numbers;
another --seed draws others
""")


def rounded(dtype: str) -> CompareOver:
    """No worse than rounding."""
    return over(dtype, is_every=True, first_worst=number({"x": 1.0}, 0.731, 0.731, 0.73105858, 0.5, 0.5))


def test_what_is_equal_over_a_range_is_said_in_a_line() -> None:
    found = result([line(dtype) for dtype in FOUR], ranged=[rounded(dtype) for dtype in FOUR], ranges=RANGE)
    assert text(found, 80) == snapshot("""\
A: sigmoid(x)  on cpu

B: 1 / (1 + exp(-x))

A and B are equal in value and gradient in each of 4 dtypes, over x from -20 to
20.

dtype     numbers  value  gradient  A worst ULPs  B worst ULPs  closer
float16      8195  equal  equal     0.5           0.5           -
bfloat16     8195  equal  equal     0.5           0.5           -
float32      8195  equal  equal     0.5           0.5           -
float64      8195  equal  equal     0.5           0.5           -
""")


def test_several_ranges_are_named_and_have_a_column_each() -> None:
    most = number({"x": 0.5, "y": -2.0}, 1.0, 2.0, None, None, None)
    found = result(
        [line("float32", apart=3, first=None, second=None)],
        ranged=[over("float32"), over("float32", "gradient", "y", apart=3, most=most)],
        ranges={"x": CompareRange(0.0, 1.0), "y": CompareRange(-2.0, 2.0)},
        truth="unknown",
    )
    assert text(found, 80) == snapshot("""\
A: sigmoid(x)  on cpu

B: 1 / (1 + exp(-x))

A and B agree in value and differ in gradient in float32, over x from 0 to 1 and
y from -2 to 2.

dtype    numbers  value  gradient
float32     8195  equal  3 differ

differ
of          dtype    numbers
gradient y  float32        3

farthest apart
of          dtype      x   y  A  B
gradient y  float32  0.5  -2  1  2

float32: a sample of the numbers; another --seed draws others
""")


def test_two_functions_are_told_to_be_two() -> None:
    most = number({"x": 0.5}, 1.0, 2.0, None, None, None)
    ranged = over("float32", apart=3, kinks=3, most=most, lowest=0.5, highest=0.75)
    different = result([line("float32", values_apart=3)], ranged=[ranged], ranges=RANGE, truth="different")
    assert "They differ in truth as well: these are two functions." in text(different, 80)
    assert "They differ in truth, by less than is shown here." in text(replace(different, equal=True), 80)
    assert "These are kinks:" in text(replace(different, truth="same"), 80)


def test_one_side_alone_may_have_a_truth() -> None:
    most = number({"x": 0.5}, 1.0, 2.0, 2.0, 8388608.0, 0.0)
    ranged = [over("float32", apart=3, most=most, lowest=0.5, highest=0.75)]
    found = result([line("float32", values_apart=3)], ranged=ranged, ranges=RANGE, truth="unknown")
    assert "The truth is that of B alone." in text(replace(found, reference_of="second"), 80)


def test_no_dtype_with_both_is_no_comparison() -> None:
    found = result([line("float16", reason="no kernel", first=None, second=None)], ranges=RANGE)
    assert "A and B were not compared: no dtype has both." in text(found, 80)


def test_numbers_that_look_alike_are_told_apart() -> None:
    near = replace(element("float64", 1.0, 1.0 + 2.0**-30, agrees=False), quantity="value", at=None)
    told = shown(result([line("float64", apart=1)], [near]))
    assert "B - A" in told
    assert "9.31323e-10" in told  # 2**-30
    assert "B - A" not in shown(result([line("float64", apart=1)], [replace(near, second=1.5)]))


def test_one_number_beside_the_point_is_called_it() -> None:
    beside = PlaceBeside("value", None, (), None, 1.0, 1.0 + 2.0**-30)
    both = replace(
        result([line("float64")]), beside=(beside, replace(beside, index=(0,), at=2.0, second=4.0)), equal=False
    )
    told = shown(both)
    assert "Beside the point they differ in value: it is 1 and 1, 9.31323e-10 apart." in told
    assert "Beside the point they differ in value: value[0], where the input is 2, is 1 and 4." in told
