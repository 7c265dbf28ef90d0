"""What a row of an activation says of its range, kinks, saturation and slope, held against its values."""

from __future__ import annotations

import math
import re

import pytest
import torch
from activation_rows import (
    BY_NAME,
    PYTORCH_IS_INEXACT,
    STARTS_AT,
    Parameters,
    every_elementwise_case,
    kinks,
    pytorch,
    run,
    slope,
)

from gradcli.language.catalogue.activations import ACTIVATIONS
from gradcli.language.catalogue.rows import Activation

NOT_SMOOTH_FROM_ITS_EDGE_ON = {"log1p": -0.5, "sqrt": 0.1}
"""Where f' varies too fast for a grid: the domain's edge, and the least x that the grids below look at."""


def grid(row: Activation, start: float, stop: float, step: float) -> torch.Tensor:
    """Evenly spaced points, none of them at a round number, where a kink may be."""
    x = torch.arange(start, stop, step, dtype=torch.float64) + step * 0.4142
    return x[x > NOT_SMOOTH_FROM_ITS_EDGE_ON.get(row.name, -math.inf)]


def wide(row: Activation, parameters: Parameters) -> torch.Tensor:
    """Far out, close by, at the edge of the domain and on both sides of each kink."""
    far = torch.logspace(-17, 300, 1200, dtype=torch.float64)
    near = torch.cat([torch.linspace(-end, end, 80_001, dtype=torch.float64) for end in (40, 1000)])
    edge = torch.logspace(-16, 0, 1000, dtype=torch.float64) + STARTS_AT.get(row.name, 0.0)
    turns = [k + offset for k in kinks(row, parameters) for offset in (-1e-9, 0.0, 1e-9)]
    x = torch.cat([-far, near, far, edge, torch.tensor(turns, dtype=torch.float64)])
    return x[x > STARTS_AT[row.name]] if row.name in STARTS_AT else x


def pieces(text: str, parameters: Parameters) -> list[tuple[str, list[float]]]:
    """The intervals and sets of a range: the opening bracket and the numbers behind it."""
    parsed = []
    for piece in text.split(" | "):
        match = re.fullmatch(r"([\[({])(.+)([\])}])", piece)
        assert match is not None, piece
        assert (match[1] == "{") == (match[3] == "}")
        numbers = [float(run(end, **parameters)) for end in match[2].split(",")]
        assert match[1] == "{" or len(numbers) == 2
        assert match[1] != "[" or math.isfinite(numbers[0])
        assert match[3] != "]" or math.isfinite(numbers[1])
        parsed.append((match[1], numbers))
    return parsed


@every_elementwise_case
def test_all_values_lie_in_the_range(row: Activation, parameters: Parameters) -> None:
    y = pytorch(row, wide(row, parameters), parameters)
    inside = torch.zeros_like(y, dtype=torch.bool)
    for bracket, ends in pieces(row.range, parameters):
        if bracket == "{":
            inside |= torch.isin(y, torch.tensor(ends, dtype=torch.float64))
        else:  # a half open end is reached by rounding; a printed one has at least seven decimals
            inside |= (y >= ends[0] - 5e-8) & (y <= ends[1] + 5e-8)
    assert bool(inside.all()), y[~inside][:5]


@every_elementwise_case
def test_values_come_close_to_each_end_of_the_range(row: Activation, parameters: Parameters) -> None:
    y = pytorch(row, wide(row, parameters), parameters)
    for bracket, ends in pieces(row.range, parameters):
        for end in ends:
            if bracket == "{":
                assert bool((y == end).any()), end
            elif math.isinf(end):
                assert bool((math.copysign(1, end) * y > 30).any()), end
            else:
                assert float((y - end).abs().min()) <= 1e-3 * max(abs(end), 1e-3), end


@every_elementwise_case
def test_a_closed_end_is_attained_and_an_open_end_is_not(row: Activation, parameters: Parameters) -> None:
    x = wide(row, parameters)
    y = pytorch(row, x[(x >= row.interval[0]) & (x <= row.interval[1])], parameters)  # farther out rounding attains it
    parts = pieces(row.range, parameters)
    members = [member for bracket, ends in parts if bracket == "{" for member in ends]
    for piece, (bracket, ends) in zip(row.range.split(" | "), parts, strict=True):
        for end, closed in zip(ends, (bracket == "[", piece.endswith("]")), strict=False) if bracket != "{" else ():
            if closed:
                assert bool(((y - end).abs() <= 5e-8).any()), end
            else:
                assert end in members or not bool((y == end).any()), end


@every_elementwise_case
def test_an_interval_of_the_range_has_no_gap(row: Activation, parameters: Parameters) -> None:
    y = pytorch(row, wide(row, parameters), parameters)
    for bracket, ends in pieces(row.range, parameters):
        if bracket != "{":
            inside = y[(y > max(ends[0], -5)) & (y < min(ends[1], 5))].sort().values
            assert inside.numel() == 0 or float(inside.diff().max()) < 0.05


@every_elementwise_case
def test_value_or_slope_jumps_at_each_kink_and_nowhere_else(row: Activation, parameters: Parameters) -> None:
    step = 1e-3
    stated = torch.tensor(kinks(row, parameters), dtype=torch.float64)
    if row.name == "softplus" and parameters["threshold"] == 20:
        left, right = (pytorch(row, stated + h, parameters) for h in (0.0, 1e-13))
        assert float(left) > float(right)  # the step of 2e-9, which the grid cannot see
        stated = stated[:0]
    x = grid(row, -25, 25, step)
    value, derivative = pytorch(row, x, parameters), slope(row, x, parameters)
    scale = 1 + derivative.abs()
    value_jumps = (value.diff() - step * derivative[1:]).abs() > 0.02 * scale[1:]
    slope_jumps = derivative.diff().abs() > 0.01 * scale[1:]
    found = x[1:][value_jumps | slope_jumps]
    assert found.numel() == stated.numel(), found
    torch.testing.assert_close(found, stated.sort().values, rtol=0, atol=1.01 * step)


@every_elementwise_case
def test_the_slope_is_zero_where_it_is_flat_by_definition_and_not_elsewhere(
    row: Activation, parameters: Parameters
) -> None:
    x = grid(row, -8, 8, 0.01)
    derivative = slope(row, x, parameters)
    flat = run(row.flat, x=x, **parameters) if row.flat else torch.zeros_like(x, dtype=torch.bool)
    assert bool((derivative[flat] == 0).all())
    assert bool((derivative[~flat] != 0).all())
    changes = pytorch(row, x, parameters).diff()[flat[1:] & flat[:-1]] != 0
    assert int(changes.sum()) == (len(kinks(row, parameters)) if row.name in ("sign", "heaviside") else 0)


@every_elementwise_case
def test_the_slope_tends_to_zero_on_the_stated_sides_only(row: Activation, parameters: Parameters) -> None:
    saturation = row.saturation or ""
    sides = {"left": saturation.startswith("to the left"), "right": saturation.startswith("to the right")}
    if saturation.startswith("on both sides"):
        sides = {"left": True, "right": True}
    assert any(sides.values()) == bool(saturation)
    for side, sign in (("left", -1.0), ("right", 1.0)):
        if side == "left" and row.name in STARTS_AT:
            assert not sides[side]
            continue
        x = sign * torch.linspace(1e5, 1e5 + 20, 200, dtype=torch.float64)
        vanishes = bool((slope(row, x, parameters).abs() < 2e-3).all())
        flat = bool(run(row.flat, x=x, **parameters).all()) if row.flat else False
        assert sides[side] == (vanishes and not flat), side


@every_elementwise_case
def test_no_slope_exceeds_the_largest_slope_and_one_reaches_it(row: Activation, parameters: Parameters) -> None:
    x = wide(row, parameters)
    derivative = slope(row, x[x.abs() < 600], parameters).abs()
    if row.largest_slope is None:
        assert float(derivative.max()) > 1e6
        return
    stated = float(run(row.largest_slope, **parameters))
    relative = PYTORCH_IS_INEXACT.get(row.name, (1e-10, ""))[0]
    assert float(derivative.max()) <= stated * (1 + relative)
    assert float(derivative.max()) >= stated * (1 - 1e-6)


@pytest.mark.parametrize("row", [row for row in ACTIVATIONS if not row.elementwise], ids=lambda row: row.name)
def test_no_entry_of_the_jacobian_exceeds_the_largest_slope_and_one_reaches_it(row: Activation) -> None:
    others = {"glu": 0.0, "softmin": 1e4}.get(row.name, -1e4)  # gates half open; entries that do not count
    samples = [torch.tensor([a, 0.0, others, others], dtype=torch.float64) for a in torch.linspace(-1000, 1000, 401)]
    largest = max(
        float(torch.autograd.functional.jacobian(lambda x: pytorch(row, x, dict(row.parameters)), x).abs().max())
        for x in samples
    )
    if row.largest_slope is None:
        assert largest > 100
        return
    assert largest == pytest.approx(float(run(row.largest_slope)), rel=1e-6)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin"])
def test_values_of_softmax_and_its_kin_lie_in_their_range_and_reach_its_closed_end(name: str) -> None:
    row = BY_NAME[name]
    low, high = pieces(row.range, {})[0][1]
    x = torch.randn(200, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 10
    y = pytorch(row, x, dict(row.parameters))
    assert bool(((y > low) & (y <= high)).all())
    assert float(pytorch(row, x[:1, :1], dict(row.parameters))) == high
