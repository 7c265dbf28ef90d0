"""SVG and PNG: what is drawn lies where the numbers are, and nothing is drawn that is not there."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pytest
from answers_by_hand import ANSWERS
from fields_by_hand import SADDLE
from PIL import Image
from results_by_hand import SCALARS, SIGMOID, STACK, STEP_AND_SIGMOID, gradient, leaf, tensor, with_values

from gradcli.exceptions import OutputError, UsageError
from gradcli.render.blocks import Plot, Series, Shade
from gradcli.render.pictures import curves, picture, svg_text, write_png, write_svg
from gradcli.render.pictures.lettering import Lettering
from gradcli.render.view import Answer, View

SPACE = {"svg": "http://www.w3.org/2000/svg", "dc": "http://purl.org/dc/elements/1.1/"}


def written(answer: Answer, view: View = View()) -> ElementTree.Element:
    stream = io.BytesIO()
    write_svg(answer, view, stream)
    return ElementTree.fromstring(stream.getvalue())


def dots(answer: Answer) -> np.ndarray:
    stream = io.BytesIO()
    write_png(answer, View(), stream)
    return np.asarray(Image.open(stream).convert("RGB"), dtype=np.int64)


def drawn(*plots: Plot, title: str = "") -> list:  # type: ignore[type-arg]
    """The panels of a figure of these plots."""
    return curves.figure(plots, title, Lettering(keep=True)).axes


def joined_runs(y: np.ndarray) -> list[list[float]]:
    """The pieces of a curve that a line joins."""
    pieces = "".join("." if np.isnan(value) else "#" for value in y)
    return [y[match.start() : match.end()].tolist() for match in re.finditer("#+", pieces)]


def test_an_svg_is_xml_with_a_group_for_each_curve() -> None:
    root = written(STEP_AND_SIGMOID)
    panels = [group for group in root.iter(f"{{{SPACE['svg']}}}g") if re.fullmatch(r"axes_\d+", group.get("id", ""))]
    names = [group.get("id") for panel in panels for group in panel if (group.get("id") or "").startswith("curve")]
    assert len(panels) == 2
    assert names == ["curve-1", "curve-2", "curve-2"]  # no derivative of the step, and the other keeps its colour


def test_the_title_is_the_users_own_expression() -> None:
    root = written(STEP_AND_SIGMOID)
    assert root.find(".//dc:title", SPACE).text == "heaviside(x), sigmoid(x)"  # type: ignore[union-attr]
    with picture(STEP_AND_SIGMOID, View(), fallback="keep") as figure:
        assert figure.get_suptitle() == "heaviside(x), sigmoid(x)"


def test_a_dollar_sign_is_no_formula() -> None:
    answer = replace(SIGMOID, expression="$x$ + '<&>'")
    assert written(answer).find(".//dc:title", SPACE).text == "$x$ + '<&>'"  # type: ignore[union-attr]
    with picture(answer, View(), fallback="keep") as figure:
        assert not figure._suptitle.get_parse_math()


def test_the_same_answer_gives_the_same_bytes() -> None:
    first, second = io.BytesIO(), io.BytesIO()
    for answer in (STEP_AND_SIGMOID, SADDLE):
        write_svg(answer, View(), first)
        write_svg(answer, View(), second)
    assert first.getvalue() == second.getvalue()
    assert b"20" in first.getvalue()
    assert not re.search(rb"\d{4}-\d\d-\d\d", first.getvalue())


def test_the_text_for_a_page_is_the_picture_without_its_prolog() -> None:
    text = svg_text(SIGMOID, View())
    assert text.startswith("<svg")
    assert ElementTree.fromstring(text).tag == f"{{{SPACE['svg']}}}svg"


def test_the_path_in_the_svg_goes_through_the_data() -> None:
    with picture(with_values([-1, 0, 3]), View(), fallback="keep") as figure:
        figure.savefig(io.BytesIO(), format="svg")  # lays the panels out
        panel = figure.axes[0]
        places = panel.transData.transform([(-1.0, -1.0), (0.0, 0.0), (3.0, 3.0)])
        height = figure.bbox.height
    root = written(with_values([-1, 0, 3]))
    curve = next(group for group in root.iter(f"{{{SPACE['svg']}}}g") if group.get("id") == "curve-1")
    path = next(curve.iter(f"{{{SPACE['svg']}}}path")).get("d")
    found = np.array(re.findall(r"[ML] ([\d.]+) ([\d.]+)", path or ""), dtype=np.float64)
    # points of 1/72 inch from the upper left corner, dots of 1/100 inch from the lower left one
    expected = np.column_stack([places[:, 0], height - places[:, 1]]) * 72 / 100
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_limits_hold_every_point_and_x_runs_to_the_right() -> None:
    panel = drawn(Plot(np.array([2.0, -3.0]), (Series("f", np.array([10.0, -20.0])),)))[0]
    (x_low, x_high), (y_low, y_high) = panel.get_xlim(), panel.get_ylim()
    assert x_low < -3 < 2 < x_high
    assert y_low < -20 < 10 < y_high


def test_points_in_any_order_are_joined_from_left_to_right() -> None:
    curve = drawn(Plot(np.array([1.0, -1.0, 0.0]), (Series("f", np.array([3.0, 1.0, 2.0])),)))[0].lines[0]
    assert curve.get_xydata().tolist() == [[-1, 1], [0, 2], [1, 3]]


@pytest.mark.parametrize(
    ("x", "y", "runs"),
    [
        ([-2, -1, 1, 2], [0, 0, 1, 1], [[0, 0], [1, 1]]),
        ([-2, -1, 0, 1, 2], [0, 0, 0.5, 1, 1], [[0, 0], [0.5], [1, 1]]),
        ([-2, -1, 0, 1, 2], [0, 0, 0, 1, 1], [[0, 0, 0], [1, 1]]),
        ([-2, -1, 0, 1, 2], [0, 0, 1, 1, 1], [[0, 0], [1, 1, 1]]),
    ],
)
def test_a_jump_is_not_joined(x: list[float], y: list[float], runs: list[list[float]]) -> None:
    jump = Plot(np.array(x, dtype=float), (Series("f", np.array(y, dtype=float), breaks=(0.0,)),))
    assert joined_runs(drawn(jump)[0].lines[0].get_ydata()) == runs
    smooth = Plot(np.array(x, dtype=float), (Series("f", np.array(y, dtype=float)),))
    assert joined_runs(drawn(smooth)[0].lines[0].get_ydata()) == [y]


def test_heaviside_is_no_ramp() -> None:
    with picture(STEP_AND_SIGMOID, View(), fallback="keep") as figure:
        step, *_ = (line for line in figure.axes[0].lines if line.get_gid() == "curve-1")
        smooth, *_ = (line for line in figure.axes[0].lines if line.get_gid() == "curve-2")
    assert joined_runs(step.get_ydata()) == [[0], [0.5], [1]]
    assert len(joined_runs(smooth.get_ydata())) == 1


def test_what_is_not_finite_leaves_a_gap() -> None:
    y = np.array([1.0, 2.0, np.nan, 3.0, np.inf, 4.0])
    panel = drawn(Plot(np.arange(6.0), (Series("f", y),)))[0]
    assert joined_runs(panel.lines[0].get_ydata()) == [[1, 2], [3], [4]]
    assert panel.get_xlim()[0] < 0
    assert panel.get_xlim()[1] > 5


def test_a_pole_is_cut_off_and_a_steep_curve_is_not() -> None:
    x = np.linspace(-5, 5, 401)
    pole = drawn(Plot(x, (Series("f", np.tan(x), breaks=(-np.pi / 2, np.pi / 2)),)))[0]
    steep = drawn(Plot(x, (Series("f", np.exp(x)),)))[0]
    assert pole.get_ylim()[1] < 0.5 * np.tan(x).max()
    assert steep.get_ylim()[1] >= np.exp(5)


def test_kinks_are_marked_where_they_are_and_named_once() -> None:
    x = np.linspace(-2, 2, 5)
    plot = Plot(x, (Series("relu", np.maximum(x, 0)),), marks=(0.0, 9.0))
    first, second = drawn(plot, plot)
    for panel in (first, second):
        uprights = [line.get_xdata()[0] for line in panel.lines if list(line.get_ydata()) == [0, 1]]
        assert uprights == [0.0]
    assert [text.get_text() for text in first.texts] == ["kink at 0"]
    assert len(second.texts) == 0


def test_a_dead_stretch_is_shaded_and_explained() -> None:
    x = np.linspace(-2, 2, 5)
    series = Series("relu", np.maximum(x, 0))
    panel = drawn(Plot(x, (series,), shades=(Shade("relu", "dead", -2.0, -1.0),)))[0]
    (patch,) = panel.patches
    assert (patch.get_x(), patch.get_width()) == (-2.0, 1.0)
    assert [text.get_text() for text in panel.get_legend().get_texts()] == ["dead"]
    assert len(drawn(Plot(x, (series,)))[0].patches) == 0


def test_of_several_functions_a_panel_of_its_own_says_which_is_flat_where() -> None:
    x = np.linspace(-2, 2, 5)
    both = (Series("relu'", np.heaviside(x, 0.0), number=0), Series("tanh'", 1 - np.tanh(x) ** 2, number=1))
    values = (Series("relu", np.maximum(x, 0)), Series("tanh", np.tanh(x)))
    shades = (Shade("relu'", "dead", -2.0, -1.0), Shade("tanh'", "saturated", 1.0, 2.0))
    panels = drawn(Plot(x, values), Plot(x, both, shades=shades))
    assert len(panels) == 3
    assert [text.get_text() for text in panels[2].get_yticklabels()] == ["relu", "tanh"]
    assert [(bar.get_x(), bar.get_width()) for bar in panels[2].patches] == [(-2.0, 1.0), (1.0, 1.0)]
    assert len(drawn(Plot(x, values), Plot(x, both))) == 2


def test_curves_differ_in_colour_and_in_grey() -> None:
    x = np.linspace(-2, 2, 5)
    lines = drawn(Plot(x, tuple(Series(f"f{number}", x * number) for number in range(1, 13))))[0].lines
    curves_drawn = [line for line in lines if line.get_gid()]
    looks = {(line.get_color(), str(line._unscaled_dash_pattern)) for line in curves_drawn}
    assert len(looks) == 12
    assert len({str(line._unscaled_dash_pattern) for line in curves_drawn[:6]}) == 6


def test_a_logarithmic_axis_has_powers_of_ten_and_leaves_zero_out() -> None:
    plot = Plot(np.arange(4.0), (Series("loss", np.array([1.0, 1e-3, 1e-6, 0.0])),), logarithmic=True)
    panel = drawn(plot)[0]
    np.testing.assert_allclose(panel.lines[0].get_ydata(), [0, -3, -6, np.nan], atol=1e-12)
    assert "1e-06" in [text.get_text() for text in panel.get_yticklabels()]


@pytest.mark.parametrize("size", [0.0, 5e-324, 1e-310, 1e-30, 1e30, 1e300, 1.7e308])
def test_numbers_of_any_size_are_drawn(size: float) -> None:
    x = np.linspace(-1, 1, 11) * (size or 1.0)
    figure = curves.figure([Plot(x, (Series("f", np.linspace(-1, 1, 11) * size),))], "f", Lettering(keep=True))
    figure.savefig(io.BytesIO(), format="svg")
    assert np.isfinite(figure.axes[0].lines[0].get_ydata()).all()


def test_characters_that_no_font_has_stay_text_in_an_svg_and_become_escapes_in_a_png() -> None:
    rare = "\U00012000"  # cuneiform
    answer = replace(SIGMOID, expression=f"sigmoid({rare})")
    texts = [element.text for element in written(answer).iter(f"{{{SPACE['svg']}}}text")]
    assert f"sigmoid({rare})" in texts
    assert list(written(SIGMOID).iter(f"{{{SPACE['svg']}}}text")) == []
    with picture(answer, View(), fallback="escape") as figure:
        assert figure.get_suptitle() == "sigmoid(\\U00012000)"


def test_a_png_is_an_image_with_the_colours_of_its_curves() -> None:
    found = set(np.unique(dots(STACK).astype(np.int64) @ [0x10000, 0x100, 1]).tolist())
    assert 0x0072B2 in found
    assert 0xFFFFFF in found
    assert len(found) > 10


def test_matplotlibs_settings_are_as_they_were() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    written(SIGMOID)
    assert dict(matplotlib.rcParams) == before


def test_the_denser_answer_is_drawn_and_the_users_points_are_marked() -> None:
    x = np.linspace(0, 10, 101)
    y = 1 / (1 + np.exp(-x))
    dense = replace(
        SIGMOID,
        inputs={"x": leaf(x)},
        output=tensor(y),
        gradients={"x": gradient(y * (1 - y), norm=1)},
    )
    with picture(SIGMOID, View(drawing=dense), fallback="keep") as figure:
        curve, points = figure.axes[0].lines
    assert curve.get_xdata().size == 101
    assert points.get_xdata().tolist() == [0, 1, 10]


@pytest.mark.parametrize("write", [write_svg, write_png])
@pytest.mark.parametrize("answer", [SCALARS, UsageError("no"), ANSWERS["check"], ANSWERS["failure"]])
def test_what_has_no_plot_says_what_has_one(write: object, answer: Answer) -> None:
    stream = io.BytesIO()
    with pytest.raises(OutputError, match="picture") as raised:
        write(answer, View(), stream)  # type: ignore[operator]
    assert "--range" in (raised.value.hint or "")
    assert stream.getvalue() == b""


def test_without_a_finite_value_there_is_nothing_to_draw() -> None:
    with pytest.raises(OutputError, match="no finite value"):
        written(with_values([np.nan, np.inf]))


def test_without_matplotlib_the_error_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(OutputError, match="matplotlib") as raised:
        written(SIGMOID)
    assert raised.value.hint == "pip install 'gradcli[plot]'"


def test_the_loss_and_the_parameters_have_different_colours() -> None:
    with picture(ANSWERS["descent"], View(), fallback="keep") as figure:
        panels = [{line.get_color() for line in axes.lines} for axes in figure.axes]
    assert len(panels) == 2
    assert panels[0].isdisjoint(panels[1])


@pytest.mark.parametrize("answer", [SIGMOID, STEP_AND_SIGMOID, ANSWERS["descent"], SADDLE])
def test_a_picture_within_a_page_can_be_read_on_a_phone(answer: Answer) -> None:
    with picture(answer, View(), fallback="keep", narrow=True) as figure:
        wide = figure.get_figwidth() * 72
        sizes = [text.get_fontsize() for axes in figure.axes for text in (*axes.texts, *axes.get_xticklabels())]
        assert all(axes.get_legend() is None for axes in figure.axes)
        assert figure.get_suptitle() == ""
    assert min(sizes) * 330 / wide >= 7.9  # what is left of 390 pixels


def test_the_legend_of_a_narrow_picture_names_what_the_panels_do() -> None:
    with picture(STEP_AND_SIGMOID, View(), fallback="keep", narrow=True) as figure:
        (legend,) = figure.legends
        words = [text.get_text() for text in legend.get_texts()]
    assert words == ["heaviside", "sigmoid"]


def test_there_is_no_zero_with_a_sign_in_a_picture() -> None:
    x = np.linspace(-1e-20, 1, 5)
    text = svg_text(ANSWERS["descent"], View())
    assert drawn(Plot(x, (Series("f", -x),)))[0].get_xticklabels()[0].get_text() == "0"
    assert "\N{MINUS SIGN}0<" not in text
