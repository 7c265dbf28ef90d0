"""Tables on terminals of any width, in pipes, in any encoding."""

from __future__ import annotations

import io
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from answers_by_hand import ANSWERS, MISTAKE, RETAIN_DEMO, SECOND_TIME, SOFTMAX
from each import each
from hypothesis import given, settings
from hypothesis import strategies as st
from results_by_hand import MATRICES, NON_FINITE, SETTING, SIGMOID, STEP_FAILURE, leaf, with_values
from showing import shown

from gradcli.exceptions import UsageError
from gradcli.render import View, write
from gradcli.render.blocks import Facts, Heading, Scalar, Table
from gradcli.render.cells import ShownRows, is_numeric, shown_cells, shown_scalar
from gradcli.render.text import width_of
from gradcli.render.view import Answer
from gradcli.render.views import blocks_of
from gradcli.render.views.setting import place

SIGMOID_TABLE = """\
sigmoid(x)  float32 on cpu

 x     value     gradient
 0  0.5       0.25
 1  0.731059  0.196612
10  0.999955  4.54167e-05

gradient norm  0.318055
"""


@pytest.mark.parametrize("width", [None, 80, 40])
def test_a_table_that_fits_has_its_columns_beside_each_other(width: int | None) -> None:
    assert shown(SIGMOID, width=width) == SIGMOID_TABLE


def test_on_a_narrow_terminal_columns_move_below_each_other() -> None:
    assert shown(SIGMOID, width=22) == (
        "sigmoid(x)\n"
        "float32 on cpu\n"
        "\n"
        "x         0\n"
        "value     0.5\n"
        "gradient  0.25\n"
        "\n"
        "x         1\n"
        "value     0.731059\n"
        "gradient  0.196612\n"
        "\n"
        "x         10\n"
        "value     0.999955\n"
        "gradient  4.54167e-05\n"
        "\n"
        "gradient norm\n"
        "  0.318055\n"
    )


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (46, "     1.5e-05       1.5e-05       1.5e-05"),
        (40, "     1.5e-05       1.5e-05       1.5e-05"),
        (39, "1.5e-05  1.5e-05   1.5e-05"),
        (26, "1.5e-05  1.5e-05   1.5e-05"),
        (25, "gradient  123456"),
    ],
)
def test_decimal_points_are_aligned_while_there_is_room(width: int, line: str) -> None:
    assert shown(with_values([123456, 1.5e-05]), width=width).splitlines()[4] == line


def test_findings_stand_below_with_a_caret_and_a_fix() -> None:
    assert shown(MATRICES).endswith(
        "warning[disconnected]: u has no path to the output: it ends at detach\n"
        "  sum((x @ w - 1)**2) + 0 * u.detach()\n"
        "                            ^^^^^^^^^^\n"
        "fix: sum((x @ w - 1)**2) + 0 * u\n"
        "gradcli explain disconnected\n"
    )


def test_two_findings_of_a_kind_are_explained_once_and_two_kinds_in_one_line() -> None:
    (found,) = MATRICES.findings
    twice = replace(MATRICES, findings=(found, replace(found, code="dead"), found))
    assert shown(twice).count("gradcli explain") == 1
    assert shown(twice).endswith("\ngradcli explain disconnected dead\n")
    assert "gradcli explain" not in shown(replace(MATRICES, findings=()))


def test_a_mistake_says_what_where_and_how_to_fix_it() -> None:
    assert shown(MISTAKE) == (
        "cannot multiply [2, 3] by [2, 3]\n"
        "  a @ b\n"
        "    ^\n"
        "The inner sizes 3 and 2 differ. Try 'a @ b.T', which gives [2, 2].\n"
    )


def test_the_words_of_pytorch_are_not_wrapped_in_a_pipe() -> None:
    lines = [f"  {line}" for line in SECOND_TIME.message.split("\n")]
    assert set(lines) <= set(shown(SECOND_TIME).splitlines())
    assert set(lines) <= set(shown(RETAIN_DEMO).splitlines())


@pytest.mark.parametrize("width", [40, 80, 100])
def test_the_words_of_pytorch_are_broken_between_words_on_a_terminal(width: int) -> None:
    lines = shown(SECOND_TIME, width=width).splitlines()
    assert max(map(len, lines)) <= width
    message = " ".join(SECOND_TIME.message.split())
    assert message in " ".join(" ".join(lines).split())


def test_a_missing_gradient_is_a_dash_and_a_zero_gradient_is_not() -> None:
    lines = shown(MATRICES).splitlines()
    assert lines[lines.index("input  value  gradient") + 1] == "u          5         -"
    assert shown(NON_FINITE).splitlines()[5] == "inf    inf         0"


def test_the_jacobian_of_a_softmax_shows_every_sign() -> None:
    assert "dp[0]  +0.224719  -0.159764   -0.064955\n" in shown(SOFTMAX)


def test_precision_counts_significant_digits() -> None:
    assert "\n 1  0.731  0.197\n" in shown(SIGMOID, precision=3)
    assert "\n 1.0  0.7310586  0.19661193\n" in shown(SIGMOID, precision=None)


@pytest.mark.parametrize(
    ("rows", "most", "seen"),
    [
        (19, 20, [*map(str, range(19))]),
        (20, 20, [*map(str, range(20))]),
        (21, 20, [*map(str, range(21))]),
        (22, 20, [*map(str, range(10)), "… 2 more", *map(str, range(12, 22))]),
        (6, 5, ["0", "1", "2", "… 1 more", "4", "5"]),
        (4000, 5, ["0", "1", "2", "… 3,995 more", "3998", "3999"]),
        (9, 1, ["0", "… 8 more"]),
        (9, 2, ["0", "… 7 more", "8"]),
        (9, None, [*map(str, range(9))]),
    ],
)
def test_a_long_table_shows_its_first_and_its_last_rows(rows: int, most: int | None, seen: list[str]) -> None:
    answer = with_values([*range(rows)])
    lines = shown(answer, max_rows=most).splitlines()[3:-2]
    assert [line.strip().split("  ")[0] for line in lines] == seen


@pytest.mark.parametrize(
    ("most", "text"),
    [
        (4, "x         0|x         1|… 6 more|x         8|x         9"),
        (3, "x         0|x         1|… 7 more|x         9"),
        (1, "x         0|… 9 more"),
    ],
)
def test_a_few_rows_whose_columns_do_not_fit_are_read_one_by_one(most: int, text: str) -> None:
    lines = shown(with_values([*range(10)]), max_rows=most, width=16).splitlines()
    assert [line for line in lines if line.startswith(("x  ", "…"))] == text.split("|")


def test_of_many_rows_the_columns_that_do_not_fit_stand_below_beside_the_first_one() -> None:
    assert shown(with_values([*range(10)]), max_rows=5, width=16).split("\n\n")[1:3] == [
        "x  value\n0      0\n1      1\n2      2\n… 5 more\n8      8\n9      9",
        "x  gradient\n0         0\n1         1\n2         2\n… 5 more\n8         8\n9         9",
    ]


def test_without_a_limit_every_row_is_shown() -> None:
    assert len(shown(with_values([1] * 1000), max_rows=None).splitlines()) == 1000 + 5


@each("name", sorted(ANSWERS))
def test_no_zero_has_a_sign(name: str) -> None:
    assert not re.search(r"-0(?![.\d])", shown(ANSWERS[name], plot=True))


def test_a_footer_says_what_is_not_the_default() -> None:
    assert shown(SIGMOID).endswith("\n\ngradient norm  0.318055\n")
    for answer, footer in (
        (replace(SIGMOID, setting=replace(SETTING, draws=True)), "seed 0"),
        (replace(SIGMOID, method=replace(SIGMOID.method, via="backward")), "via backward"),
        (replace(SIGMOID, method=replace(SIGMOID.method, elementwise=False)), "cotangent of ones"),
        (replace(SIGMOID, method=replace(SIGMOID.method, cotangent=None)), "no cotangent passed"),
    ):
        assert shown(answer).endswith(f"\ngradient norm  0.318055\n{footer}\n"), footer


def numbers_of(answer: Answer, digits: int) -> Counter[str]:
    """Every number that a view has to show."""
    found: Counter[str] = Counter()
    for block in blocks_of(answer):
        if isinstance(block, Table):
            for column in block.columns:
                if is_numeric(column):
                    found.update(text for text in shown_cells(column, digits, ShownRows(block.rows)) if text != "-")
        elif isinstance(block, Facts):
            found.update(shown_scalar(value, digits) for _, value in block.pairs if isinstance(value, Scalar))
    return found


@settings(deadline=None)
@given(st.sampled_from(sorted(ANSWERS)), st.integers(10, 200), st.integers(1, 17))
def test_no_number_is_cut_or_wrapped_at_any_width(name: str, width: int, digits: int) -> None:
    text = shown(ANSWERS[name], width=width, precision=digits)
    assert not numbers_of(ANSWERS[name], digits) - Counter(text.split())


@settings(deadline=None)
@given(st.lists(st.floats(width=32), min_size=1, max_size=20), st.integers(10, 200), st.sampled_from([1, 6, 17, None]))
def test_no_number_whatsoever_is_cut(values: list[float], width: int, digits: int | None) -> None:
    answer = with_values(values)
    assert not numbers_of(answer, digits) - Counter(shown(answer, width=width, precision=digits).split())  # type: ignore[arg-type]


@each("name", sorted(ANSWERS))
@each("width", [40, 60, 80])
def test_lines_fit_the_terminal(name: str, width: int) -> None:
    words_of_pytorch = {f"  {line}" for failure in (SECOND_TIME, STEP_FAILURE) for line in failure.message.split("\n")}
    lines = set(shown(ANSWERS[name], width=width, plot=True).splitlines()) - words_of_pytorch
    assert max(map(width_of, lines)) <= width


@each("name", sorted(ANSWERS))
def test_no_line_ends_in_spaces_and_no_two_are_empty(name: str) -> None:
    text = shown(ANSWERS[name], plot=True)
    assert not re.search(r" $|\n\n\n|\A\n|\n\n\Z", text, re.MULTILINE)


def test_square_brackets_survive() -> None:
    assert "[3, 4] and [bold]" in shown(UsageError("[3, 4] and [bold]"), color=True)


@each("name", sorted(ANSWERS))
def test_colour_changes_nothing_but_colour(name: str) -> None:
    painted = shown(ANSWERS[name], color=True, plot=True)
    assert "\x1b[" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == shown(ANSWERS[name], plot=True)


@each("name", sorted(ANSWERS))
def test_without_colour_there_is_no_escape(name: str) -> None:
    assert "\x1b" not in shown(ANSWERS[name], plot=True)


@pytest.mark.parametrize("color", [False, True])
def test_escapes_of_the_user_are_shown_not_sent(color: bool) -> None:
    text = "x\x1b[31m\x07\u202e\x9b2J"
    for answer in (
        replace(SIGMOID, expression=text),
        replace(SIGMOID, inputs={text: SIGMOID.inputs["x"]}),
        replace(SECOND_TIME, message=text),
        UsageError(text, hint=text, expression=text, span=(1, 2)),
    ):
        written = re.sub(r"\x1b\[[0-9;]*m", "", shown(answer, color=color)) if color else shown(answer)
        assert "x\\x1b[31m\\x07\\u202e\\x9b2J" in written
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", written)


def test_a_heading_of_ten_thousand_characters_is_shortened() -> None:
    heading = shown(replace(SIGMOID, expression="x + " * 2500 + "y")).splitlines()[0]
    assert len(heading) < 300
    assert heading.startswith("x + x")
    assert heading.endswith("y  float32 on cpu")


def test_statements_on_several_lines_make_one_heading() -> None:
    heading = shown(replace(SIGMOID, expression="h = tanh(x)\nsum(h)")).splitlines()[0]
    assert heading == "h = tanh(x); sum(h)  float32 on cpu"


def written_in(answer: Answer, encoding: str, **view: object) -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, newline="")
    write(answer, View(**view), stream)  # type: ignore[arg-type]
    stream.flush()
    return raw.getvalue().decode(encoding)


@each("name", ["table", "markdown", "csv", "json", "ndjson"])
@each("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_stream_can_hold_any_answer(name: str, encoding: str) -> None:
    answer = replace(SIGMOID, expression="α·变\U0001d465\udcff", inputs={"α": SIGMOID.inputs["x"]})
    assert written_in(answer, encoding, format=name, plot=True)
    assert written_in(with_values([1] * 30), encoding, format=name, plot=True)


def test_a_stream_of_ascii_gets_plainer_characters_in_the_same_places() -> None:
    answer = with_values(list(range(30)))
    unicode, plain = (written_in(answer, encoding, plot=True).splitlines() for encoding in ("utf-8", "ascii"))
    assert len(plain) == len(unicode)
    assert any(line.startswith("... 10 more") for line in plain)
    assert {len(a) - len(b) for a, b in zip(plain, unicode, strict=True)} == {0}


def test_columns_stay_aligned_under_a_name_that_ascii_lacks() -> None:
    lines = written_in(replace(SIGMOID, inputs={"α": SIGMOID.inputs["x"]}), "ascii").splitlines()
    assert lines[2].startswith("\\u03b1     value")
    assert lines[3].startswith("     0  0.5")


def test_wide_characters_count_as_two_columns() -> None:
    lines = shown(replace(SIGMOID, inputs={"变量": SIGMOID.inputs["x"]})).splitlines()
    assert lines[2].startswith("变量     value")
    assert lines[3].startswith("   0  0.5")


def test_an_empty_tensor_has_a_header_and_no_rows() -> None:
    assert shown(with_values([])).splitlines()[2:4] == ["x  value  gradient", ""]


def test_sixteen_bit_numbers_show_their_own_digits() -> None:
    assert "\n0.1    0.1       0.1\n" in shown(with_values([0.1], "float16"))
    assert "0.0999756" in shown(with_values([float(np.float16(0.1))], "float32"))


@pytest.mark.parametrize(
    ("dtypes", "remark"),
    [
        (["float32", "float32"], "float32 on cpu"),
        (["float64"], "float64 on cpu"),
        (["float64", "float64"], "float64 on cpu"),
        (["float64", "int64"], "float64 on cpu"),
        (["int64"], "float32 on cpu"),
        (["float32", "float64"], "float32 on cpu, b is float64"),
        (["float16", "bfloat16"], "float32 on cpu, a is float16, b is bfloat16"),
        (["float32", *["float64"] * 5], "float32 on cpu, b is float64, c is float64, d is float64, 2 more differ"),
    ],
)
def test_the_remark_behind_a_heading_is_true_of_every_floating_input(dtypes: list[str], remark: str):
    inputs = {name: leaf([1], dtype) for name, dtype in zip("abcdef", dtypes, strict=False)}
    assert place(SETTING, inputs) == remark


def test_the_heading_of_an_answer_says_the_dtype_of_its_input():
    (heading,) = (
        block
        for block in blocks_of(replace(SIGMOID, inputs={"x": leaf([0, 1, 10], "float64")}))
        if isinstance(block, Heading)
    )
    assert heading.remark == "float64 on cpu"
