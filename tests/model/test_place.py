"""Places: a piece of a text as characters, and as lines and columns."""

from __future__ import annotations

from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator
from orjson import loads

import gradcli
from gradcli.model.place import FilePlace, Place, Source
from gradcli.render.json import to_json
from gradcli.render.schema import schema_text

TEXT = "first = 1\nα = first + sum(\n    first\n)\n"


def place(piece: str, **source: str) -> Place:
    start = TEXT.index(piece)
    return Place(Source(TEXT, **source), start, start + len(piece))


@pytest.mark.parametrize(
    ("piece", "line", "column"),
    [("first = 1", 1, 1), ("1", 1, 9), ("α", 2, 1), ("first + sum(\n    first\n)", 2, 5), ("\n", 1, 10)],
)
def test_a_place_knows_its_text_line_and_column(piece: str, line: int, column: int) -> None:
    found = place(piece)
    assert (found.text, found.line, found.column) == (piece, line, column)
    assert TEXT[slice(*found.span)] == piece


def test_a_place_in_a_file_has_two_ends() -> None:
    found = replace(place("sum(\n    first\n)", kind="file", name="sums.py"), function="total")
    assert found.in_file == FilePlace("sums.py", 2, 13, 4, 2, "total", "sum(\n    first\n)")


@pytest.mark.parametrize("source", [{}, {"kind": "input", "name": "x"}])
def test_a_place_elsewhere_is_in_no_file(source: dict[str, str]) -> None:
    assert place("first", **source).in_file is None


def test_a_finding_is_written_with_its_place_in_a_file_and_null_without_one() -> None:
    result = gradcli.trace("sqrt(x)", x=0)
    (found,) = result.findings
    placed = replace(result, findings=(found, replace(found, place=place("α", kind="file", name="sums.py").in_file)))
    written = loads(to_json(placed))
    Draft202012Validator(loads(schema_text("trace"))).validate(written)
    assert [one["place"] for one in written["findings"]] == [
        None,
        {"file": "sums.py", "line": 2, "column": 1, "end_line": 2, "end_column": 2, "function": None, "text": "α"},
    ]
