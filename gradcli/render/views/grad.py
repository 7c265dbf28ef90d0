"""Value and gradients: one row an element where the function works element by element, else one table a tensor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations

import numpy as np

from gradcli.render.blocks import Block, Column, Drawing, Facts, Field, Heading, Plot, Scalar, Series, Table
from gradcli.render.curves import jumps
from gradcli.render.views import derivatives
from gradcli.render.views.findings import finding_blocks, sample_notes
from gradcli.render.views.setting import footer, place, way_back
from gradcli.render.views.tensors import (
    broadcast,
    column,
    column_or_dashes,
    index_column,
    long_table,
    scalar,
    tensor_tables,
)
from gradcli.results import Gradient, GradResult

WITHOUT_PLOT = "nothing to draw: a curve needs two real points or more of one name, a field a grid of two"


def blocks(result: GradResult) -> tuple[Block, ...]:
    """The answer for people."""
    return (
        Heading(result.expression, place(result.setting, result.inputs)),
        *((_elementwise_table(result),) if _is_elementwise(result) else _tensor_by_tensor(result)),
        *derivatives.matrices(result),
        *gradient_facts(result.norm, result.gradients),
        *footer(result.setting, *_method(result)),
        *sample_notes(result.sample),
        *finding_blocks(result.findings, result.expression),
    )


def table(result: GradResult) -> Table:
    """The answer for programs: a row an element, or a row a partial derivative where those were asked for."""
    if result.jacobians is not None or result.hessians is not None:
        return derivatives.table(result)
    if _is_elementwise(result):
        return _elementwise_table(result)
    tensors = {name: (tensor, result.gradients.get(name)) for name, tensor in result.inputs.items()}
    outputs = {"output": result.output} | ({} if result.tangent is None else {"tangent": result.tangent})
    return long_table(tensors, outputs)


def plots(result: GradResult) -> tuple[Drawing, ...]:
    """Value and derivatives over the points, each on axes of its own; of two names over a grid, the field."""
    field = field_of(result)
    if field is not None:
        return (field,)
    axes = [name for name, tensor in result.inputs.items() if tensor.values.ndim]
    if len(axes) != 1 or not _is_elementwise(result) or result.output.values.size < 2:
        return ()
    name = axes[0]
    points = result.inputs[name]
    if points.values.dtype.kind == "c" or result.output.values.dtype.kind == "c" or points.shape != result.output.shape:
        return ()
    x = points.values.reshape(-1)
    curves = [(result.expression, "value", result.output.values)]
    for label, gradient in _gradient_columns(result, only=name):
        if gradient is not None:
            curves.append((label, f"d/d{name}" if label == "gradient" else label, gradient.values))
    slope = next(iter(orders_of(result).values())).get(name)
    breaks = () if slope is None else jumps(x, result.output.values, slope.values)
    return tuple(
        Plot(x, (Series(label, y.reshape(-1), breaks=breaks),), x_name=name, y_name=axis) for label, axis, y in curves
    )


def orders_of(result: GradResult) -> dict[int, Mapping[str, Gradient | None]]:
    """The gradients by their order, the first one first."""
    return {found.order: found.gradients for found in result.derivatives} or {1: result.gradients}


def field_of(result: GradResult) -> Field | None:
    """The field of an elementwise function of two names over a grid, None of any other."""
    axes = {name: tensor for name, tensor in result.inputs.items() if tensor.values.ndim}
    shape = result.output.shape
    real = all(tensor.values.dtype.kind == "f" for tensor in (*axes.values(), result.output))
    if len(axes) != 2 or len(shape) != 2 or min(shape) < 2 or not (real and result.method.elementwise):
        return None
    if any(tensor.shape != shape for tensor in axes.values()):
        return None
    for (across, x), (up, y) in permutations(axes.items()):
        if _same_rows(x.values) and _same_rows(y.values.T):
            slopes = [orders_of(result)[1].get(name) for name in (across, up)]
            dx, dy = (None if slope is None else slope.values.astype(np.float64) for slope in slopes)
            x_axis, y_axis = x.values[0].astype(np.float64), y.values[:, 0].astype(np.float64)
            return _ascending(
                Field(result.expression, x_axis, y_axis, result.output.values.astype(np.float64), dx, dy, across, up)
            )
    return None


def _same_rows(values: np.ndarray) -> bool:
    """Whether all rows are the same, and run in one direction."""
    first = values[0].astype(np.float64)
    rising, falling = (first[1:] > first[:-1]).all(), (first[1:] < first[:-1]).all()
    return bool(np.isfinite(first).all() and (values == values[:1]).all() and (rising or falling))


def _ascending(field: Field) -> Field:
    """The field with both axes from the smallest to the largest value."""
    rows = slice(None, None, -1) if field.y[0] > field.y[-1] else slice(None)
    columns = slice(None, None, -1) if field.x[0] > field.x[-1] else slice(None)
    turned = [None if part is None else part[rows, columns] for part in (field.values, field.dx, field.dy)]
    assert turned[0] is not None
    return Field(
        field.name, field.x[columns], field.y[rows], turned[0], turned[1], turned[2], field.x_name, field.y_name
    )


def gradient_facts(norm: np.ndarray | None, gradients: Mapping[str, Gradient | None]) -> Iterator[Facts]:
    """The norm over all gradients; of scalars also the direction, which tensors show beside their elements."""
    if norm is None:
        return
    present = {name: gradient for name, gradient in gradients.items() if gradient is not None}
    pairs: list[tuple[str, str | Scalar]] = [("gradient norm", Scalar(norm))]
    if sum(gradient.values.size for gradient in present.values()) > 1:
        pairs += [
            (f"direction {name}", Scalar(gradient.direction.reshape(()), gradient.dtype))
            for name, gradient in present.items()
            if gradient.direction is not None and gradient.direction.ndim == 0
        ]
    yield Facts(tuple(pairs))


def _is_elementwise(result: GradResult) -> bool:
    return result.method.elementwise and all(
        broadcast(tensor, result.output.shape) is not None for tensor in result.inputs.values()
    )


def _elementwise_table(result: GradResult) -> Table:
    shape = result.output.shape
    columns: list[Column] = [index_column(shape)] if len(shape) > 1 else []
    for name, tensor in result.inputs.items():
        columns.append(column(name, broadcast(tensor, shape) or tensor))
    columns.append(column("value", result.output))
    for name, gradient in _gradient_columns(result):
        columns.append(column_or_dashes(name, gradient, result.output.values.size))
    if result.tangent is not None:
        columns.append(column("tangent", result.tangent))
    return Table(tuple(columns))


def _gradient_columns(result: GradResult, only: str | None = None) -> Iterator[tuple[str, Gradient | None]]:
    """`gradient`, or `f'` and `f''` by order; with several inputs `d/dx`, `d2/dx2`. Of one input, if it is named."""
    orders = orders_of(result)
    several = len(result.inputs) > 1
    if only is not None:
        orders = {order: {name: g for name, g in found.items() if name == only} for order, found in orders.items()}
    for order, gradients in orders.items():
        for name, gradient in gradients.items():
            if several:
                yield (f"d/d{name}" if order == 1 else f"d{order}/d{name}{order}"), gradient
            elif len(orders) == 1:
                yield "gradient", gradient
            else:
                yield (f"f{chr(39) * order}" if order <= 3 else f"f^({order})"), gradient


def _tensor_by_tensor(result: GradResult) -> Iterator[Block]:
    outputs = {"output": result.output} | ({} if result.tangent is None else {"tangent": result.tangent})
    scalars = tuple((name, scalar(tensor)) for name, tensor in outputs.items() if tensor.values.ndim == 0)
    if scalars:
        yield Facts(scalars)
    for name, tensor in outputs.items():
        if tensor.values.ndim:
            yield Table((index_column(tensor.shape), column(name, tensor)))
    yield from tensor_tables(result.inputs, result.gradients)


def _method(result: GradResult) -> Iterator[str]:
    """How it was done, where that is not what one expects: an elementwise derivative and a scalar need no cotangent."""
    cotangent = result.method.cotangent
    if cotangent != "ones":
        yield "no cotangent passed" if cotangent is None else "cotangent given"
    elif result.output.values.ndim and not result.method.elementwise:
        yield "cotangent of ones"
    yield from way_back(result.method)
