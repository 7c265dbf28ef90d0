"""Each kind of finding is a row with a rule, a test of its name, and a row and a section in the document."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path

import pytest
from each import each
from looking import findings

from gradcli.diagnose.bound_expression import ComputeOptions, Selection, bind
from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.findings import of_tape, rule
from gradcli.diagnose.findings.table import CODES, NOT_FINITE, ROWS, Row
from gradcli.diagnose.origins.parts import shortened
from gradcli.diagnose.rerun import Rerun
from gradcli.language.request import read
from gradcli.results.findings import ORIGINS
from gradcli.results.phrasing import number
from tools.finding_pages import PAGES, written_pages

DOCUMENT = Path(__file__).parents[2] / "docs" / "findings.md"

each_row = each("row", ROWS, ids=lambda row: row.code)
OF_EXPRESSIONS = [row for row in ROWS if row.needs != "program"]
"""The others are tested in tests/watch/test_watch_other_findings.py."""
each_of_expressions = each("row", OF_EXPRESSIONS, ids=lambda row: row.code)


def test_every_code_stands_once() -> None:
    assert sorted(CODES) == sorted({row.code for row in ROWS})


def test_where_a_nan_or_an_infinity_comes_from_is_an_origin_and_so_is_a_zero_that_is_none() -> None:
    assert {*NOT_FINITE, "underflow-forward"} == ORIGINS


@each_of_expressions
def test_every_row_has_a_rule(row: Row) -> None:
    assert rule(row).__doc__


@each_of_expressions
def test_every_row_has_a_test_of_its_name_with_two_tables(row: Row) -> None:
    text = (Path(__file__).parent / f"test_{row.name}.py").read_text(encoding="utf-8")
    assert "\nFOUND = {" in text
    assert "\nLEFT_ALONE = (" in text


@each_of_expressions
def test_every_severity_of_a_row_is_found_and_no_other(row: Row) -> None:
    found = import_module(f"test_{row.name}").FOUND.values()
    assert {severity for severity, _ in found} == set(row.severities)


@each_row
def test_every_row_stands_in_the_document_with_a_command_that_shows_it(row: Row) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert f"\n| `{row.code}` | {row.severities[0]} | {row.meaning} |\n" in text
    section = re.search(rf"^## `{row.code}`$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert section, "a section"
    when = r"( step \d+)?" if row.needs == "program" else ""
    assert re.search(rf"\w+\[{row.code}\]{when}: ", section[1]), "a transcript that shows it"


def test_every_section_of_the_document_is_about_a_row() -> None:
    sections = re.findall(r"^## `(.+)`$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(sections) == sorted(CODES)


def test_the_pages_of_the_package_are_the_sections_of_the_document() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert PAGES.read_text(encoding="utf-8") == written_pages(document), "run: python -m tools.finding_pages"
    assert set(json.loads(written_pages(document))) == set(CODES)


def test_a_section_without_a_part_of_its_page_is_no_section() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    for part in ("**What to do.** Use a wider dtype, or scale the loss.", "See also `saturated`, `dead`, `exploding`."):
        assert part in document
        with pytest.raises(LookupError):
            written_pages(document.replace(part, ""))


@each_row
def test_what_a_row_hides_is_known(row: Row) -> None:
    assert {code for hides in row.hides for code in hides.codes} <= set(CODES)


def test_without_a_tape_no_rule_is_asked_that_looks_at_one() -> None:
    assert of_tape(Evidence()) == []
    rounded = Rerun(bind(read("x * 2", ["x:float16=1e-10"], command="grad"), ComputeOptions(), Selection()))
    assert rounded.bound.written
    assert of_tape(Evidence(rounded)) == []


def test_a_trouble_that_spreads_through_ten_steps_is_found_once() -> None:
    chain = "h = sqrt(x); " + "h = sin(h) * 2; " * 10 + "sum(h)"
    (only,) = [one for one in findings(f"trace '{chain}' x=-1,4") if one["severity"] == "error"]
    assert (only["code"], only["expression"], only["index"]) == ("nan-forward", "sqrt(x)", [0])


def test_two_causes_are_two_findings() -> None:
    found = findings("trace 'sqrt(x) + log(y)' x=-1 y=-1")
    assert [(one["operation"], one["code"]) for one in found] == [("sqrt", "nan-forward"), ("log", "nan-forward")]


def test_the_message_multiplies_out_what_went_wrong() -> None:
    (only,) = findings("trace 'sqrt(x) * 2' x=0,4")
    assert only["message"] == (
        "sqrt(x) at x[0] = 0: local derivative 1/(2*sqrt(0)) = inf, times the incoming gradient 2 = inf. "
        "No rewrite is right: the true slope grows without bound at x[0]"
    )


def test_the_dtype_that_is_too_small_is_named() -> None:
    (only,) = findings("trace 'x * x' x:float16=300")
    assert only["message"].startswith("x * x at x = 300 is inf: the largest float16 is 65504")


def test_numbers_are_short_and_have_no_negative_zero() -> None:
    assert [number(value) for value in (0.1, -0.0, 1e-45, float("-inf"), 16777217.0)] == [
        "0.1",
        "0",
        "1e-45",
        "-inf",
        "1.67772e+07",
    ]


def test_long_expressions_are_shortened_in_the_middle() -> None:
    assert shortened("x + " * 30, 21) == "x + x + x…+ x + x + "
    assert shortened("x + y") == "x + y"
