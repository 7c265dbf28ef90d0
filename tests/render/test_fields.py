"""Fields on a terminal, and what is found in them before they are drawn."""

from __future__ import annotations

import io

import numpy as np
import pytest
from fields_by_hand import SADDLE, field_result

from gradcli.render import View, write
from gradcli.render.blocks import Field
from gradcli.render.fields import Scale, arrows_of, scale_of, spread_over, torn
from gradcli.render.heat import field_lines, heat_style
from gradcli.render.stationary import stationary_of
from gradcli.render.text import width_of
from gradcli.render.views import plots_of

AXIS = np.linspace(-2, 2, 41)
X, Y = np.meshgrid(AXIS, AXIS)


def of(values: np.ndarray, dx: np.ndarray | None = None, dy: np.ndarray | None = None) -> Field:
    """The field of these values over the square from -2 to 2."""
    axis = np.linspace(-2, 2, values.shape[0])
    return Field("f", axis, axis, values, dx, dy)


def plain(field: Field, **view: object) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in field_lines(field, View(**view))]  # type: ignore[arg-type]


def cells(field: Field, **view: object) -> np.ndarray:
    """The characters of the field itself, without its axes and legend."""
    lines = [line for line in plain(field, **view) if "│" in line or "┤" in line]
    return np.array([list(line.replace("┤", "│").split("│")[1]) for line in lines])


def test_shades_get_denser_where_the_value_grows() -> None:
    row = "".join(cells(of(X), width=40)[0])
    assert row == "·" * 7 + "░" * 7 + "▒" * 7 + "▓" * 7 + "█" * 8
    column = "".join(cells(of(Y), width=40)[:, 0])
    assert column == "█████▓▓▓▒▒▒▒░░░░····"


def test_arrows_point_where_the_gradient_does() -> None:
    for (dx, dy), sign in {
        (1, 0): "→",
        (1, 1): "↗",
        (0, 1): "↑",
        (-1, 1): "↖",
        (-1, 0): "←",
        (-1, -1): "↙",
        (0, -1): "↓",
        (1, -1): "↘",
    }.items():
        field = of(X * dx + Y * dy, np.full_like(X, dx), np.full_like(X, dy))
        assert set(cells(field, width=40).reshape(-1)) - set("·░▒▓█") == {sign}


def test_arrows_are_left_out_where_there_is_no_direction() -> None:
    zero, undefined = np.zeros_like(X), np.full_like(X, np.nan)
    for slope in (zero, undefined):
        assert set(cells(of(X, slope, slope), width=40).reshape(-1)) <= set("·░▒▓█")
    assert set(cells(of(X), width=40).reshape(-1)) <= set("·░▒▓█")


def test_an_arrow_stands_for_the_step_on_the_screen() -> None:
    tall = Field("f", AXIS, AXIS * 1000, X + Y, np.ones_like(X), np.ones_like(X))
    assert set(cells(tall, width=40).reshape(-1)) - set("·░▒▓█") == {"→"}


def test_what_is_not_finite_is_marked_and_counted() -> None:
    values = X.copy()
    values[:, :10] = np.nan
    values[0, 40] = np.inf
    field = of(values)
    assert "".join(cells(field, width=40)[3, :9]) == "?" * 9
    assert any("? nan at 410 of 1,681, inf at 1 of 1,681 points" in line for line in plain(field, width=60))
    assert not any("?" in line for line in plain(of(X), width=60))


def test_the_legend_has_the_range_of_the_values() -> None:
    assert "  -2 ·░▒▓█ 2" in plain(of(X), width=40)


def test_stationary_points_stand_where_they_are() -> None:
    bowl = cells(of(X**2 + Y**2, 2 * X, 2 * Y), width=43)
    assert np.argwhere(bowl == "○").tolist() in ([[9, 19]], [[10, 19]], [[9, 20]], [[10, 20]])
    assert (cells(of(-(X**2) - Y**2, -2 * X, -2 * Y), width=43) == "●").sum() == 1
    assert (cells(of(X**2 - Y**2, 2 * X, -2 * Y), width=43) == "×").sum() == 1
    assert not set(cells(of(X, np.ones_like(X), np.zeros_like(X)), width=43).reshape(-1)) & set("○●×")


@pytest.mark.parametrize("noise", [-3e-7, -1e-16, 0, 1e-16, 3e-7])
def test_a_stationary_point_stays_in_its_cell_whatever_the_last_digit_of_a_slope_is(noise: float) -> None:
    axis = np.linspace(-2, 2, 21)
    x, y = np.meshgrid(axis, axis)
    field = Field("f", axis, axis, x**2 - y**2 + x * y, 2 * x + y + noise, x - 2 * y - noise)
    (point,) = stationary_of(field)
    assert (point.x, point.y) == (axis[10], axis[10])
    (cell,) = np.argwhere(cells(field, width=70) == "×").tolist()
    assert cell == np.argwhere(cells(Field("f", axis, axis, *exact(x, y)), width=70) == "×").tolist()[0]


def test_a_stationary_point_a_hundredth_of_a_step_off_the_grid_stays_off_it() -> None:
    axis = np.linspace(-2, 2, 21)
    x, y = np.meshgrid(axis, axis)
    (point,) = stationary_of(Field("f", axis, axis, (x - 0.002) ** 2 + y**2, 2 * (x - 0.002), 2 * y))
    assert point.x == pytest.approx(0.002)


def exact(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A saddle at the origin, with its slopes."""
    return x**2 - y**2 + x * y, 2 * x + y, x - 2 * y


@pytest.mark.parametrize("width", [24, 40, 80, None])
@pytest.mark.parametrize("charset", ["utf-8", "ascii", "latin-1"])
@pytest.mark.parametrize("color", [False, True])
def test_no_line_is_wider_than_the_terminal_and_all_can_be_written(
    width: int | None, charset: str, color: bool
) -> None:
    field = of(X**2 - Y**2, 2 * X, -2 * Y)
    for line in plain(field, width=width, charset=charset, color=color):
        assert width_of(line) <= (width or 72)
        line.encode(charset)


def test_in_colour_a_line_holds_two_rows_of_values() -> None:
    lines = field_lines(of(Y), View(width=40, color=True))
    text, tone = lines[0][1]
    assert set(text) == {"▀"}
    upper, lower = (int(part) for part in tone.split()[1:])
    assert heat_style(tone) == f"color({upper}) on color({lower})"


def brightness(color: int) -> float:
    """Relative luminance of one of the 216 colours of a terminal's cube."""
    levels = [0, *range(95, 256, 40)]
    place = color - 16
    parts = np.array([levels[place // 36], levels[place // 6 % 6], levels[place % 6]]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))


def test_colours_get_lighter_where_the_value_grows() -> None:
    line = field_lines(of(X), View(width=80, color=True))[1]
    lights = [brightness(int(tone.split()[1])) for _, tone in line[1:]]
    assert len(lights) > 10
    assert lights == sorted(lights)


@pytest.mark.parametrize(("most", "shown"), [(20, 1 + 3), (5, 1 + 6), (None, 1 + SADDLE.output.values.size)])
def test_a_terminal_shows_the_field_before_its_numbers(most: int | None, shown: int) -> None:
    stream = io.StringIO()
    write(SADDLE, View(plot=True, width=60, max_rows=most), stream)
    field, table, facts = stream.getvalue().split("\n\n")[1:4]
    assert "× saddle" in field
    assert table.startswith("index")
    assert len(table.splitlines()) == shown
    assert facts.startswith("gradient norm")


def test_markdown_holds_the_field_without_colour() -> None:
    stream = io.StringIO()
    write(SADDLE, View(format="markdown", plot=True, color=True, width=60), stream)
    assert "```\n 2 ┤" in stream.getvalue()


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("falling", [False, True])
def test_a_grid_is_found_whichever_way_it_runs(transposed: bool, falling: bool) -> None:
    x, y = np.meshgrid(np.linspace(0, 1, 3), np.linspace(5, 7, 4))
    parts = [x, y, x + 10 * y, np.full_like(x, 1), np.full_like(x, 10)]
    if falling:
        parts = [part[::-1, ::-1] for part in parts]
    if transposed:
        parts = [part.T for part in parts]
    (field,) = plots_of(field_result(*parts))
    assert isinstance(field, Field)
    assert (field.x_name, field.y_name) == (("y", "x") if transposed else ("x", "y"))
    across, up = np.meshgrid(field.x, field.y)
    np.testing.assert_allclose(field.values, 10 * across + up if transposed else across + 10 * up)


def test_two_tensors_that_are_no_grid_are_no_field() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 4, 4))
    assert plots_of(field_result(x, y, x + y, x, y)) == ()
    same = np.ones((4, 4))
    assert plots_of(field_result(same, same, same, same, same)) == ()


def test_saddles_minima_and_maxima_are_found_between_the_points_of_the_grid() -> None:
    axis = np.linspace(-4, 4, 30)  # pi / 2 is none of these
    x, y = np.meshgrid(axis, axis)
    field = Field("f", axis, axis, np.sin(x) * np.cos(y), np.cos(x) * np.cos(y), -np.sin(x) * np.sin(y))
    found = {(round(p.x / np.pi * 2), round(p.y / np.pi * 2)): p for p in stationary_of(field)}
    assert len(found) == 12
    for (m, n), point in found.items():
        assert (point.x, point.y) == pytest.approx((m * np.pi / 2, n * np.pi / 2), abs=1e-3)
        height = round(np.sin(m * np.pi / 2) * np.cos(n * np.pi / 2))
        assert point.kind == {1: "maximum", -1: "minimum", 0: "saddle"}[height]


def test_rosenbrocks_valley_has_one_minimum() -> None:
    x, y = np.meshgrid(np.linspace(-2, 2, 60), np.linspace(-1, 3, 60))
    dx, dy = -2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)
    (point,) = stationary_of(Field("f", x[0], y[:, 0], (1 - x) ** 2 + 100 * (y - x**2) ** 2, dx, dy))
    assert (point.x, point.y, point.kind) == (pytest.approx(1), pytest.approx(1), "minimum")


def test_a_branch_cut_an_edge_and_a_plain_are_no_stationary_points() -> None:
    axis = np.linspace(-2, 2, 50)
    x, y = np.meshgrid(axis, axis)
    square = x**2 + y**2
    assert stationary_of(Field("f", axis, axis, np.arctan2(y, x), -y / square, x / square)) == []
    flat = (x > 0) & (y > 0)
    assert stationary_of(Field("f", axis, axis, np.maximum(x, 0) * np.maximum(y, 0), y * flat, x * flat)) == []
    assert stationary_of(Field("f", axis, axis, 0 * x, 0 * x, 0 * x)) == []
    assert stationary_of(Field("f", axis, axis, x**2, 2 * x, 0 * x)) == []  # a line of them


def test_a_value_jumps_at_a_branch_cut_and_nowhere_else() -> None:
    axis = np.linspace(-2, 2, 50)
    x, y = np.meshgrid(axis, axis)
    square = x**2 + y**2
    cut = torn(Field("f", axis, axis, np.arctan2(y, x), -y / square, x / square))
    assert cut[24:26, :15].all()
    assert not cut[:20].any()
    assert not cut[:, 35:].any()
    assert not torn(Field("f", axis, axis, x * y, y, x)).any()


def test_an_even_range_has_an_even_scale_and_a_lopsided_one_has_powers_of_ten() -> None:
    assert scale_of(of(X)) == Scale(-2.0, 2.0)
    lopsided = scale_of(of(np.exp(5 * X)))
    assert lopsided is not None
    assert lopsided.knee is not None
    places = lopsided.places(np.exp(5 * AXIS))
    assert (np.diff(places) > 0).all()
    assert places[20] > 0.05 > (1 - np.exp(-10)) / np.exp(10)  # the middle: an even scale has it at 1 / exp(10)
    bent = lopsided.bent(np.array([-3.0, 0.0, 1e4]))
    np.testing.assert_allclose(np.sign(bent) * np.expm1(np.abs(bent)) * lopsided.knee, [-3.0, 0.0, 1e4])


def test_a_value_beside_a_pole_does_not_hide_all_others() -> None:
    values = X + Y
    values[3, 3] = 1e32
    scale = scale_of(of(values))
    assert scale is not None
    assert scale.cut
    assert scale.high < 1000
    assert scale.places(np.array(1e32)) == 1


def test_ticks_of_a_bent_scale_are_powers_of_ten_that_do_not_touch() -> None:
    scale = Scale(-200.0, 1000.0, knee=0.5)
    ticks = scale.ticks(9)
    assert 0.0 in ticks
    assert all(tick == 0 or np.log10(abs(tick)) == round(np.log10(abs(tick))) for tick in ticks)
    assert np.diff(scale.places(np.array(ticks))).min() > 0.03


@pytest.mark.parametrize(("count", "most"), [(2, 15), (15, 15), (16, 15), (50, 15), (1000, 15)])
def test_arrows_are_spread_evenly(count: int, most: int) -> None:
    places = spread_over(count, most)
    assert 1 <= len(places) <= most
    assert len(set(np.diff(places).tolist())) <= 1
    assert abs(places[0] - (count - 1 - places[-1])) <= 1


def test_the_length_of_an_arrow_is_the_norm_of_its_gradient() -> None:
    field = of(X, np.full_like(X, 3.0), np.full_like(X, -4.0))
    (arrow,) = arrows_of(field, np.array([2]), np.array([5]))
    assert (arrow.row, arrow.column, arrow.dx, arrow.dy, arrow.length) == (2, 5, 3.0, -4.0, 5.0)
