"""The cells of a column for programs: every digit."""

from __future__ import annotations

import numpy as np
import orjson

from gradcli.render.blocks import Column, Tensors
from gradcli.render.cells import text_of, with_gaps
from gradcli.render.numbers import exact_texts, json_array
from gradcli.render.text import encodable
from gradcli.results import Tensor

_NON_FINITE = frozenset(("NaN", "Infinity", "-Infinity"))


def exact_cells(column: Column) -> list[str]:
    """All cells for a file of text; empty where there is no value."""
    if isinstance(column.values, np.ndarray):
        texts = exact_texts(column.values, column.dtype)
    elif isinstance(column.values, Tensors):
        texts = list(map(_json, column.values))
    else:
        texts = [text_of(value) for value in column.values]
    return with_gaps(texts, column.missing, "")


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
    return with_gaps(texts, column.missing, "null")


def _json(tensor: Tensor | None) -> str:
    return "" if tensor is None else json_array(tensor.values, tensor.dtype).decode()


def _clean(value: str | tuple[int, ...]) -> str | tuple[int, ...]:
    """JSON is UTF-8, which has no halves of surrogate pairs: undecodable bytes of a command line become those."""
    return encodable(value) if isinstance(value, str) else value
