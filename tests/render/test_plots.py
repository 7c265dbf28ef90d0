"""Plots in braille: readable axes, curves that can be told apart, nothing that breaks them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from results_by_hand import NON_FINITE, SCALARS, SIGMOID, STACK, STEP_AND_SIGMOID, with_values

from gradcli.render.blocks import Plot, Series, Shade, Table
from gradcli.render.curves import jumps, round_ticks, tick_labels
from gradcli.render.fields import has_values
from gradcli.render.plot import plot_lines
from gradcli.render.text import width_of
from gradcli.render.view import View
from gradcli.render.views import blocks_of, plots_of

X = np.linspace(-5, 5, 11)
TANH = Series("tanh", np.tanh(X))


def drawn(plot: Plot, **view: object) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in plot_lines(plot, View(**view))]  # type: ignore[arg-type]


def test_a_curve_at_forty_columns() -> None:
    assert drawn(Plot(X, (TANH,), marks=(0.0,), title="tanh"), width=40) == [
        "tanh",
        "   1 ┤                 ⠅    ⢀⡠⠤⠤⠤⠤⠤⠒⠒⠒⠒⠒",
        "     │                 ⠅  ⡔⠊⠁",
        " 0.5 ┤                 ⠅ ⡜",
        "     │                 ⠅⡜",
        "   0 ┤                 ⡝",
        "     │                ⡸⠅",
        "     │               ⡸ ⠅",
        "-0.5 ┤              ⡸  ⠅",
        "     │           ⢀⡠⠜   ⠅",
        "  -1 ┤⠤⠤⠤⠤⠤⠔⠒⠒⠒⠒⠊⠁     ⠅",
        "     └┬────────────────┬───────────────┬",
        "     -5                0               5",
        "  tanh  over x  ┊ kink at 0",
    ]


def test_several_curves_have_letters_and_tones_of_their_own() -> None:
    lines = plot_lines(Plot(X, (TANH, Series("relu", np.maximum(X, 0)))), View(width=60))
    text = "\n".join("".join(piece for piece, _ in line) for line in lines[:-1])
    assert "a" in text
    assert "b" in text
    assert lines[-1] == (("  a tanh", "curve 1"), ("  b relu", "curve 2"), ("  over x", "quiet"))


def test_curves_whose_names_are_letters_are_marked_with_those() -> None:
    w, b = Series("w", X), Series("b", -X)
    lines = drawn(Plot(X, (w, b)), width=60)
    assert lines[-1] == "  w  b  over x"
    assert sum("w" in line for line in lines[:-1]) == sum("b" in line for line in lines[:-1]) == 1
    assert drawn(Plot(X, (w, w)), width=60)[-1] == "  a w  b w  over x"


def test_one_curve_needs_no_letter() -> None:
    assert drawn(Plot(X, (TANH,)))[-1] == "  tanh  over x"


def test_a_dashed_curve_has_gaps_and_a_solid_one_has_none() -> None:
    flat = np.zeros(11)
    solid, dashed = (
        next(
            line
            for line in drawn(Plot(X, (Series("f", flat, dashed=dashed),)))
            if "⣀" in line or "⠤" in line or "⠉" in line or "⠒" in line
        )
        for dashed in (False, True)
    )
    assert " " not in solid.split("│")[-1].split("┤")[-1]
    assert " " in dashed.split("│")[-1].split("┤")[-1]


def test_values_that_are_not_finite_leave_a_gap() -> None:
    y = np.ones(11)
    y[4:7] = [np.nan, np.inf, -np.inf]
    line = next(
        line for line in drawn(Plot(X, (Series("f", y),))) if "⣀" in line or "⠤" in line or "⠒" in line or "⠉" in line
    )
    assert "   " in line.split("│")[-1].split("┤")[-1].strip()


@pytest.mark.parametrize("y", [np.full(11, np.nan), np.full(11, np.inf)])
def test_without_a_finite_value_there_is_no_plot(y: np.ndarray) -> None:
    assert drawn(Plot(X, (Series("f", y),))) == []


def test_without_room_there_is_no_plot() -> None:
    assert drawn(Plot(X, (TANH,)), width=20) == []


@pytest.mark.parametrize("scale", [0.0, 1e-310, 1e-30, 1.0, 1e30, 1.7e308])
def test_values_of_any_size_are_drawn(scale: float) -> None:
    assert len(drawn(Plot(X, (Series("f", np.tanh(X) * scale),)), width=60)) == 13


def test_a_kink_outside_the_points_is_not_marked() -> None:
    assert not any("kink" in line for line in drawn(Plot(X, (TANH,), marks=(9.0,))))


def test_ascii_has_the_same_lines_in_plain_characters() -> None:
    lines = drawn(Plot(X, (TANH,), marks=(0.0,)), charset="ascii")
    assert all(line.isascii() for line in lines)
    assert "*" in "".join(lines)


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0.0, 1.0, ["0", "0.5", "1"]),
        (-5.0, 5.0, ["-4", "-2", "0", "2", "4"]),
        (0.0, 0.25, ["0", "0.1", "0.2"]),
        (999999.9995, 1000000.0005, ["999999.9996", "999999.9998", "1000000", "1000000.0002", "1000000.0004"]),
    ],
)
def test_axes_have_round_numbers(low: float, high: float, labels: list[str]) -> None:
    assert tick_labels(round_ticks(low, high, 5)) == labels


finite = st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(), st.floats(), st.floats()), min_size=1, max_size=20), st.integers(10, 100))
def test_any_points_can_be_drawn_within_the_width(points: list[tuple[float, float, float]], width: int) -> None:
    x, first, second = np.array(points).T
    lines = drawn(Plot(x, (Series("f", first), Series("g", second, dashed=True)), marks=(0.0,)), width=width)
    assert len(lines) in (0, *range(13, 16))
    assert all(width_of(line) <= width for line in lines)


@given(finite, finite, st.integers(2, 8))
def test_ticks_lie_within_the_axis_and_differ(first: float, second: float, most: int) -> None:
    low, high = sorted((first, second))
    if high - low > max(abs(low), abs(high)) * 1e-9:
        ticks = round_ticks(low, high, most)
        room = (high / 2 - low / 2) * 1e-6
        assert all(low - room <= tick <= high + room for tick in ticks)
        assert len(set(tick_labels(ticks))) == len(ticks) <= max(2, most)


def test_no_label_of_an_axis_is_a_zero_with_a_sign() -> None:
    assert tick_labels([-0.0, 1.0]) == ["0", "1"]
    assert "┊ kink at 0" in drawn(Plot(X, (TANH,), marks=(-0.0,)))[-1]


def test_values_and_derivatives_are_drawn_apart() -> None:
    values, derivatives = plots_of(STEP_AND_SIGMOID)
    assert [series.name for series in values.series] == ["heaviside", "sigmoid"]
    assert [series.name for series in derivatives.series] == ["sigmoid'"]
    assert values.marks == (0.0,)


def test_a_plot_comes_before_the_first_table_when_it_is_asked_for() -> None:
    kinds = [type(block) for block in blocks_of(STACK, plot=True)]
    assert kinds.index(Plot) == kinds.index(Table) - 3
    assert kinds.count(Plot) == 3
    assert Plot not in [type(block) for block in blocks_of(STACK)]


def test_the_plots_of_a_gradient_stand_in_the_text_too_when_they_are_asked_for() -> None:
    assert [type(block) for block in blocks_of(SIGMOID, plot=True)].count(Plot) == 2
    assert Plot not in [type(block) for block in blocks_of(SIGMOID)]


def test_a_plot_that_cannot_be_is_not_passed_over_in_silence() -> None:
    assert "nothing to draw" in blocks_of(SCALARS, plot=True)[-1].text  # type: ignore[union-attr]
    assert not any("nothing to draw" in getattr(block, "text", "") for block in blocks_of(SCALARS))


def test_one_point_or_several_inputs_make_no_plot() -> None:
    assert plots_of(SCALARS) == ()
    assert len(plots_of(NON_FINITE)) == 2


FLAT = (Shade("relu", "dead", -5.0, 0.0), Shade("tanh", "saturated", 4.0, 5.0))


def test_dead_and_saturated_stretches_stand_under_the_axis() -> None:
    relu, sign = Series("relu", np.maximum(X, 0)), Series("sign", np.sign(X))
    assert drawn(Plot(X, (relu,), shades=FLAT), width=40)[-3:] == [
        "  -5                 0                 5",
        "   ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓",
        "  relu  over x  ▓ dead",
    ]
    assert drawn(Plot(X, (sign, relu, TANH), shades=FLAT), width=40)[-4:] == [
        "b  ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓",
        "c                                  ░░░░░",
        "  a sign  b relu  c tanh  over x",
        "  ░ saturated  ▓ dead",
    ]
    assert not any("▓" in line for line in drawn(Plot(X, (sign,), shades=FLAT)))


def test_a_jump_is_no_line_and_a_slope_is_one() -> None:
    step = Series("step", np.heaviside(X, 0.0))
    joined = drawn(Plot(X, (step,)), width=40)
    apart = drawn(Plot(X, (replace(step, breaks=(0.0,)),)), width=40)
    assert sum(any("\u2801" <= cell <= "\u28ff" for cell in line) for line in joined) == 10
    assert sum(any("\u2801" <= cell <= "\u28ff" for cell in line) for line in apart) == 2


def test_a_logarithmic_axis_has_powers_of_ten() -> None:
    lines = drawn(Plot(X, (Series("loss", 10.0 ** (-X)),), logarithmic=True), width=60)
    assert [line.split()[0] for line in lines if "┤" in line] == ["1e+04", "100", "1", "0.01", "0.0001"]


def test_jumps_are_what_the_slopes_do_not_explain() -> None:
    x = np.linspace(-2, 2, 201)
    assert jumps(x, np.tanh(x), 1 - np.tanh(x) ** 2) == ()
    assert jumps(x, np.sqrt(np.abs(x)), np.sign(x) / (2 * np.sqrt(np.abs(x) + 1e-300))) == ()
    np.testing.assert_allclose(jumps(x + 1e-9, np.floor(x + 1e-9), np.zeros(201)), [-1.01, -0.01, 0.99, 1.99])
    np.testing.assert_allclose(jumps(x, np.tan(x), 1 / np.cos(x) ** 2), [-1.57, 1.57], atol=0.011)


def test_the_slopes_on_both_sides_of_the_end_of_a_function_are_not_joined() -> None:
    x = np.linspace(-2, 2, 200)  # 0 is none of these
    logarithm = np.where(x > 0, np.log(np.abs(x)), np.nan)
    np.testing.assert_allclose(jumps(x, logarithm, 1 / x), [0.0], atol=1e-12)


def test_of_few_points_nobody_can_say_that_they_jump() -> None:
    x = np.linspace(-100, 100, 11)
    assert jumps(x, np.tanh(x), 1 - np.tanh(x) ** 2) == ()


def test_a_plot_without_a_finite_value_is_said_to_be_none():
    nothing = Plot(np.array([1.0, 2.0]), (Series("y", np.array([np.nan, np.inf])),), x_name="x")
    something = Plot(np.array([1.0, 2.0]), (Series("y", np.array([1.0, 3.0])),), x_name="x")
    assert not has_values(nothing)
    assert has_values(something)
    dead, alive = with_values([np.nan, np.inf]), with_values([1, 2, np.nan])
    said = "nothing to draw: no finite value"
    assert said in [getattr(block, "text", "") for block in blocks_of(dead, plot=True)]
    assert said not in [getattr(block, "text", "") for block in blocks_of(dead)]
    assert said not in [getattr(block, "text", "") for block in blocks_of(alive, plot=True)]
