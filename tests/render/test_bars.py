"""The probabilities of a softmax as bars, with their Jacobian as colours."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from answers_by_hand import SOFTMAX
from inline_snapshot import snapshot
from matplotlib.colors import to_rgb
from results_by_hand import leaf, tensor

from gradcli.exceptions import OutputError
from gradcli.render import View, page
from gradcli.render.bars import bars_lines
from gradcli.render.pictures import picture, write_svg
from gradcli.render.views import plots_of
from gradcli.results import SoftmaxResult


def of_values(count: int) -> SoftmaxResult:
    """A softmax of so many equal values."""
    share = 1 / count
    return replace(
        SOFTMAX,
        inputs={"x": leaf([0.0] * count)},
        probabilities=tensor([share] * count),
        jacobian=tensor(share * np.eye(count) - share**2),
        index=None,
        gradient=None,
        amplification=(),
    )


def test_a_bar_is_as_high_as_its_probability() -> None:
    with picture(SOFTMAX, View(), fallback="keep") as figure:
        heights = [patch.get_height() for patch in figure.axes[0].patches]
        names = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert heights == pytest.approx([0.65900114, 0.24243298, 0.09856589])
    assert names == ["p[0]", "p[1]", "p[2]"]


def test_a_cell_has_the_colour_and_the_number_of_its_derivative() -> None:
    with picture(SOFTMAX, View(), fallback="keep") as figure:
        cells = figure.axes[1]
        (mesh,) = cells.images
        colours = mesh.cmap(mesh.norm(mesh.get_array()))
        written = {text.get_position(): text.get_text() for text in cells.texts}
        letters = {text.get_position(): text.get_color() for text in cells.texts}
        rows = [label.get_text() for label in cells.get_yticklabels()]
    assert written[0, 0] == "0.225"
    assert written[1, 0] == "\N{MINUS SIGN}0.16"
    assert rows == ["dp[0]", "dp[1]", "dp[2]"]
    assert (letters[0, 0], letters[2, 0]) == ("white", "black"), "on deep colours, and on pale ones"
    assert colours[0, 0, 0] > colours[0, 0, 2], "red above zero"
    assert colours[0, 1, 0] < colours[0, 1, 2], "blue below it"


def test_zero_is_white_and_both_signs_are_as_deep_as_each_other() -> None:
    answer = replace(SOFTMAX, jacobian=tensor([[0.5, -0.5, 0], [0, 0, 0], [0, 0, 0.25]]))
    with picture(answer, View(), fallback="keep") as figure:
        (mesh,) = figure.axes[1].images
        assert (mesh.norm.vmin, mesh.norm.vmax) == (-0.5, 0.5)
        assert min(to_rgb(mesh.cmap(mesh.norm(0.0)))) > 0.95
        assert {text.get_text() for text in figure.axes[1].texts} == {"0.5", "\N{MINUS SIGN}0.5", "0", "0.25"}


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("count", [1, 8, 40, 256])
def test_names_beside_each_other_do_not_touch(count: int, narrow: bool) -> None:
    with picture(of_values(count), View(), fallback="keep", narrow=narrow) as figure:
        figure.canvas.draw()
        for axes in figure.axes[:2]:
            boxes = [label.get_window_extent() for label in axes.get_xticklabels() if label.get_text()]
            assert boxes
            assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_a_softmax_of_too_many_values_says_so() -> None:
    with pytest.raises(OutputError, match="a softmax of so many values has no picture"):
        write_svg(of_values(257), View(), io.BytesIO())
    assert "<svg" not in page.text(of_values(257), View())


def test_the_picture_is_on_the_page_before_the_table() -> None:
    text = page.text(SOFTMAX, View())
    assert text.index("<svg") < text.index("<table")


def test_without_matplotlib_the_bars_are_characters() -> None:
    (bars,) = plots_of(SOFTMAX)
    lines = ["".join(piece for piece, _ in line) for line in bars_lines(bars, View(width=60))]  # type: ignore[arg-type]
    assert "\n".join(lines) == snapshot("""\
p[0]  ███████████████████████████████████████████ 0.659001
p[1]  ████████████████ 0.242433
p[2]  ██████ 0.0985659\
""")
