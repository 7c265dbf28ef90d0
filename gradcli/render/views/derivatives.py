"""Jacobians and Hessians: matrices for people, a row a partial derivative for programs."""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.render.blocks import Block, Column, Note, Table
from gradcli.render.views.tensors import MATRIX_COLUMNS, Indices, joined, labels, matrix
from gradcli.results import GradResult, Tensor

_OUTPUT = "output"

_Matrix = tuple[str, str, tuple[int, ...], str, tuple[int, ...], Tensor | None]
"""Title; name and shape of what the rows stand for; name and shape of what the columns stand for; the matrix."""


def matrices(result: GradResult) -> Iterator[Block]:
    """A table for each matrix; a note where it does not exist or is too wide to read."""
    for title, above, above_shape, below, below_shape, tensor in _all(result):
        if tensor is None:
            yield Note(f"{title}: none, no path leads there.", "quiet")
            continue
        columns = labels(below, below_shape)
        if len(columns) > MATRIX_COLUMNS:
            shape = list(tensor.shape)
            yield Note(f"{title}: of shape {shape}, too wide to show; --format csv and json hold it.", "quiet")
            continue
        over, under = ("d", "/d") if above == _OUTPUT else (f"d2/d{above}", "d")
        yield matrix(tensor, labels(over, above_shape), [f"{under}{label}" for label in columns], title=title)


def table(result: GradResult) -> Table:
    """One row for each partial derivative: which of which, and its value."""
    titles: list[str] = []
    places: list[tuple[list[str], list[str]]] = []
    parts: list[tuple[Tensor | None, int]] = []
    of: list[tuple[int, ...]] = []
    by: list[tuple[int, ...]] = []
    for title, above, above_shape, below, below_shape, tensor in _all(result):
        rows, columns = Indices(above_shape), Indices(below_shape)
        count = len(rows) * len(columns)
        titles += [title.split(" ")[0].lower()] * count
        places.append(([above] * count, [below] * count))
        of += [index for index in rows for _ in columns]
        by += [index for _ in rows for index in columns]
        parts.append((tensor, count))
    return Table(
        (
            Column("matrix", titles),
            Column("of", [name for names, _ in places for name in names]),
            Column("of_index", of),
            Column("by", [name for _, names in places for name in names]),
            Column("by_index", by),
            joined("derivative", parts),
        )
    )


def _all(result: GradResult) -> Iterator[_Matrix]:
    shapes = {name: tensor.shape for name, tensor in result.inputs.items()}
    for name, tensor in (result.jacobians or {}).items():
        yield f"Jacobian by {name}", _OUTPUT, result.output.shape, name, shapes[name], tensor
    for first, row in (result.hessians or {}).items():
        for second, tensor in row.items():
            title = f"Hessian by {first} and {second}"
            yield title, first, shapes[first], second, shapes[second], tensor
