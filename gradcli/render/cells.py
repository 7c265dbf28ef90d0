"""The cells of a column as text: exact for programs, rounded for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import orjson

from gradcli.render.blocks import Column, Scalar, Table, Tensors
from gradcli.render.numbers import exact_texts, json_array, rounded_texts, shortest_float
from gradcli.render.summary import summary
from gradcli.render.text import encodable, visible
from gradcli.results import Tensor

DASH = "-"
_NON_FINITE = frozenset(("NaN", "Infinity", "-Infinity"))


def is_numeric(column: Column) -> bool:
    return isinstance(column.values, np.ndarray)


def shown_cells(column: Column, digits: int | None, count: int) -> list[str]:
    """The first `count` cells for a table; a dash where there is no value."""
    if isinstance(column.values, np.ndarray):
        texts = rounded_texts(column.values[:count], column.dtype, digits, signed=column.signed)
    elif isinstance(column.values, Tensors):
        texts = ["" if tensor is None else summary(tensor, digits) for tensor in column.values[:count]]
    else:
        texts = [visible(_text(value)) for value in column.values[:count]]
    return _with_gaps(texts, column.missing, DASH)


def exact_cells(column: Column) -> list[str]:
    """All cells for a file of text; empty where there is no value."""
    if isinstance(column.values, np.ndarray):
        texts = exact_texts(column.values, column.dtype)
    elif isinstance(column.values, Tensors):
        texts = list(map(_json, column.values))
    else:
        texts = [_text(value) for value in column.values]
    return _with_gaps(texts, column.missing, "")


def json_cells(column: Column) -> list[str]:
    """All cells as JSON; null where there is no value."""
    values = column.values
    if isinstance(values, Tensors):
        texts = list(map(_json, values))
    elif not isinstance(values, np.ndarray):
        texts = [orjson.dumps(_clean(value)).decode() for value in values]
    elif values.dtype.kind in "cO":
        texts = [json_array(np.asarray(value)).decode() for value in values]
    else:
        texts = [f'"{text}"' if text in _NON_FINITE else text for text in exact_texts(values, column.dtype)]
    return _with_gaps(texts, column.missing, "null")


def shown_scalar(scalar: Scalar, digits: int | None) -> str:
    """One number for people, or a dash."""
    if scalar.value is None:
        return DASH
    value = shortest_float(scalar.value, scalar.dtype) if isinstance(scalar.value, float) else scalar.value
    return rounded_texts(np.asarray(value).reshape(1), scalar.dtype, digits)[0]


def rows_of(column: Column, start: int, stop: int) -> Column:
    """Some rows of a column: the texts of all of them at once may not fit into memory."""
    whole = column.values
    values = Tensors(whole[start:stop]) if isinstance(whole, Tensors) else whole[start:stop]
    return replace(column, values=values, missing=None if column.missing is None else column.missing[start:stop])


def with_distinct_names(table: Table) -> Table:
    """The table with later columns of the same name renamed `name_2`, `name_3`: programs read columns by name."""
    taken: set[str] = set()
    columns = []
    for column in table.columns:
        name = next(name for name in _numbered(column.name) if name not in taken)
        taken.add(name)
        columns.append(replace(column, name=name))
    return replace(table, columns=tuple(columns))


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}_{number}"
        number += 1


def _json(tensor: Tensor | None) -> str:
    return "" if tensor is None else json_array(tensor.values, tensor.dtype).decode()


def _text(value: str | tuple[int, ...]) -> str:
    return value if isinstance(value, str) else f"[{', '.join(map(str, value))}]"


def _clean(value: str | tuple[int, ...]) -> str | tuple[int, ...]:
    """JSON is UTF-8, which has no halves of surrogate pairs: undecodable bytes of a command line become those."""
    return encodable(value) if isinstance(value, str) else value


def _with_gaps(texts: Sequence[str], missing: np.ndarray | None, gap: str) -> list[str]:
    if missing is None:
        return list(texts)
    return [gap if absent else text for text, absent in zip(texts, missing[: len(texts)].tolist(), strict=True)]
