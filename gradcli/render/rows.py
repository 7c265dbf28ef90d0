"""The table of an answer row by row, for programs: CSV, or one JSON object a line."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from io import StringIO

import orjson

from gradcli.exceptions import GradcliError
from gradcli.progress import steps
from gradcli.render.blocks import Column, Table
from gradcli.render.cells import rows_of
from gradcli.render.exact_cells import exact_cells, json_cells
from gradcli.render.json import to_json
from gradcli.render.view import Answer, View
from gradcli.render.views import table_of
from gradcli.results import Failure

_ROWS_AT_ONCE = 1 << 15


def csv_rows(answer: Answer, view: View) -> Iterator[str]:
    """RFC 4180, with line breaks that shell tools expect: a header, exact decimals, empty for no value."""
    table = table_of(answer)
    yield _records([[column.name for column in table.columns]])
    yield from map(_records, _parts(table, exact_cells))


def json_rows(answer: Answer, view: View) -> Iterator[str]:
    """One object a row; a failure is the one line that `json` has for it."""
    if isinstance(answer, Failure | GradcliError):
        yield to_json(answer).decode() + "\n"
        return
    table = table_of(answer)
    names = [orjson.dumps(column.name).decode().replace("%", "%%") for column in table.columns]
    form = "{" + ",".join(f"{name}:%s" for name in names) + "}\n"
    for rows in _parts(table, json_cells):
        yield "".join(form % row for row in rows)


def _parts(table: Table, cells_of: Callable[[Column], list[str]]) -> Iterator[Iterator[tuple[str, ...]]]:
    """The rows of a table, many at once."""
    for start in steps(range(0, table.rows, _ROWS_AT_ONCE), "parts written"):
        cells = (cells_of(rows_of(column, start, start + _ROWS_AT_ONCE)) for column in table.columns)
        yield zip(*cells, strict=True)


def _records(rows: Iterable[Iterable[str]]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
