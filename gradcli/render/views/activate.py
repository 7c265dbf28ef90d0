"""Functions side by side: what each does to the points, then values and derivatives."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Literal

import numpy as np

from gradcli.render.blocks import Block, Column, Facts, Heading, Note, Plot, Series, Shade, Table
from gradcli.render.curves import jumps
from gradcli.render.numbers import as_one_column, shortest_float
from gradcli.render.views.error import failure_blocks
from gradcli.render.views.findings import finding_blocks
from gradcli.render.views.setting import footer, place
from gradcli.render.views.tensors import Indices, column, column_or_dashes, float_column, index_column, joined, labels
from gradcli.results import ActivateResult, Curve, Layer, Tensor
from gradcli.results.phrasing import listed, number

_POINTS_SIDE_BY_SIDE = 4
"""With more points than these, a stack of layers shows only the smallest and the largest slope."""


def blocks(result: ActivateResult) -> tuple[Block, ...]:
    """The answer for people."""
    alone = len(result.functions) == 1
    return (
        Heading(_subject(result), place(result.setting, result.inputs)),
        Facts(tuple(_verdict(result.functions[0]) if alone else _verdicts(result))),
        *_rules(result),
        *([_points_table(result)] if alone else _tables(result)),
        *(_layers_table(name, curve, result) for name, curve in _named(result) if curve.layers),
        *(_kinks(result) if alone else ()),
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
    for primes, order in enumerate(orders):
        series = tuple(
            Series(label, y.values.reshape(-1), breaks=_breaks(curve, primes, x), number=place)
            for place, (label, curve, y) in enumerate(order)
            if y is not None
        )
        # under the values of several functions a row of marks for each would say what stands under the slopes
        shades = [_shades(label, curve) for label, curve, _ in order if primes or len(order) == 1]
        if series:
            axis = f"f{chr(39) * primes}({name})"
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


def _subject(result: ActivateResult) -> str:
    """The functions by their names; as they were called where that says more."""
    name, _ = _points(result)
    if len(result.functions) == 1 or any(curve.expression != f"{curve.name}({name})" for curve in result.functions):
        return result.expression
    return ", ".join(curve.name for curve in result.functions)


def _tables(result: ActivateResult) -> Iterator[Table]:
    """A table of the values and one of each derivative: points down, functions across."""
    name, points = _points(result)
    axis = [index_column(points.shape)] if len(points.shape) > 1 else []
    axis.append(column(name, points))
    curves = list(_named(result))
    orders: list[list[tuple[str, Tensor | None]]] = [
        [(label, curve.values) for label, curve in curves],
        [(f"{label}'", curve.derivative) for label, curve in curves],
    ]
    if result.order > 1:
        orders.append([(f"{label}''", curve.second_derivative) for label, curve in curves])
    for order in orders:
        yield Table((*axis, *(column_or_dashes(label, tensor, points.values.size) for label, tensor in order)))


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


def _verdict(curve: Curve) -> Iterator[tuple[str, str]]:
    """What one function does, with the values that it can take and those that were seen."""
    yield "verdict", curve.verdict.summary
    lowest, highest = (
        None if value is None else number(shortest_float(value, curve.values.dtype))
        for value in (curve.verdict.lowest, curve.verdict.highest)
    )
    seen = "nothing finite" if lowest is None else f"{lowest} to {highest}" if lowest != highest else lowest
    yield ("seen", seen) if curve.verdict.range is None else ("range", f"{_range(curve)}; seen: {seen}")


def _verdicts(result: ActivateResult) -> Iterator[tuple[str, str]]:
    """A line for each of several functions."""
    for label, curve in _named(result):
        parts = [curve.verdict.summary]
        if curve.verdict.range not in (None, "(-inf, inf)"):
            parts.append(f"range {_range(curve)}")
        yield label, "; ".join([*parts, *_kinks_in_words(curve, result.setting.dtype)])


def _range(curve: Curve) -> str:
    """The values that a function of the catalogue can take: its parameters by their values, numbers of a few digits."""
    text = curve.verdict.range or ""
    for name, value in curve.parameters.items():
        text = re.sub(rf"\b{name}\b", number(value) if isinstance(value, float) else str(value), text)
    return re.sub(r"\d+\.\d{5,}", lambda decimals: number(float(decimals[0])), text)


def _kinks_in_words(curve: Curve, dtype: str) -> Iterator[str]:
    """`kink at 0 (PyTorch: 0)`, `jumps at -0.5 and 0.5 (PyTorch: 0)`: where, and which slopes PyTorch takes."""
    for jump, word in ((False, "kink"), (True, "jump")):
        kinks = [kink for kink in curve.verdict.kinks if kink.jump is jump]
        if not kinks:
            continue
        places = listed([number(kink.at) for kink in kinks])
        slopes = [number(shortest_float(kink.torch, dtype)) for kink in kinks if kink.torch is not None]
        taken = listed(slopes[:1] if len({*slopes}) == 1 else slopes)
        yield f"{word}{'s' if len(kinks) > 1 else ''} at {places}" + (f" (PyTorch: {taken})" if taken else "")


def _rules(result: ActivateResult) -> Iterator[Note]:
    """What the words of the verdicts mean."""
    verdicts = [curve.verdict for curve in result.functions]
    deep = any(len(curve.layers) > 1 for curve in result.functions)
    rules = []
    if any(verdict.dead for verdict in verdicts):
        rules.append("dead: constant around the point")
    if any(verdict.saturated for verdict in verdicts):
        rules.append(
            "vanishing: less than 1/1000 of a gradient gets through"
            if deep
            else "saturated: slope below 1/1000 of its largest"
        )
    if rules:
        yield Note("; ".join(rules), "quiet")


def _kinks(result: ActivateResult) -> Iterator[Table]:
    """One row a kink: where, what jumps there, the slopes on both sides, and which one PyTorch takes."""
    kinks = result.functions[0].verdict.kinks
    if not kinks:
        return
    columns = [
        float_column("kink at", [kink.at for kink in kinks]),
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
