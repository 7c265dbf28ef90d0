"""The cells of a column as text: exact for programs, rounded for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import orjson

from gradcli.render.blocks import Column, Scalar, Table, Tensors
from gradcli.render.numbers import exact_texts, json_array, rounded_texts, shortest_float
from gradcli.render.text import encodable, visible
from gradcli.results import Tensor

DASH = "-"
MOST_ELEMENTS = 6
"""Elements that are written out,"""
LONGEST_SUMMARY = 24
"""if they take no more characters."""
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


def summary(tensor: Tensor, digits: int | None) -> str:
    """`0.5`, `[0, 1]`, `[[1, 2], [3, 4]]`, `[2, 3] -1..4`, `[100] 0..1, 3 nan`."""
    values = tensor.values
    if values.size == 1:
        return _nested(values, iter(rounded_texts(values.reshape(-1), tensor.dtype, digits)))
    digits = None if digits is None else max(2, digits - 2)  # room for the others
    if values.size and values.size <= MOST_ELEMENTS:
        text = _nested(values, iter(rounded_texts(values.reshape(-1), tensor.dtype, digits)))
        if digits is None or len(text) <= LONGEST_SUMMARY:
            return text
    shape = str(list(values.shape))
    if not values.size:
        return f"{shape} empty"
    if values.dtype.kind == "b":
        return f"{shape} {int(values.sum())} true"
    flat = np.abs(values.reshape(-1)) if values.dtype.kind == "c" else values.reshape(-1)
    nan = np.isnan(flat) if flat.dtype.kind == "f" else np.zeros(flat.shape, dtype=bool)
    parts = [_range(flat[~nan], tensor.dtype, digits)] if not nan.all() else []
    parts += [f"{int(nan.sum())} nan"] if nan.any() else []
    return f"{shape} {', '.join(parts)}"


def _range(values: np.ndarray, dtype: str, digits: int | None) -> str:
    """The smallest and the largest value; one number if they are the same."""
    ends = np.array([values.min(), values.max()], dtype=values.dtype)
    low, high = rounded_texts(ends, dtype if ends.dtype.kind == "f" else None, digits)
    return f"all {low}" if ends[0] == ends[1] else f"{low}..{high}"


def _nested(values: np.ndarray, texts: Iterator[str]) -> str:
    if values.ndim == 0:
        return next(texts)
    return f"[{', '.join(_nested(part, texts) for part in values)}]"
