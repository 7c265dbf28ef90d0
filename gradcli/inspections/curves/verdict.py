"""What an activation does to its points: range, saturation, dead stretches, kinks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.diagnose.rerun import Rerun
from gradcli.language.curve import CurveRequest
from gradcli.language.parser import parse
from gradcli.numerics import autodiff, reference
from gradcli.numerics.capture import TorchError
from gradcli.numerics.evaluate import Context, evaluate
from gradcli.results import Kink, Layer, Stretch, Tensor, Verdict
from gradcli.results.phrasing import number

SATURATED_BELOW = 1e-3
"""A point is saturated where the slope is below this share of the largest possible one; a stack of layers where it lets
less than this share of a gradient through."""

EXPLODING_ABOVE = 1e3
"""A stack of layers explodes where it makes more than this of a gradient of 1."""

LITTLE = 1e-6
"""How far beside a point, measured by it, but at least by 1, it is looked for a stretch that is level."""

_DOUBLE = Context(torch.float64)


def verdict(
    curve: CurveRequest,
    bound: BoundExpression,
    values: Tensor,
    derivative: Tensor | None,
    layers: Sequence[Layer] = (),
) -> Verdict:
    """The verdict over the expression's points; derivatives at kinks are asked of PyTorch now.

    layers: the function applied over and over, where that was asked for: the verdict is on the last one.
    """
    points = bound.inputs[curve.variable].values.reshape(-1).astype(np.float64)
    finite = values.values[np.isfinite(values.values)]
    dead = _dead(curve, bound, points, derivative)
    saturated = _saturated(curve, points, derivative)
    if len(layers) > 1:
        slopes = _slopes(layers[-1].slope)
        dead = _dead_in_some_layer(curve, points, layers, dead) & (slopes == 0)
        saturated = (slopes < SATURATED_BELOW) & ~dead
    order = np.argsort(points, kind="stable")
    found = Verdict(
        points=len(points),
        range=curve.row.range if curve.row else None,
        lowest=float(finite.min()) if finite.size else None,
        highest=float(finite.max()) if finite.size else None,
        saturated=_count(saturated),
        dead=_count(dead),
        kinks=tuple(_kinks(curve, bound, points)),
        summary="",
        stretches=(*_stretches("saturated", points, saturated, order), *_stretches("dead", points, dead, order)),
    )
    return replace(found, summary=_summary(found, points, derivative, layers))


def _slopes(derivative: Tensor) -> np.ndarray:
    return np.abs(derivative.values.reshape(-1).astype(np.float64))


def _flat(curve: CurveRequest, points: np.ndarray) -> np.ndarray:
    """Where the function is constant by definition."""
    if curve.row is None or curve.row.flat is None:
        return np.zeros(len(points), dtype=bool)
    return _evaluate(curve.row.flat, curve, torch.from_numpy(points)).expand(len(points)).numpy().astype(bool)


def _dead(
    curve: CurveRequest, bound: BoundExpression, points: np.ndarray, derivative: Tensor | None
) -> np.ndarray | None:
    """Where the derivative is zero on a stretch: by definition, or, of an expression, as its values show.

    A point on a kink is on no such stretch, whatever PyTorch takes there.
    """
    if derivative is None:
        return None
    zero = np.asarray(_slopes(derivative) == 0)
    if curve.row is not None:
        return np.asarray(zero & _flat(curve, points))
    level = zero & _level(curve, points) if zero.any() else zero
    places = np.flatnonzero(level).tolist()
    if places:
        ones = torch.ones(points.shape, dtype=torch.float64)
        for place, slope in Rerun(bound, ones).slopes(curve.variable, places).items():
            level[place] = slope == 0  # the values may be level by rounding alone
        level[level] = _exactly_level(curve, points[level])
    return level


def _exactly_level(curve: CurveRequest, points: np.ndarray) -> np.ndarray:
    """Where that is so of the exact values: x*sigmoid(x) at -1000 is below all numbers of float64. All, without any."""
    step = LITTLE * np.maximum(np.abs(points), 1)
    try:
        left, here, right = (reference.value(curve.program, {curve.variable: points + by}) for by in (-step, 0, step))
    except reference.NoReference:
        return np.ones(len(points), dtype=bool)
    return np.asarray((left == here) & (here == right), dtype=bool)


def _dead_in_some_layer(
    curve: CurveRequest, points: np.ndarray, layers: Sequence[Layer], first: np.ndarray | None
) -> np.ndarray:
    """Where one of the layers is dead at what the layer before it gives."""
    dead = np.zeros(len(points), dtype=bool) if first is None else first
    for layer in layers[:-1]:
        given = layer.values.values.reshape(-1).astype(np.float64)
        dead = dead | (_flat(curve, given) if curve.row is not None else _level(curve, given))
    return dead


def _level(curve: CurveRequest, points: np.ndarray) -> np.ndarray:
    """Where the values are the same a little to the left, here and a little to the right."""
    x = torch.from_numpy(points)
    step = LITTLE * x.abs().clamp(min=1)
    with torch.no_grad():
        left, here, right = (
            evaluate(curve.program, {curve.variable: side}, _DOUBLE).reshape(-1) for side in (x - step, x, x + step)
        )
    return ((left == here) & (here == right)).numpy()


def _saturated(curve: CurveRequest, points: np.ndarray, derivative: Tensor | None) -> np.ndarray | None:
    if derivative is None or curve.row is None or curve.row.saturation is None or curve.row.largest_slope is None:
        return None
    largest = float(_evaluate(curve.row.largest_slope, curve, torch.zeros(1)))
    small = _slopes(derivative) < SATURATED_BELOW * largest
    return np.asarray(small & ~_flat(curve, points))


def _count(where: np.ndarray | None) -> int | None:
    return None if where is None else int(np.sum(where))


def _stretches(state: str, points: np.ndarray, where: np.ndarray | None, order: np.ndarray) -> Iterator[Stretch]:
    """The runs of neighbouring points in a state; points that are not finite have no neighbours."""
    if where is None:
        return
    held = np.concatenate([[False], (where & np.isfinite(points))[order], [False]])
    edges = np.flatnonzero(held[1:] != held[:-1])
    ordered = points[order]
    for first, behind in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        yield Stretch(state, float(ordered[first]), float(ordered[behind - 1]))


def _kinks(curve: CurveRequest, bound: BoundExpression, points: np.ndarray) -> list[Kink]:
    """The kinks between the smallest and the largest point."""
    if curve.row is None or not len(points):
        return []
    places = [float(_evaluate(text, curve, torch.zeros(1))) for text in curve.row.kinks]
    return [
        _kink(curve, bound, at) for at in sorted(set(places)) if np.fmin.reduce(points) <= at <= np.fmax.reduce(points)
    ]


def _kink(curve: CurveRequest, bound: BoundExpression, at: float) -> Kink:
    # a neighbour of 0 that is no denormal, else the neighbouring numbers
    before, after = (-1e-300, 1e-300) if at == 0 else (math.nextafter(at, -math.inf), math.nextafter(at, math.inf))
    around = torch.tensor([before, after], dtype=torch.float64, requires_grad=True)
    here = torch.tensor([at], dtype=bound.context.dtype, device=bound.context.device, requires_grad=True)
    with torch.no_grad():
        left, right = evaluate(curve.program, {curve.variable: around}, _DOUBLE).tolist()
    slopes = _slope(curve, around, _DOUBLE) or (None, None)
    chosen = _slope(curve, here, bound.context) or (None,)
    return Kink(at, abs(right - left) > 1e-6, slopes[0], slopes[1], chosen[0])


def _slope(curve: CurveRequest, x: torch.Tensor, context: Context) -> tuple[float | None, ...] | None:
    try:
        output = evaluate(curve.program, {curve.variable: x}, context)
        found = autodiff.gradients(output, {"x": x}, cotangent=torch.ones_like(output))["x"]
    except TorchError:  # the curve itself says that there is no derivative
        return None
    return None if found is None else tuple(found.tolist())


def _evaluate(text: str, curve: CurveRequest, x: torch.Tensor) -> torch.Tensor:
    """A formula of the catalogue in `x` and the curve's parameters, in double precision."""
    numbers: Mapping[str, float] = {n: v for n, v in curve.parameters.items() if isinstance(v, int | float)}
    variables = {name: torch.tensor(value, dtype=torch.float64) for name, value in numbers.items()}
    return evaluate(parse(text, bound=[*variables, "x"]), {**variables, "x": x.double()}, _DOUBLE)


def _summary(found: Verdict, points: np.ndarray, derivative: Tensor | None, layers: Sequence[Layer]) -> str:
    if derivative is None:
        return "no derivative"
    if len(layers) > 1:
        return _through(found, layers)
    slopes = _slopes(derivative)
    parts = []
    if found.saturated:
        parts.append(f"saturated at {found.saturated} of {_points(found.points)}")
    if found.dead:
        parts.append(f"dead at {found.dead} of {_points(found.points)}")
    zeros = int(np.sum(slopes == 0))
    if zeros and not parts:
        parts.append(f"derivative 0 at {zeros} of {_points(found.points)}")
    alive = not parts
    if np.isnan(slopes).any():
        alive = False
        parts.append("no slope at some points")
    elif alive and slopes.size and slopes.min() < SATURATED_BELOW:
        alive = False
        parts.append(f"the smallest slope is {number(slopes.min())} at {number(points[slopes.argmin()])}")
    return ", ".join(["alive at every point"] if alive else parts)


def _through(found: Verdict, layers: Sequence[Layer]) -> str:
    """What several layers leave of the slopes: where little or nothing, where too much, and how much."""
    slopes = _slopes(layers[-1].slope)
    counts = {"vanishing": found.saturated, "dead": found.dead, "exploding": int(np.sum(slopes > EXPLODING_ABOVE))}
    parts = [f"{state} at {count} of {_points(found.points)}" for state, count in counts.items() if count]
    real = slopes[~np.isnan(slopes)]
    if real.size < slopes.size:
        parts.append("no slope at some points")
    said = f"{', '.join(parts) or 'alive at every point'} through {len(layers)} layers"
    if not real.size:
        return said
    low, high = number(real.min()), number(real.max())
    return f"{said}: |dy/dx| is {low}" + (f" to {high}" if high != low else "")


def _points(count: int) -> str:
    return "1 point" if count == 1 else f"{count} points"
