"""Plots beside each other and beside their table."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gradcli.render.blocks import Block, Column, Heading, Plot, Series, Table
from gradcli.render.terminal import block_lines, painted
from gradcli.render.text import width_of
from gradcli.render.view import View

X = np.linspace(-1, 1, 5)
TABLE = Table((Column("x", X), Column("y", X)))
WIDE = Table((Column("x", X), Column("a name of sixty characters, which is as long as it is broad", X)))


def plot(*names: str, y: str = "f(x)") -> Plot:
    return Plot(X, tuple(Series(name, X) for name in names), y_name=y)


def drawn(*blocks: Block, width: int | None = 80) -> list[str]:
    return painted(block_lines(blocks, View(width=width)), color=False).splitlines()


def columns_of(lines: list[str]) -> int:
    """How many plots stand beside each other."""
    return max(line.count("└") for line in lines)


@pytest.mark.parametrize(("width", "count"), [(40, 1), (71, 1), (72, 2), (80, 2), (107, 2), (108, 3), (None, 2)])
def test_as_many_plots_stand_beside_each_other_as_there_is_room_for(width: int | None, count: int) -> None:
    lines = drawn(plot("a"), plot("b"), plot("c"), width=width)
    assert columns_of(lines) == count
    assert sum(line.count("└") for line in lines) == 3


def test_every_plot_has_its_own_legend_where_the_curves_are_others() -> None:
    lines = drawn(plot("loss"), plot("w", "b"))
    assert lines[-1].split() == ["loss", "over", "x", "w", "b", "over", "x"]


def test_plots_of_the_same_functions_have_one_legend() -> None:
    lines = drawn(plot("relu", "tanh"), plot("relu'", "tanh'", y="f'(x)"))
    assert lines[-2:] == ["  a relu  b tanh", "  from the left: f(x), f'(x)"]


def test_a_table_stands_beside_the_plots_of_its_numbers_if_there_is_room() -> None:
    lines = drawn(plot("a"), plot("b"), TABLE)
    assert lines[0].startswith("   x     y  ")
    assert columns_of(lines) == 2
    assert "y" not in "".join(lines[len(X) + 1 :])
    apart = drawn(plot("a"), plot("b"), WIDE)
    assert apart[-len(X) - 1].startswith("   x  a name")
    assert apart[-len(X) - 2] == ""


def test_what_stands_between_a_plot_and_a_table_keeps_them_apart() -> None:
    lines = drawn(plot("a"), Heading("between"), TABLE)
    assert lines.index("between") > columns_of(lines) == 1
    assert lines[-len(X) - 1] == "   x     y"


def test_lines_fit_and_end_in_no_spaces() -> None:
    for width, table in product((24, 40, 72, 80, 100, 200), (TABLE, WIDE)):
        lines = drawn(plot("a", "b"), plot("c", "d"), table, width=width)
        assert max(map(width_of, lines)) <= max(width, 70 if table is WIDE else 0)
        assert not any(line.endswith(" ") for line in lines)
