"""Markdown as GitHub reads it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from answers_by_hand import ANSWERS, ONE_FUNCTION, SECOND_TIME
from each import each
from results_by_hand import MATRICES, SIGMOID, leaf, with_values
from showing import shown

from gradcli.exceptions import UsageError
from gradcli.render.view import Answer


def markdown(answer: Answer, **view: object) -> str:
    return shown(answer, format="markdown", **view)


def test_a_table_has_its_numbers_on_the_right() -> None:
    assert markdown(SIGMOID) == (
        "## `sigmoid(x)` float32 on cpu\n"
        "\n"
        "| x | value | gradient |\n"
        "| ---: | ---: | ---: |\n"
        "| 0 | 0.5 | 0.25 |\n"
        "| 1 | 0.731059 | 0.196612 |\n"
        "| 10 | 0.999955 | 4.54167e-05 |\n"
        "\n"
        "- gradient norm: 0.318055\n"
    )


def test_findings_are_a_list_with_the_place_and_the_fix_inside() -> None:
    assert markdown(MATRICES).endswith(
        "- warning[disconnected]: u has no path to the output: it ends at detach\n"
        "\n"
        "  ```\n"
        "  sum((x @ w - 1)**2) + 0 * u.detach()\n"
        "                            ^^^^^^^^^^\n"
        "  ```\n"
        "\n"
        "  fix: sum((x @ w - 1)\\*\\*2) + 0 \\* u\n"
        "\n"
        "gradcli explain disconnected\n"
    )


def test_a_pipe_in_a_name_does_not_end_the_cell() -> None:
    table = markdown(replace(SIGMOID, inputs={"a|b": leaf([0, 1, 10])})).splitlines()
    assert table[2] == "| a\\|b | value | gradient |"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("x*y*z", "x\\*y\\*z"),
        ("_x_ and leaky_relu", "\\_x\\_ and leaky_relu"),
        ("x[0](y) and x[0]", "x[0\\](y) and x[0]"),
        ("<b> a & b &amp;", "\\<b> a & b \\&amp;"),
        ("# no heading", "\\# no heading"),
        ("a\nb", "a b"),
        ("`code`", "\\`code\\`"),
        ("\x1b[31m", "\\\\x1b[31m"),
    ],
)
def test_text_of_others_is_no_markup(text: str, escaped: str) -> None:
    assert markdown(UsageError("what", hint=text)).splitlines()[-1] == escaped


def test_backticks_in_an_expression_do_not_end_the_code() -> None:
    assert markdown(replace(SIGMOID, expression="a`b``c")).startswith("## ``` a`b``c ``` float32")


def test_a_fence_is_longer_than_any_in_the_message() -> None:
    text = markdown(replace(SECOND_TIME, message="before\n```\nafter"))
    assert "  ````\n  before\n  ```\n  after\n  ````\n" in text


def test_rows_beyond_the_limit_are_counted_between_the_first_and_the_last() -> None:
    text = markdown(with_values([*range(30)]), max_rows=5)
    assert "| 2 | 2 | 2 |\n| … 25 more |  |  |\n| 28 | 28 | 28 |\n| 29 | 29 | 29 |\n\n" in text


def test_all_digits_are_there_when_no_precision_is_asked_for() -> None:
    assert "| 1.0 | 0.7310586 | 0.19661193 |" in markdown(SIGMOID, precision=None)


def test_what_does_not_apply_to_a_function_is_left_out() -> None:
    assert "- kinks: 0\n" in markdown(ONE_FUNCTION)
    assert "saturates" not in markdown(ONE_FUNCTION)


@each("name", sorted(ANSWERS))
def test_every_row_of_a_table_has_as_many_cells_as_its_header(name: str) -> None:
    for paragraph in markdown(ANSWERS[name]).split("\n\n"):
        rows = [line.replace("\\|", "") for line in paragraph.splitlines() if line.startswith("|")]
        assert len({row.count("|") for row in rows}) <= 1
