"""The answer of `audit` for people, from results made by hand."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from inline_snapshot import snapshot
from showing import shown

from gradcli.exceptions import OutputError
from gradcli.render import View
from gradcli.render.pictures import write_svg
from gradcli.render.pictures.curves import figure
from gradcli.render.pictures.lettering import Lettering
from gradcli.render.views import plots_of
from gradcli.results import Setting
from gradcli.results.audit import (
    AuditChunk,
    AuditChunks,
    AuditedFunction,
    AuditExponent,
    AuditFailure,
    AuditInterval,
    AuditLoss,
    AuditProof,
    AuditRefusal,
    AuditResult,
    AuditRow,
    AuditTroubles,
    AuditWorst,
)

EXPONENTS = tuple(
    AuditExponent(sign < 0, exponent, ulps)
    for sign in (-1, 1)
    for exponent, ulps in ((-14, 0.0), (-7, 0.25), (0, 1.5), (7, 90.0), (15, 0.5))
)
DEAD = AuditTroubles("dead", 30, 2, (AuditInterval(-20.0, -8.0, 29), AuditInterval(9.0, 9.0, 1)))
NAN = AuditTroubles("nan", 1, 1, (AuditInterval(4096.0, 4096.0, 1),))
VALUE = AuditRow(0, "value", "contiguous", 63488, AuditWorst(0.5, 0.25, 0.5, 0.4999), (63488,), (), EXPONENTS, 0)
SLOPE = AuditRow(
    1, "reverse", "contiguous", 63486, AuditWorst(90.25, -8.5, 0.0, 1e-3), (63000, 400, 86), (NAN, DEAD), EXPONENTS, 0
)
ROWS = (
    VALUE,
    SLOPE,
    replace(SLOPE, path="strided", differs=12),
    replace(SLOPE, path="single", count=1024, worst=AuditWorst(0.0, 1.0, 1.0, 1.0), histogram=(1024,), troubles=()),
    replace(
        SLOPE, mode="forward", count=0, worst=None, histogram=(), troubles=(), differs=None, error="not implemented"
    ),
)
PROOFS = (AuditProof(0, 124, 2, 0, 0, 0, 2.0**-12), AuditProof(1, 1, 1300, 0, 2, 5, 2.0**-12))
FUNCTION = AuditedFunction("bump(x)", PROOFS, ROWS)
RESULT = AuditResult(
    Setting("2.13.0", "cpu", "float16", 0), "AVX2", -65504.0, 65504.0, (FUNCTION,), AuditChunks(126976, 2, 0, 1)
)
EXACT = replace(
    VALUE, worst=AuditWorst(0.0, 1.0, 1.0, 1.0), by_exponent=(AuditExponent(True, 0, 0.0), AuditExponent(False, 0, 0.0))
)


def text(result: AuditResult, width: int, *, plot: bool = False) -> str:
    return shown(result, width=width, plot=plot)


def test_one_function_at_80_columns() -> None:
    assert text(RESULT, 80) == snapshot("""\
bump(x)  float16 on cpu, from -65504 to 65504

f: at most 0.5 ULP, at 0.25: 0.5 where the truth is 0.4999

f': at most 90.2 ULP, at -8.5: 0 where the truth is 0.001; 1 is nan; 30 are 0,
where the truth is a normal number; 5 have no proven truth

of  by                   numbers  worst ULP     at  over 1 ULP  other bits
f   value, contiguous      63488       0.5    0.25           0           0
f'  reverse, contiguous    63486      90.25  -8.5           86           0
f'  reverse, strided       63486      90.25  -8.5           86          12
f'  reverse, single         1024       0      -              0           0

wrong in kind
of  by                   is    numbers  where
f'  contiguous, strided  nan         1  4096
f'  contiguous, strided  dead       30  -20 to -8, 9

f' in forward mode: PyTorch raised: not implemented

f is known to 0.00024 ULP by 124 polynomials with proven bounds, 2 by Arb alone
f' is known to 0.00024 ULP by 1 polynomial with proven bounds, 1,300 by Arb
alone; set aside: 2 at kinks, 5 unproven
""")


def test_one_function_at_40_columns() -> None:
    assert text(RESULT, 40) == snapshot("""\
bump(x)
float16 on cpu, from -65504 to 65504

f: at most 0.5 ULP, at 0.25: 0.5 where
the truth is 0.4999

f': at most 90.2 ULP, at -8.5: 0 where
the truth is 0.001; 1 is nan; 30 are 0,
where the truth is a normal number; 5
have no proven truth

of          f
by          value, contiguous
numbers     63488
worst ULP   0.5
at          0.25
over 1 ULP  0
other bits  0

of          f'
by          reverse, contiguous
numbers     63486
worst ULP   90.25
at          -8.5
over 1 ULP  86
other bits  0

of          f'
by          reverse, strided
numbers     63486
worst ULP   90.25
at          -8.5
over 1 ULP  86
other bits  12

of          f'
by          reverse, single
numbers     1024
worst ULP   0
at          -
over 1 ULP  0
other bits  0

wrong in kind
of       f'
by       contiguous, strided
is       nan
numbers  1
where    4096

of       f'
by       contiguous, strided
is       dead
numbers  30
where    -20 to -8, 9

f' in forward mode: PyTorch raised: not
implemented

f is known to 0.00024 ULP by 124
polynomials with proven bounds, 2 by Arb
alone
f' is known to 0.00024 ULP by 1
polynomial with proven bounds, 1,300 by
Arb alone; set aside: 2 at kinks, 5
unproven
""")


def test_the_errors_over_the_exponents_at_80_columns() -> None:
    assert text(replace(RESULT, functions=(replace(FUNCTION, rows=ROWS[:2]),)), 80, plot=True) == snapshot("""\
bump(x)  float16 on cpu, from -65504 to 65504

f: at most 0.5 ULP, at 0.25: 0.5 where the truth is 0.4999

f': at most 90.2 ULP, at -8.5: 0 where the truth is 0.001; 1 is nan; 30 are 0,
where the truth is a normal number; 5 have no proven truth

                                         f': largest error in ULP, 0.001 for
f: largest error in ULP, 0.001 for less  less
 100 ┤   ⢀⠔⢄                     ⡠⠢⡀      100 ┤   ⢀⠔⢄                     ⡠⠢⡀
     │  ⡔⠁  ⠑⠢⡀               ⢀⠔⠉  ⠈⢆         │  ⡔⠁  ⠑⠢⡀               ⢀⠔⠉  ⠈⢆
   1 ┤⡠⠊      ⠈⠒⠤⣀         ⣀⠤⠒⠁      ⠑⢄     1 ┤⡠⠊      ⠈⠒⠤⣀         ⣀⠤⠒⠁      ⠑⢄
     │            ⠑⡄     ⢠⠊                   │            ⠑⡄     ⢠⠊
0.01 ┤             ⠈⠢⡀ ⢀⠔⠁               0.01 ┤             ⠈⠢⡀ ⢀⠔⠁
     │               ⠑⠤⠊                      │               ⠑⠤⠊
     └───┬────────────┬───────┬────┬───       └───┬────────────┬───────┬────┬───
       -2^10          0       1  2^10           -2^10          0       1  2^10
  bump(x)  over x                                    ▓▓                 ▓    ▓
                                           bump(x)  over x  ▓ wrong in kind

of  by                   numbers  worst ULP     at  over 1 ULP  other bits
f   value, contiguous      63488       0.5    0.25           0           0
f'  reverse, contiguous    63486      90.25  -8.5           86           0

wrong in kind
of  by          is    numbers  where
f'  contiguous  nan         1  4096
f'  contiguous  dead       30  -20 to -8, 9

f is known to 0.00024 ULP by 124 polynomials with proven bounds, 2 by Arb alone
f' is known to 0.00024 ULP by 1 polynomial with proven bounds, 1,300 by Arb
alone; set aside: 2 at kinks, 5 unproven
""")


def test_the_errors_over_the_exponents_at_40_columns() -> None:
    shown = text(replace(RESULT, functions=(replace(FUNCTION, proofs=PROOFS[1:], rows=ROWS[1:2]),)), 40, plot=True)
    assert shown.partition("of ")[0] == snapshot("""\
bump(x)
float16 on cpu, from -65504 to 65504

f': at most 90.2 ULP, at -8.5: 0 where
the truth is 0.001; 1 is nan; 30 are 0,
where the truth is a normal number; 5
have no proven truth

f': largest error in ULP, 0.001 for less
 100 ┤    ⡔⡄                      ⢠⢢
     │   ⡜ ⠘⢄                    ⡠⠃ ⢣
     │  ⡜   ⠈⢢                  ⡔⠁   ⢣
     │ ⡜      ⠣⡀              ⢀⠜      ⢣
   1 ┤⠜        ⠈⠑⠤⡀        ⢀⠤⠊⠁        ⠣
     │            ⠘⡄      ⢠⠃
     │             ⠘⡄    ⢠⠃
0.01 ┤              ⠸⡀  ⢀⠇
     │               ⠱⡀⢀⠎
     │                ⠱⠎
     └───┬─────┬───────┬──────┬─────┬───
       -2^10  -1       0      1   2^10
            ▓▓                  ▓    ▓
  bump(x)  over x  ▓ wrong in kind

""")


def test_of_several_functions_each_derivative_shows_where_it_is_wrong_in_kind() -> None:
    first = replace(FUNCTION, rows=(replace(VALUE, troubles=(NAN,)), replace(SLOPE, troubles=(DEAD,))))
    other = AuditedFunction("other(x)", PROOFS, (VALUE, replace(SLOPE, troubles=(NAN,))))
    result = replace(RESULT, functions=(first, other))
    assert text(result, 80, plot=True).partition("\n\n")[2].partition("\n\n")[0] == snapshot("""\
                                         f': largest error in ULP, 0.001 for
f: largest error in ULP, 0.001 for less  less
 100 ┤   ⢀⠔⢄                     ⡠⠢⡀      100 ┤   ⢀⠔⢄                     ⡠⠢⡀
     │  ⡔⠁  ⠑⠢a               b⠔⠉  ⠈⢆         │  ⡔⠁  ⠑⠢a               b⠔⠉  ⠈⢆
   1 ┤⡠⠊      ⠈⠒⠤⣀         ⣀⠤⠒⠁      ⠑⢄     1 ┤⡠⠊      ⠈⠒⠤⣀         ⣀⠤⠒⠁      ⠑⢄
     │            ⠑⡄     ⢠⠊                   │            ⠑⡄     ⢠⠊
0.01 ┤             ⠈⠢⡀ ⢀⠔⠁               0.01 ┤             ⠈⠢⡀ ⢀⠔⠁
     │               ⠑⠤⠊                      │               ⠑⠤⠊
     └───┬────────────┬───────┬────┬───       └───┬────────────┬───────┬────┬───
       -2^10          0       1  2^10           -2^10          0       1  2^10
   a                                ▓       a        ▓▓                 ▓
                                            b                                ▓
  a bump(x)  b other(x)
  from the left: ULP of f, ULP of f'  ▓ wrong in kind\
""")
    axes = figure(plots_of(result), "", Lettering(keep=True)).axes[-1]
    assert [one.get_text() for one in axes.get_yticklabels()] == ["f, bump(x)", "f', bump(x)", "f', other(x)"]
    assert [round(one.get_x(), 1) for one in axes.patches] == [26.0, -18.3, 17.2, 26.0]


def test_several_functions_are_summed_up_first() -> None:
    other = AuditedFunction("other(x)", PROOFS[:1], (EXACT,))
    first = AuditedFunction("bump(x)", PROOFS[:1], (replace(VALUE, troubles=(DEAD,)),))
    assert text(replace(RESULT, functions=(first, other)), 80).partition("bump(x)\n")[0] == snapshot("""\
2 functions  float16 on cpu, from -65504 to 65504

function  f, ULP  wrong in kind
bump(x)      0.5             30
other(x)     0                0

""")


def test_what_was_asked_for_is_judged_in_the_last_lines() -> None:
    failures = (
        AuditFailure("bump(x)", 0, "ulps", "value", "contiguous", None),
        AuditFailure("bump(x)", 1, "dead", "reverse", "contiguous", 30),
        AuditFailure("bump(x)", 1, "dead", "reverse", "single", 2),
        AuditFailure("bump(x)", 1, "unproven", None, None, 5),
        AuditFailure("bump(x)", 1, "error", "forward", "contiguous", None),
    )
    for result, said in (
        (
            replace(RESULT, most_ulps=4.0, passes=True),
            snapshot("""\

Every answer is within 4 ULP and right in kind.
"""),
        ),
        (
            replace(RESULT, most_ulps=4.0, passes=False, failures=failures),
            snapshot("""\

Not every answer is within 4 ULP and right in kind.
f of bump(x): too many ULPs
f' of bump(x): dead at 30, unproven at 5, an error
"""),
        ),
        (
            replace(RESULT, fail_on=("dead",), passes=True),
            snapshot("""\

Nothing that --fail-on names occurs.
"""),
        ),
        (
            replace(RESULT, fail_on=("dead",), passes=False, failures=failures[1:2]),
            snapshot("""\

What --fail-on names occurs:
f' of bump(x): dead at 30
"""),
        ),
    ):
        assert text(result, 80).partition("5 unproven\n")[2] == said


CHUNKS = AuditChunks(
    2**26, 8, 1, 2, (AuditRefusal("tcp://10.0.0.3:9", "capability AVX2, here AVX512"),),
    (AuditLoss("tcp://10.0.0.2:8", 2), AuditLoss("tcp://10.0.0.21:8", 1)),
    (
        AuditChunk("bump(x)", 0, 0.0, 2.0, 2**24, None, None),
        AuditChunk("bump(x)", 0, 2.0, 8.0, 2**24, "tcp://10.0.0.2:8", 1.251),
        AuditChunk("bump(x)", 1, 0.0, 2.0, 2**24, "tcp://10.0.0.1:8", 0.5),
        AuditChunk("bump(x)", 1, 2.0, 8.0, 2**24, "tcp://10.0.0.2:8", 61.0),
    ),
)  # fmt: skip


def test_of_several_chunks_is_said_who_counted_them_and_which_took_longest() -> None:
    result = replace(RESULT, chunks=CHUNKS)
    assert text(result, 100).partition("5 unproven\n")[2] == snapshot("""\
67,108,864 numbers in 8 chunks: 7 by 2 processes, 1 from the file of --resume

chunks
by                 chunks  lost   numbers  seconds  longest  of
tcp://10.0.0.1:8        1     0  16777216     0.5       0.5  f', 0 to 2
tcp://10.0.0.2:8        2     2  33554432    62.25     61    f', 2 to 8
tcp://10.0.0.21:8       0     1         0     0         -    -

tcp://10.0.0.3:9 was not asked: capability AVX2, here AVX512
""")
    assert text(result, 40).partition("5\nunproven\n")[2] == snapshot("""\
67,108,864 numbers in 8 chunks: 7 by 2
processes, 1 from the file of --resume

chunks
by       tcp://10.0.0.1:8
chunks   1
lost     0
numbers  16777216
seconds  0.5
longest  0.5
of       f', 0 to 2

by       tcp://10.0.0.2:8
chunks   2
lost     2
numbers  33554432
seconds  62.25
longest  61
of       f', 2 to 8

by       tcp://10.0.0.21:8
chunks   0
lost     1
numbers  0
seconds  0
longest  -
of       -

tcp://10.0.0.3:9 was not asked:
capability AVX2, here AVX512
""")
    every = replace(CHUNKS, resumed=8, workers=0, refused=(), lost=(), each=CHUNKS.each[:1])
    assert text(replace(RESULT, chunks=every), 80).endswith("numbers in 8 chunks: 8 from the file of --resume\n")
    two = replace(CHUNKS, each=(replace(CHUNKS.each[1], expression="other(x)"), CHUNKS.each[2]), lost=())
    assert "  f of other(x), 2 to 8\n" in text(replace(RESULT, chunks=two), 100)


def test_what_pytorch_raised_is_said_once_for_all_paths() -> None:
    failed = replace(VALUE, count=0, worst=None, histogram=(), by_exponent=(), error="not implemented")
    rows = (failed, replace(failed, path="strided"), replace(failed, order=1, mode="reverse"))
    said = text(replace(RESULT, functions=(replace(FUNCTION, rows=rows),)), 80)
    assert said.count("PyTorch raised") == 2
    assert "\nf: PyTorch raised: not implemented\n\nf' in reverse mode: PyTorch raised: not implemented\n" in said


def test_lines_stay_lines_in_markdown() -> None:
    failures = (AuditFailure("bump(x)", 1, "dead", "reverse", "contiguous", 30),)
    said = shown(replace(RESULT, most_ulps=4.0, passes=False, failures=failures), format="markdown")
    assert "124 polynomials with proven bounds, 2 by Arb alone\n\nf' is known to" in said
    assert "\n- Not every answer is within 4 ULP and right in kind.\n\nf' of bump(x): dead at 30\n" in said


def test_where_nothing_could_be_compared_there_is_no_table() -> None:
    row = replace(VALUE, count=0, worst=None, histogram=(), by_exponent=())
    function = AuditedFunction("log(x)", (AuditProof(0, 0, 0, 99, 0, 0, 2.0**-12),), (row,))
    assert text(replace(RESULT, functions=(function,)), 80) == snapshot("""\
log(x)  float16 on cpu, from -65504 to 65504

f: no number was compared.

f is known to 0.00024 ULP by 0 polynomials with proven bounds, 0 by Arb alone;
set aside: 99 where there is no real number
126,976 numbers in 2 chunks: 2 by 1 process
""")


def test_where_no_answer_is_finite_nothing_is_exact_and_the_curve_has_a_gap() -> None:
    exponents = tuple(AuditExponent(False, exponent, None if exponent > 1 else 2.0) for exponent in range(4))
    every = replace(SLOPE, worst=None, histogram=(), troubles=(replace(NAN, count=63486),), by_exponent=exponents)
    function = AuditedFunction("bump(x)", PROOFS[1:], (every,))
    shown = text(replace(RESULT, functions=(function,)), 80)
    assert "\nf': no answer is finite; 63,486 are nan; 5 have no proven truth\n" in shown
    assert "\nf'  reverse, contiguous    63486          -   -           0           0\n" in shown
    (plot,) = plots_of(replace(RESULT, functions=(function,)))
    assert np.isnan(plot.series[0].y).tolist() == [False, False, True, True]


def test_intervals_that_are_not_kept_are_counted_all_the_same() -> None:
    many = AuditTroubles("dead", 9000, 4500, tuple(AuditInterval(float(x), x + 0.5, 2) for x in range(1000)))
    shown = text(replace(RESULT, functions=(replace(FUNCTION, rows=(VALUE, replace(SLOPE, troubles=(many,)))),)), 120)
    assert "  0 to 0.5, 1 to 1.5, 2 to 2.5, 4,497 more\n" in shown


def test_exact_answers_have_no_plot_and_no_picture() -> None:
    result = replace(RESULT, functions=(AuditedFunction("relu(x)", PROOFS[:1], (EXACT,)),))
    assert plots_of(result) == ()
    with pytest.raises(OutputError, match="an audit without an error has no picture"):
        write_svg(result, View(), io.BytesIO())


def test_numbers_stand_by_their_exponents_on_the_side_of_their_sign() -> None:
    value, slope = plots_of(RESULT)
    assert value.x.tolist() == [-29.5, -21.5, -14.5, -7.5, -0.5, 0.5, 7.5, 14.5, 21.5, 29.5]
    assert value.series[0].y.tolist() == [0.5, 90, 1.5, 0.25, 0.001, 0.001, 0.25, 1.5, 90, 0.5]
    assert [text for _, text in value.x_ticks] == ["-2^10", "-1", "0", "1", "2^10"]
    assert [at for at, _ in value.x_ticks] == [-24, -14, 0, 14, 24]
    assert value.shades == ()
    spans = [(round(one.start, 2), round(one.stop, 2)) for one in slope.shades]
    assert spans == [(-18.32, -17.0), (17.17, 17.17), (26.0, 26.0)]
