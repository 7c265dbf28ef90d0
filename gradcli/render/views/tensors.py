"""Columns and tables of tensors, for the views."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from math import prod
from typing import Any, cast

import numpy as np

from gradcli.render.blocks import Column, Scalar, Table, Tensors
from gradcli.render.numbers import as_one_column, shortest_float
from gradcli.results import Gradient, Input, Tensor
from gradcli.results.phrasing import element

MATRIX_COLUMNS = 16
"""Wider matrices are not shown, only written."""


class Indices(Sequence[tuple[int, ...]]):
    """The indices of all elements of a shape in order, made only when looked at."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._shape = shape
        self._size = prod(shape)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        return np.ndindex(*self._shape)

    def __getitem__(self, place: int | slice) -> tuple[int, ...] | list[tuple[int, ...]]:  # type: ignore[override]
        if isinstance(place, slice):
            wanted = np.arange(*place.indices(self._size))
            if not self._shape:
                return [()] * len(wanted)
            return list(zip(*(axis.tolist() for axis in np.unravel_index(wanted, self._shape)), strict=True))
        return tuple(int(part) for part in np.unravel_index(range(self._size)[place], self._shape))


class Repeated(Sequence[str]):
    """One text, as often as there are rows."""

    def __init__(self, text: str, times: int) -> None:
        self._text = text
        self._times = times

    def __len__(self) -> int:
        return self._times

    def __getitem__(self, place: int | slice) -> str | list[str]:  # type: ignore[override]
        if isinstance(place, slice):
            return [self._text] * len(range(*place.indices(self._times)))
        range(self._times)[place]
        return self._text


class Chained(Sequence[Any]):
    """Sequences behind each other, none of them made before it is looked at."""

    def __init__(self, parts: Sequence[Sequence[Any]]) -> None:
        self._parts = parts
        self._starts = [0, *accumulate(map(len, parts))]

    def __len__(self) -> int:
        return self._starts[-1]

    def __getitem__(self, place: int | slice) -> Any:
        if not isinstance(place, slice):
            wanted = range(len(self))[place]
            return self[wanted : wanted + 1][0]
        start, stop, step = place.indices(len(self))
        found: list[Any] = []
        for part, begins in zip(self._parts, self._starts, strict=False):
            found += part[max(0, start - begins) : max(0, stop - begins)]
        return found[::step]


def index_column(shape: tuple[int, ...]) -> Column:
    return Column("index", Indices(shape))


def column(name: str, tensor: Tensor, *, signed: bool = False) -> Column:
    """The elements of a tensor below each other."""
    return Column(name, tensor.values.reshape(-1), tensor.dtype, signed=signed)


def column_or_dashes(name: str, tensor: Tensor | None, rows: int) -> Column:
    """The elements of a tensor, or a dash for each where there is none."""
    return dashes(name, rows) if tensor is None else column(name, tensor)


def float_column(name: str, values: Sequence[float | None], dtype: str | None = None) -> Column:
    """Python floats, with the digits of the dtype from which they stem; a dash for None."""
    numbers = [0.0 if value is None else shortest_float(value, dtype) for value in values]
    return Column(name, np.array(numbers, dtype=np.float64), missing=absent(values))


def in_dtype_of(header: str, held: Sequence[tuple[float | None, str]]) -> Column:
    """Numbers with the digits that the dtype of each has; a dash for None."""
    return float_column(header, [None if value is None else shortest_float(value, dtype) for value, dtype in held])


def int_column(name: str, values: Sequence[int | None]) -> Column:
    """Whole numbers; a dash for None."""
    return Column(name, np.array([value or 0 for value in values], dtype=np.int64), missing=absent(values))


def text_column(name: str, texts: Sequence[str | None]) -> Column:
    """Texts; a dash for None."""
    return Column(name, [text or "" for text in texts], missing=absent(texts))


def whole_tensors(name: str, tensors: Sequence[Tensor | None]) -> Column:
    """A tensor a cell, dashes where there is none."""
    return Column(name, Tensors(tensors), missing=absent(tensors))


def absent(values: Iterable[object]) -> np.ndarray | None:
    """Where there is no value; None where all are there."""
    missing = np.array([value is None for value in values], dtype=bool)
    return missing if missing.any() else None


def dashes(name: str, rows: int) -> Column:
    return Column(name, np.zeros(rows), missing=np.ones(rows, dtype=bool))


def joined(name: str, parts: Sequence[tuple[Tensor | None, int]]) -> Column:
    """Tensors below each other in one column; None takes the given number of rows, all missing."""
    present = [(tensor.values, tensor.dtype) for tensor, _ in parts if tensor is not None]
    if not present:
        return dashes(name, sum(rows for _, rows in parts))
    values, dtype = as_one_column(present)
    missing = np.concatenate([np.full(rows, tensor is None) for tensor, rows in parts])
    full = np.zeros(len(missing), dtype=values.dtype)
    full[~missing] = values
    return Column(name, full, dtype, missing if missing.any() else None)


def scalar(tensor: Tensor) -> Scalar:
    """The one element of a tensor."""
    return Scalar(tensor.values.reshape(()), tensor.dtype)


def labels(name: str, shape: tuple[int, ...]) -> list[str]:
    """`x` for a scalar, else `x[0]`, `x[1]`, ..."""
    return [element(name, index) for index in np.ndindex(*shape)]


def matrix(
    tensor: Tensor, rows: list[str], columns: list[str], *, title: str | None = None, signed: bool = False
) -> Table:
    """A tensor as rows by columns, under labels for both."""
    values = tensor.values.reshape(len(rows), len(columns))
    numbers = [Column(label, values[:, place], tensor.dtype, signed=signed) for place, label in enumerate(columns)]
    return Table((Column("", rows), *numbers), title)


def long_table(tensors: Mapping[str, tuple[Tensor, Gradient | None]], output: Mapping[str, Tensor]) -> Table:
    """Every element of every tensor in a row of its own: tensor, index, value, gradient."""
    pairs: list[tuple[str, Tensor, Gradient | None]] = [(name, *pair) for name, pair in tensors.items()]
    pairs += [(name, tensor, None) for name, tensor in output.items()]
    return Table(
        (
            Column("tensor", Chained([Repeated(name, tensor.values.size) for name, tensor, _ in pairs])),
            Column("index", Chained([Indices(tensor.shape) for _, tensor, _ in pairs])),
            joined("value", [(tensor, tensor.values.size) for _, tensor, _ in pairs]),
            joined("gradient", [(gradient, tensor.values.size) for _, tensor, gradient in pairs]),
        )
    )


class Reordered(Sequence[Any]):
    """The items of a sequence in another order."""

    def __init__(self, items: Sequence[Any], order: np.ndarray) -> None:
        self._items = items
        self._order = order

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, place: int | slice) -> Any:
        if not isinstance(place, slice):
            return self._items[int(self._order[place])]
        return [self._items[item] for item in self._order[place].tolist()]


def reordered(table: Table, order: np.ndarray) -> Table:
    """The table with its rows in another order."""
    columns = []
    for one in table.columns:
        values = Reordered(cast("Sequence[Any]", one.values), order) if one.numbers is None else one.numbers[order]
        columns.append(replace(one, values=values, missing=None if one.missing is None else one.missing[order]))
    return replace(table, columns=tuple(columns))


def tensor_tables(inputs: Mapping[str, Input], gradients: Mapping[str, Gradient | None]) -> Iterator[Table]:
    """One table for all scalars, one for each other tensor; what is not differentiated has no gradient column."""
    scalars = {name: tensor for name, tensor in inputs.items() if not tensor.shape}
    if scalars:
        found = [(gradients.get(name), 1) for name in scalars]
        yield Table(
            (
                Column("input", list(scalars)),
                joined("value", [(t, 1) for t in scalars.values()]),
                joined("gradient", found),
            )
        )
    for name, tensor in inputs.items():
        if not tensor.shape:
            continue
        columns = [index_column(tensor.shape), column(name, tensor)]
        if name in gradients:
            gradient = gradients[name]
            columns.append(column_or_dashes("gradient", gradient, tensor.values.size))
            if gradient is not None and gradient.direction is not None:
                columns.append(Column("direction", gradient.direction.reshape(-1), gradient.dtype))
        yield Table(tuple(columns))


def broadcast(tensor: Tensor, shape: tuple[int, ...]) -> Tensor | None:
    """The tensor stretched to a shape, None if that cannot be done."""
    if tensor.shape == shape:
        return tensor
    try:
        return Tensor(tensor.dtype, np.broadcast_to(tensor.values, shape))
    except ValueError:
        return None
