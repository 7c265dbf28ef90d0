"""The table of an answer as RFC 4180, with line breaks that shell tools expect: exact decimals, empty for no value."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from io import StringIO

from gradcli.progress import steps
from gradcli.render.cells import exact_cells, rows_of
from gradcli.render.view import Answer, View
from gradcli.render.views import table_of

_ROWS_AT_ONCE = 1 << 15


def render(answer: Answer, view: View) -> Iterator[str]:
    """A header and one record a row."""
    table = table_of(answer)
    yield _records([[column.name for column in table.columns]])
    for start in steps(range(0, table.rows, _ROWS_AT_ONCE), "parts written"):
        cells = (exact_cells(rows_of(column, start, start + _ROWS_AT_ONCE)) for column in table.columns)
        yield _records(zip(*cells, strict=True))


def _records(rows: Iterable[Iterable[str]]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
