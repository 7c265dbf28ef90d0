"""Heat maps: colours in the right place, arrows along the gradient, what is not finite in grey."""

from __future__ import annotations

import io

import numpy as np
import pytest
from fields_by_hand import SADDLE, field_result
from PIL import Image

from gradcli.render.pictures import picture, write_png
from gradcli.render.view import Answer, View


def dots(answer: Answer) -> np.ndarray:
    stream = io.BytesIO()
    write_png(answer, View(), stream)
    return np.asarray(Image.open(stream).convert("RGB"), dtype=np.int64)


def luminance(box: np.ndarray) -> float:
    return float(box.reshape(-1, 3).mean(axis=0) @ np.array([0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize(("slope_x", "slope_y"), [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)])
def test_a_heat_map_gets_lighter_where_the_value_grows(slope_x: float, slope_y: float) -> None:
    axis = np.linspace(0, 1, 8)
    x, y = np.meshgrid(axis, axis)
    image = dots(field_result(x, y, slope_x * x + slope_y * y, None, None))
    height, width, _ = image.shape
    left, right = (image[int(height * 0.3) : int(height * 0.6), int(width * share)] for share in (0.2, 0.7))
    top, bottom = (image[int(height * share), int(width * 0.3) : int(width * 0.6)] for share in (0.15, 0.8))
    if slope_x:
        assert np.sign(luminance(right) - luminance(left)) == slope_x
    else:
        assert np.sign(luminance(top) - luminance(bottom)) == slope_y


def test_a_field_has_colours_contours_arrows_and_its_saddle() -> None:
    with picture(SADDLE, View(), fallback="keep") as figure:
        axes = figure.axes[0]
        kinds = [type(part).__name__ for part in axes.collections]
        saddle = axes.lines[0]
        legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert kinds == ["QuadMesh", "QuadContourSet", "Quiver"]
    np.testing.assert_allclose(saddle.get_xydata(), [[0, 0]], atol=1e-12)
    assert "saddle near (0, 0)" in legend


def test_the_arrows_of_a_field_are_the_gradient() -> None:
    with picture(SADDLE, View(), fallback="keep") as figure:
        quiver = figure.axes[0].collections[2]
        x, y = quiver.XY.T
        turns = np.arctan2(quiver.V, quiver.U)
    np.testing.assert_allclose(turns, np.arctan2(-2 * y, 2 * x), atol=1e-9)
    assert not ((x == 0) & (y == 0)).any()  # no arrow where there is no direction


def test_arrows_point_on_the_paper_where_a_step_along_the_gradient_leads() -> None:
    x, y = np.meshgrid(np.linspace(0, 1, 4), np.linspace(0, 100, 4))
    ones = np.ones_like(x)
    with picture(field_result(x, y, x + y, ones, ones), View(), fallback="keep") as figure:
        quiver = figure.axes[0].collections[2]
        turns = np.degrees(np.arctan2(quiver.V, quiver.U))
    np.testing.assert_allclose(turns, np.degrees(np.arctan2(1 / 100, 1.0)))


def test_what_is_not_finite_in_a_field_is_grey_and_named() -> None:
    x, y = np.meshgrid(np.linspace(0, 1, 4), np.linspace(0, 1, 4))
    values = x + y
    values[:2, :] = np.nan
    values[2, 0] = np.inf
    with picture(field_result(x, y, values, None, None), View(), fallback="keep") as figure:
        legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["nan at 8 of 16 points, inf at 1 of 16 points"]
    grey = (dots(field_result(x, y, values, None, None)) == 0xA6).all(axis=-1)
    assert grey.mean() > 0.1  # letters have a few such dots too


@pytest.mark.parametrize("values", [np.full((3, 3), 7.0), np.arange(9.0).reshape(3, 3) * 1e300])
def test_constant_and_huge_fields_are_drawn(values: np.ndarray) -> None:
    x, y = np.meshgrid(np.arange(3.0), np.arange(3.0))
    zero = np.zeros((3, 3))
    result = field_result(x, y, values, zero, zero)
    assert dots(result).shape[2] == 3
    with picture(result, View(), fallback="keep") as figure:
        assert "gradient 0 at 9 of 9 points" in [text.get_text() for text in figure.legends[0].get_texts()]
