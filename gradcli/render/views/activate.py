"""Functions side by side: values, derivatives, and what each does to the points."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Literal

import numpy as np

from gradcli.render.blocks import Block, Column, Facts, Heading, Plot, Scalar, Series, Shade, Table
from gradcli.render.curves import jumps
from gradcli.render.numbers import as_one_column
from gradcli.render.views.error import failure_blocks
from gradcli.render.views.findings import finding_blocks
from gradcli.render.views.setting import footer, place
from gradcli.render.views.tensors import Indices, column, column_or_dashes, float_column, index_column, joined, labels
from gradcli.results import ActivateResult, Curve, Layer, Tensor

_POINTS_SIDE_BY_SIDE = 4
"""With more points than these, a stack of layers shows only the smallest and the largest slope."""


def blocks(result: ActivateResult) -> tuple[Block, ...]:
    """The answer for people."""
    return (
        Heading(result.expression, place(result.setting, result.inputs)),
        _points_table(result),
        *(_layers_table(name, curve, result) for name, curve in _named(result) if curve.layers),
        *(_verdict(name, curve, alone=len(result.functions) == 1) for name, curve in _named(result)),
        *_kinks(result),
        *footer(result.setting),
        *_errors(result),
        *finding_blocks(result.findings, result.expression),
    )


def table(result: ActivateResult) -> Table:
    """A row a point; with layers a row for each function, layer and point."""
    return _depth_table(result) if any(curve.layers for curve in result.functions) else _points_table(result)


def plots(result: ActivateResult) -> tuple[Plot, ...]:
    """All values on one pair of axes, all derivatives on another."""
    name, points = _points(result)
    if points.values.size < 2:
        return ()
    x = points.values.reshape(-1)
    kinks = tuple(sorted({kink.at for curve in result.functions for kink in curve.verdict.kinks}))
    curves = list(_named(result))
    orders: tuple[list[tuple[str, Curve, Tensor | None]], ...] = (
        [(label, curve, curve.values) for label, curve in curves],
        [(f"{label}'", curve, curve.derivative) for label, curve in curves],
        [(f"{label}''", curve, curve.second_derivative) for label, curve in curves],
    )
    drawn = []
    for number, order in enumerate(orders):
        series = tuple(
            Series(label, y.values.reshape(-1), breaks=_breaks(curve, number, x), number=place)
            for place, (label, curve, y) in enumerate(order)
            if y is not None
        )
        # under the values of several functions a row of marks for each would say what stands under the slopes
        shades = [_shades(label, curve) for label, curve, _ in order if number or len(order) == 1]
        if series:
            axis = f"f{chr(39) * number}({name})"
            drawn.append(Plot(x, series, kinks, x_name=name, y_name=axis, shades=tuple(chain.from_iterable(shades))))
    return tuple(drawn)


def _breaks(curve: Curve, order: int, x: np.ndarray) -> tuple[float, ...]:
    """Where the function jumps, or, of a derivative, where the slope does: as is known, or as the slopes tell."""
    if curve.verdict.range is None and curve.derivative is not None:
        return jumps(x, curve.values.values, curve.derivative.values)
    return tuple(kink.at for kink in curve.verdict.kinks if order or kink.jump)


def _shades(label: str, curve: Curve) -> Iterator[Shade]:
    """The stretches; a single point among others is where the slope passes zero."""
    for stretch in curve.verdict.stretches:
        if stretch.start < stretch.stop:
            state: Literal["saturated", "dead"] = "dead" if stretch.state == "dead" else "saturated"
            yield Shade(label, state, stretch.start, stretch.stop)


def _named(result: ActivateResult) -> Iterator[tuple[str, Curve]]:
    """Each curve under its name, or its expression where two have the same name."""
    count = Counter(curve.name for curve in result.functions)
    for curve in result.functions:
        yield (curve.name if count[curve.name] == 1 else curve.expression), curve


def _points(result: ActivateResult) -> tuple[str, Tensor]:
    """The axis: the input of the values' shape."""
    shape = result.functions[0].values.shape
    fitting = {name: tensor for name, tensor in result.inputs.items() if tensor.shape == shape} or result.inputs
    return next(iter(fitting.items()))


def _points_table(result: ActivateResult) -> Table:
    name, points = _points(result)
    columns = [index_column(points.shape)] if len(points.shape) > 1 else []
    columns.append(column(name, points))
    for label, curve in _named(result):
        columns.append(column(label, curve.values))
        columns.append(column_or_dashes(f"{label}'", curve.derivative, points.values.size))
        if result.order > 1:
            columns.append(column_or_dashes(f"{label}''", curve.second_derivative, points.values.size))
    return Table(tuple(columns))


def _layers_table(label: str, curve: Curve, result: ActivateResult) -> Table:
    _, points = _points(result)
    count = points.values.size
    columns = [Column("layer", np.array([layer.layer for layer in curve.layers]))]
    slopes = [layer.slope for layer in curve.layers]
    if count <= _POINTS_SIDE_BY_SIDE:
        for element, subscript in enumerate(labels("", points.shape)):
            columns.append(_element(f"y{subscript}", [layer.values for layer in curve.layers], element))
            columns.append(_element(f"|dy{subscript}/dx|", slopes, element))
    elif count:
        columns.append(_reduced("smallest |dy/dx|", slopes, np.min))
        columns.append(_reduced("largest |dy/dx|", slopes, np.max))
    return Table(tuple(columns), f"{label}, {len(curve.layers)} layers deep")


def _element(name: str, tensors: Iterable[Tensor], element: int) -> Column:
    values, dtype = as_one_column([(tensor.values.reshape(-1)[element], tensor.dtype) for tensor in tensors])
    return Column(name, values, dtype)


def _reduced(name: str, tensors: Iterable[Tensor], reduce: Callable[[np.ndarray], object]) -> Column:
    values, dtype = as_one_column([(np.asarray(reduce(tensor.values)), tensor.dtype) for tensor in tensors])
    return Column(name, values, dtype)


def _depth_table(result: ActivateResult) -> Table:
    name, points = _points(result)
    stack: list[tuple[str, Layer]] = [(label, layer) for label, curve in _named(result) for layer in curve.layers]
    count = points.values.size
    columns = [
        Column("function", [label for label, _ in stack for _ in range(count)]),
        Column("layer", np.repeat([layer.layer for _, layer in stack], count)),
        Column("index", list(Indices(points.shape)) * len(stack)),
        joined(name, [(points, count) for _ in stack]),
        joined("value", [(layer.values, count) for _, layer in stack]),
        joined("slope", [(layer.slope, count) for _, layer in stack]),
    ]
    return Table(tuple(column for column in columns if column.name != "index" or len(points.shape) > 1))


def _verdict(label: str, curve: Curve, *, alone: bool) -> Facts:
    verdict = curve.verdict
    share = f"of {verdict.points} point{'' if verdict.points == 1 else 's'}"
    answers: list[tuple[str, str | Scalar | None]] = [
        ("verdict" if alone else label, verdict.summary),
        ("range", verdict.range),
        ("lowest seen", None if verdict.lowest is None else Scalar(verdict.lowest, curve.values.dtype)),
        ("highest seen", None if verdict.highest is None else Scalar(verdict.highest, curve.values.dtype)),
        ("saturated", None if verdict.saturated is None else f"{verdict.saturated} {share}"),
        ("dead", None if verdict.dead is None else f"{verdict.dead} {share}"),
    ]
    return Facts(tuple((name, answer) for name, answer in answers if answer is not None))


def _kinks(result: ActivateResult) -> Iterator[Table]:
    """One row a kink: where, what jumps there, the slopes on both sides, and which one PyTorch takes."""
    found = [(label, kink) for label, curve in _named(result) for kink in curve.verdict.kinks]
    if not found:
        return
    kinks = [kink for _, kink in found]
    columns = [
        Column("kink of", [label for label, _ in found]),
        float_column("at", [kink.at for kink in kinks]),
        Column("jumps", ["value" if kink.jump else "slope" for kink in kinks]),
        float_column("left slope", [kink.left for kink in kinks]),
        float_column("right slope", [kink.right for kink in kinks]),
        float_column("PyTorch takes", [kink.torch for kink in kinks], result.setting.dtype),
    ]
    yield Table(tuple(columns))


def _errors(result: ActivateResult) -> Iterator[Block]:
    """What PyTorch raised for a derivative, unless a finding tells it already."""
    for curve in result.functions:
        told = any(found.code == "not-differentiable" and found.operation == curve.name for found in result.findings)
        if curve.error is not None and not told:
            yield from failure_blocks(curve.error)
