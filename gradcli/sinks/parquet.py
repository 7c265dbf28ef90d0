"""`.parquet`: the table of the answer, a column a column, for data frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import orjson

from gradcli.render.blocks import Column, Table, Tensors
from gradcli.render.cells import rows_of
from gradcli.render.exact_cells import exact_cells
from gradcli.render.text import encodable
from gradcli.render.view import Answer, View
from gradcli.render.views import table_of
from gradcli.version import __version__

if TYPE_CHECKING:
    import pyarrow

_ROWS_AT_ONCE = 1 << 20


def write(answer: Answer, view: View, stream: BinaryIO) -> str | None:
    """The columns of the CSV with their types: numbers with their dtype, indices as lists, null for no value.

    Complex numbers and whole tensors in a cell are text, as they are there.
    """
    import pyarrow
    from pyarrow import parquet

    table = table_of(answer)
    described = {"gradcli": __version__, "kind": getattr(answer, "kind", "error")}
    first = _batch(table, 0, min(table.rows, _ROWS_AT_ONCE), pyarrow)
    schema = first.schema.with_metadata(described)
    with parquet.ParquetWriter(stream, schema) as writer:
        writer.write_table(first.replace_schema_metadata(described))
        for start in range(_ROWS_AT_ONCE, table.rows, _ROWS_AT_ONCE):
            stop = min(start + _ROWS_AT_ONCE, table.rows)
            writer.write_table(_batch(table, start, stop, pyarrow).replace_schema_metadata(described))
    narrow = any(column.dtype == "bfloat16" for column in table.columns)
    return "Parquet has no bfloat16: written as float32, which holds the same values" if narrow else None


def _batch(table: Table, start: int, stop: int, arrow: Any) -> pyarrow.Table:
    columns = [rows_of(column, start, stop) for column in table.columns]
    arrays = [_array(column, arrow) for column in columns]
    return arrow.table(arrays, names=[column.name for column in columns])


def _array(column: Column, arrow: Any) -> Any:
    values, missing = column.values, column.missing
    if isinstance(values, np.ndarray) and values.dtype.kind in "fiub":
        return arrow.array(np.ascontiguousarray(values), mask=missing)
    if isinstance(values, np.ndarray) and values.dtype.kind == "O" and not any(isinstance(v, complex) for v in values):
        return arrow.array(np.array(values.tolist(), dtype=np.float64), mask=missing)
    if isinstance(values, np.ndarray | Tensors):
        return arrow.array(_texts(exact_cells(column), missing), arrow.string())
    if values and isinstance(values[0], tuple):
        kind = arrow.list_(arrow.int64())
        return arrow.array(_texts([list(value) for value in values], missing), kind)
    return arrow.array(_texts([_clean(value) for value in values], missing), arrow.string())


def _texts(values: list[Any], missing: np.ndarray | None) -> list[Any]:
    if missing is None:
        return values
    return [None if absent else value for value, absent in zip(values, missing.tolist(), strict=True)]


def _clean(value: object) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return encodable(text)
