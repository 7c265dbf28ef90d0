"""The table of an answer as one JSON object a row."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from gradcli.errors import GradcliError
from gradcli.progress import steps
from gradcli.render.cells import json_cells, rows_of
from gradcli.render.json import to_json
from gradcli.render.view import Answer, View
from gradcli.render.views import table_of
from gradcli.results import Failure

_ROWS_AT_ONCE = 1 << 15


def render(answer: Answer, view: View) -> Iterator[str]:
    """One line a row; a failure is the one line that `json` has for it."""
    if isinstance(answer, Failure | GradcliError):
        yield to_json(answer).decode() + "\n"
        return
    table = table_of(answer)
    names = [orjson.dumps(column.name).decode().replace("%", "%%") for column in table.columns]
    form = "{" + ",".join(f"{name}:%s" for name in names) + "}\n"
    for start in steps(range(0, table.rows, _ROWS_AT_ONCE), "parts written"):
        cells = (json_cells(rows_of(column, start, start + _ROWS_AT_ONCE)) for column in table.columns)
        rows = zip(*cells, strict=True)
        yield "".join(form % row for row in rows)
