"""A trace as a tree in the terminal: shared parts once, numbers beside or below, deep programs on the screen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from command_line import captured
from each import each
from results_by_hand import tensor
from showing import shown
from traces_by_hand import MASKED, RAISED, chain, hostile, step, trace

from gradcli.render import View
from gradcli.render.blocks import Table, Tree
from gradcli.render.drawings.model import tree_of
from gradcli.render.terminal import block_lines, painted
from gradcli.render.text import width_of
from gradcli.render.tree import tree_lines
from gradcli.render.views import blocks_of
from gradcli.results import TraceResult

QUIET = replace(MASKED, findings=())


def drawn(result: TraceResult, **view: object) -> str:
    """The tree alone."""
    return painted(tree_lines(tree_of(result), View(**view)), color=False)  # type: ignore[arg-type]


def test_the_output_is_the_root_and_a_shared_part_is_drawn_once():
    assert drawn(QUIET) == (
        "                              value          gradient    slope\n"
        "where(x > 0, sqrt(x), 0 * x)  [0, 1]         [1, 1]      -\n"
        "├─ x > 0                      [false, true]  -           -\n"
        "│  └─ x  #1                   [0, 1]         [nan, 0.5]  -\n"
        "├─ sqrt(x)                    [0, 1]         [0, 1]      [inf, 0.5]\n"
        "│  │  ^ born here: masked-branch\n"
        "│  └─ x  see #1\n"
        "└─ 0 * x                      [0, 0]         [1, 0]      -\n"
        "   │  ^ found here: flat\n"
        "   └─ x  see #1\n"
    )


def test_at_forty_columns_the_numbers_stand_below_their_expression():
    assert drawn(QUIET, width=40) == (
        "where(x > 0, sqrt(x), 0 * x)\n"
        "│  value     [0, 1]\n"
        "│  gradient  [1, 1]\n"
        "├─ x > 0\n"
        "│  │  value     [false, true]\n"
        "│  └─ x  #1\n"
        "│        value     [0, 1]\n"
        "│        gradient  [nan, 0.5]\n"
        "├─ sqrt(x)\n"
        "│  │  value     [0, 1]\n"
        "│  │  gradient  [0, 1]\n"
        "│  │  slope     [inf, 0.5]\n"
        "│  │  ^ born here: masked-branch\n"
        "│  └─ x  see #1\n"
        "└─ 0 * x\n"
        "   │  value     [0, 0]\n"
        "   │  gradient  [1, 0]\n"
        "   │  ^ found here: flat\n"
        "   └─ x  see #1\n"
    )


def test_a_step_that_raised_is_the_root_and_has_no_number():
    assert drawn(RAISED) == (
        "            value\n"
        "exp(x) @ w  -\n"
        "│  ^ PyTorch raised here\n"
        "├─ exp(x)   [1, 2.718]\n"
        "│  └─ x     [0, 1]\n"
        "└─ w        [1, 2, 3]\n"
    )


def test_the_column_of_the_slope_goes_before_the_numbers_move_below():
    lines = drawn(QUIET, width=60).splitlines()
    assert lines[0].split() == ["value", "gradient"]
    assert drawn(QUIET, width=64).splitlines()[0].split() == ["value", "gradient", "slope"]


@each("width", [40, 60, 80, 120])
@each("result", [MASKED, RAISED, hostile(), chain(1000), trace("x", ())])
def test_no_line_is_wider_than_the_terminal(result: TraceResult, width: int):
    assert all(width_of(line) <= width for line in drawn(result, width=width, max_rows=None).splitlines())


def test_a_thousand_steps_neither_recurse_nor_get_lost():
    text = drawn(chain(1000), width=80, max_rows=None)
    values = {line.split()[-2] for line in text.splitlines() if line and line.split()[-1] != "below"}
    assert {str(number) for number in range(1, 1000)} <= values


def test_what_is_too_deep_is_named_and_drawn_below_as_a_tree_of_its_own():
    text = drawn(chain(12), width=80)
    assert "└─ tanh(y)  see #1 below\n\ntanh(y)  #1 " in text
    assert "below" not in drawn(chain(9), width=80)


def test_rows_beyond_the_bound_are_counted_and_all_are_shown_without_a_bound():
    text = drawn(chain(9), max_rows=3)
    assert len(text.splitlines()) == 1 + 3 + 1
    assert text.endswith("… 6 more\n")
    assert "more" not in drawn(chain(9), max_rows=None)


def test_what_the_program_computed_for_nothing_comes_behind_the_output():
    steps = (
        step("x", "leaf", value=tensor([1, 2])),
        step("exp(x)", "exp", [0], value=tensor([3, 4])),
        step("y * 2", "mul", [1], value=tensor([6, 8])),
    )
    text = drawn(trace("y = exp(x); y * 2; y", steps, output=tensor([3, 4])))
    assert text.splitlines()[1:] == [
        "exp(x)  #1         [3, 4]",
        "└─ x               [1, 2]",
        "",
        "y * 2              [6, 8]",
        "└─ exp(x)  see #1",
    ]


def test_the_birthplace_is_red_and_other_findings_are_not():
    lines = tree_lines(tree_of(QUIET), View())
    tones = {
        text.strip(): tone for line in lines for text, tone in line if text.startswith(("^", "sqrt", "0 *", "x >"))
    }
    assert tones["^ born here: masked-branch"] == "error"
    assert tones["^ found here: flat"] == "warning"
    assert next(tone for text, tone in tones.items() if text.startswith("x > 0")) == "plain"
    assert "\x1b[1;31m" in painted(lines, color=True)


def test_a_stream_without_these_characters_gets_plainer_ones():
    text = drawn(QUIET, charset="ascii")
    assert text.isascii()
    assert "+- sqrt(x)" in text
    assert "|  +- x  see #1" in text


def test_the_tree_stands_where_the_table_stood():
    with_table, with_tree = blocks_of(MASKED), blocks_of(MASKED, tree=True)
    assert [Tree if type(block) is Table else type(block) for block in with_table] == [type(b) for b in with_tree]
    assert "error[masked-branch]" in shown(MASKED, tree=True)
    assert "size mismatch" in shown(RAISED, tree=True)
    assert "gradient: what reached" not in shown(RAISED, tree=True)


def test_in_markdown_the_tree_is_a_block_of_code():
    text = shown(MASKED, tree=True, format="markdown")
    assert "```\n" in text
    assert "\n│  └─ x  #1                   [0, 1]         [nan, 0.5]  -\n" in text


def test_nothing_of_a_users_text_moves_the_cursor():
    assert "\x1b" not in shown(hostile(), tree=True)
    assert "\u202e" not in shown(hostile(), tree=True)


def test_numbers_are_rounded_as_in_tables():
    result = trace("x", (step("x", "leaf", value=tensor(0.123456789)),))
    assert drawn(result).splitlines()[-1] == "x  0.123457"
    assert drawn(result, precision=3).splitlines()[-1] == "x  0.123"


def test_one_tree_with_all_its_blocks_is_wide_enough_for_a_terminal_of_80():
    lines = painted(block_lines(blocks_of(MASKED, tree=True), View(width=80)), color=False).splitlines()
    assert max(map(width_of, lines)) <= 80


def test_the_command_draws_the_tree_only_if_asked():
    argv = ["trace", "sum(x * x)", "x=1,2"]
    code, with_tree, _ = captured([*argv, "--tree"])
    assert code == 0
    assert "└─ x * x" in with_tree
    assert "see #" not in with_tree
    assert "└─" not in captured(argv)[1]


@pytest.mark.parametrize("form", ["json", "ndjson", "csv"])
def test_a_format_for_programs_refuses_the_tree(form: str):
    code, out, err = captured(["trace", "sum(x)", "x=1,2", "--tree", "--format", form])
    assert code == 2
    assert "--tree" in out + err
    assert "markdown" in out + err


def test_markdown_takes_the_tree():
    code, out, _ = captured(["trace", "sum(x)", "x=1,2", "--tree", "--format", "markdown"])
    assert code == 0
    assert "└─ x" in out


def test_a_step_that_raised_has_its_operands_below_it():
    code, out, _ = captured(["trace", "exp(a) @ b", "a=[[1,2]]", "b=[[1,2]]", "--tree"])
    assert code == 1
    tree = out.partition("exp(a) @ b  -\n")[2].partition("\n\n")[0]
    assert [line.split("  ")[0] for line in tree.splitlines()] == ["│", "├─ exp(a)", "│", "└─ b"]


def test_a_value_that_is_not_there_is_a_dash_and_not_zero():
    steps = (step("x", "leaf", value=tensor([np.nan])), step("f(x)", "f", [0]))
    assert drawn(trace("f(x)", steps, output=tensor([1]))).splitlines()[1] == "f(x)  -"
