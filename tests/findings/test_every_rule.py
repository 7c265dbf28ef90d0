"""Each rule is a file with a test of the same name and a row in the documents."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from looking import findings

import gradcli.diagnose.findings as package
from gradcli.diagnose.findings import ABOUT_THE_RESULT, ABOUT_THE_TAPE, rule
from gradcli.diagnose.findings.evidence import Evidence
from gradcli.diagnose.findings.words import number, shortened
from gradcli.results import CODES

FOLDER = Path(package.__file__).parent
RULES = sorted(path.stem for path in FOLDER.glob("*.py") if re.search(r"^def find\(", path.read_text(), re.MULTILINE))
DOCUMENT = Path(__file__).parents[2] / "docs" / "findings.md"


def test_every_code_has_a_rule_and_every_rule_a_code() -> None:
    assert [name.replace("_", "-") for name in RULES] == sorted(CODES)


def test_every_rule_is_asked() -> None:
    assert {*ABOUT_THE_TAPE, *ABOUT_THE_RESULT} == set(RULES)


@pytest.mark.parametrize("name", RULES)
def test_every_rule_has_a_test_of_its_name_with_two_tables(name: str) -> None:
    text = (Path(__file__).parent / f"test_{name}.py").read_text(encoding="utf-8")
    assert "\nFOUND = {" in text
    assert "\nLEFT_ALONE = (" in text


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_in_the_document_with_a_command_that_shows_it(code: str) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert re.search(rf"^\| `{code}` \|", text, re.MULTILINE), "a row in the table"
    section = re.search(rf"^## `{code}`$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert section, "a section"
    assert re.search(rf"\w+\[{code}\]: ", section[1]), "a transcript that shows it"


@pytest.mark.parametrize("name", ABOUT_THE_TAPE)
def test_no_rule_minds_that_there_is_no_tape(name: str) -> None:
    assert list(rule(name)(None, Evidence())) == []


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
