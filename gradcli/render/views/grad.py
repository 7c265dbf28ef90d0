"""Value and gradients: one row an element where the function works element by element, else one table a tensor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from gradcli.render.blocks import Block, Column, Facts, Heading, Note, Plot, Scalar, Series, Table
from gradcli.render.views import derivatives
from gradcli.render.views.findings import finding_blocks
from gradcli.render.views.tensors import (
    broadcast,
    column,
    column_or_dashes,
    index_column,
    long_table,
    scalar,
    tensor_tables,
)
from gradcli.results import Gradient, GradResult, Setting


def blocks(result: GradResult) -> tuple[Block, ...]:
    """The answer for people."""
    return (
        Heading(result.expression, place(result.setting)),
        *((_pointwise_table(result),) if _is_pointwise(result) else _tensor_by_tensor(result)),
        *derivatives.matrices(result),
        *gradient_facts(result.norm, result.gradients),
        Note(_method(result), "quiet"),
        *finding_blocks(result.findings, result.expression),
    )


def table(result: GradResult) -> Table:
    """The answer for programs: a row an element, or a row a partial derivative where those were asked for."""
    if result.jacobians is not None or result.hessians is not None:
        return derivatives.table(result)
    if _is_pointwise(result):
        return _pointwise_table(result)
    tensors = {name: (tensor, result.gradients.get(name)) for name, tensor in result.inputs.items()}
    outputs = {"output": result.output} | ({} if result.tangent is None else {"tangent": result.tangent})
    return long_table(tensors, outputs)


def plots(result: GradResult) -> tuple[Plot, ...]:
    """Value and derivatives over the points, each on axes of its own."""
    if len(result.inputs) != 1 or not _is_pointwise(result) or result.output.values.size < 2:
        return ()
    ((name, points),) = result.inputs.items()
    if points.values.dtype.kind == "c" or result.output.values.dtype.kind == "c":
        return ()
    x = points.values.reshape(-1)
    curves = [(result.expression, result.output.values)]
    curves += [(label, gradient.values) for label, gradient in _gradient_columns(result) if gradient is not None]
    return tuple(Plot(x, (Series(label, y.reshape(-1)),), x_name=name) for label, y in curves)


def place(setting: Setting) -> str:
    """The remark behind every heading."""
    return f"{setting.dtype} on {setting.device}"


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


def _is_pointwise(result: GradResult) -> bool:
    return result.method.elementwise and all(
        broadcast(tensor, result.output.shape) is not None for tensor in result.inputs.values()
    )


def _pointwise_table(result: GradResult) -> Table:
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


def _gradient_columns(result: GradResult) -> Iterator[tuple[str, Gradient | None]]:
    """`gradient`, or `f'` and `f''` by order; with several inputs `d/dx`, `d2/dx2`."""
    orders = {found.order: found.gradients for found in result.derivatives} or {1: result.gradients}
    several = len(result.inputs) > 1
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


def _method(result: GradResult) -> str:
    """How it was done, in one quiet line; a scalar needs no cotangent."""
    method = result.method
    how = {"ones": "cotangent of ones", "given": "cotangent given", None: "no cotangent passed"}[method.cotangent]
    parts = [] if result.output.values.ndim == 0 and method.cotangent == "ones" else [how]
    return ", ".join([*parts, f"via {method.via}", f"seed {result.setting.seed}"])
