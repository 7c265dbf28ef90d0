"""Probabilities, how they amplify differences, and their Jacobian with its signs."""

from __future__ import annotations

import numpy as np

from gradcli.render.blocks import Bars, Block, Column, Facts, Heading, Note, Table
from gradcli.render.views.findings import finding_blocks
from gradcli.render.views.setting import footer, place
from gradcli.render.views.tensors import MATRIX_COLUMNS, column, float_column, index_column, labels, matrix, scalar
from gradcli.results import SoftmaxResult

_JACOBIAN_COLUMNS = 256
"""A wider Jacobian is left out of the table for programs; JSON has it."""


def blocks(result: SoftmaxResult) -> tuple[Block, ...]:
    """The answer for people."""
    shape = result.probabilities.shape
    total = (
        Facts((("sum", scalar(result.sum)),))
        if result.sum.values.ndim == 0
        else Table((index_column(result.sum.shape), column("sum", result.sum)))
    )
    return (
        Heading(result.expression, place(result.setting, result.inputs)),
        Table(_entries(result)),
        total,
        _jacobian(result, labels("p", shape), labels(next(iter(result.inputs)), shape)),
        *footer(result.setting),
        *finding_blocks(result.findings, result.expression),
    )


def plots(result: SoftmaxResult) -> tuple[Bars, ...]:
    """The probabilities as bars, with their Jacobian; nothing where it is too large to be seen."""
    count = result.probabilities.values.size
    if not 0 < count <= _JACOBIAN_COLUMNS:
        return ()
    shape = result.probabilities.shape
    values = np.asarray(result.probabilities.values, dtype=np.float64).reshape(-1)
    matrix_ = np.asarray(result.jacobian.values, dtype=np.float64).reshape(count, count)
    rows, columns = labels("p", shape), labels(next(iter(result.inputs)), shape)
    return (Bars(_name(result), tuple(rows), values, tuple(columns), matrix_, result.probabilities.dtype),)


def _name(result: SoftmaxResult) -> str:
    return "log probability" if result.expression.startswith("log_") else "probability"


def table(result: SoftmaxResult) -> Table:
    """A row an entry, with its row of the Jacobian behind it."""
    count = result.probabilities.values.size
    columns = _entries(result)
    if count <= _JACOBIAN_COLUMNS:
        rows = result.jacobian.values.reshape(count, count)
        names = labels(next(iter(result.inputs)), result.probabilities.shape)
        columns += tuple(
            Column(f"d/d{name}", rows[:, place], result.jacobian.dtype) for place, name in enumerate(names)
        )
    return Table(columns)


def _entries(result: SoftmaxResult) -> tuple[Column, ...]:
    ((name, values),) = result.inputs.items()
    columns = [
        index_column(values.shape),
        column("value", values),
        column(_name(result), result.probabilities),
    ]
    if result.gradient is not None and result.index is not None:
        chosen = labels("p", result.probabilities.shape)[result.index]
        columns.append(column(f"d{chosen}/d{name}", result.gradient, signed=True))
    for ratio in ("input_ratio", "output_ratio"):
        if result.amplification:
            ratios = [getattr(entry, ratio) for entry in result.amplification]
            columns.append(float_column(ratio, ratios))
    return tuple(columns)


def _jacobian(result: SoftmaxResult, rows: list[str], columns: list[str]) -> Block:
    if len(columns) > MATRIX_COLUMNS:
        shape = list(result.jacobian.shape)
        return Note(f"The Jacobian of shape {shape} is too wide to show; --format json holds it.", "quiet")
    rows, columns = [f"d{row}" for row in rows], [f"/d{column}" for column in columns]
    return matrix(result.jacobian, rows, columns, title="Jacobian", signed=True)
