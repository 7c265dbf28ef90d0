"""docs/testing.md: its programs run under pytest, its output is what pytest prints, its table is what is found."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from suites import ROOT, suite_run

from tools.assertion_table import CASES, Outcome, outcomes, table
from tools.documents import held
from tools.transcripts import agree

_PROGRAM = re.compile(
    r"^```python\n(?P<program>.*?)^```$(?:\n\n^```text\n\$ pytest -q\n(?P<output>.*?)^```$)?", re.DOTALL | re.MULTILINE
)
_SECONDS = re.compile(r"in [\d.]+s")
PROGRAMS = list(_PROGRAM.finditer((ROOT / "docs" / "testing.md").read_text(encoding="utf-8")))


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_a_program_does_under_pytest_what_the_document_says(number: int, tmp_path: Path) -> None:
    program, output = PROGRAMS[number]["program"], PROGRAMS[number]["output"]
    if output is None:  # it passes, and needs no pytest
        names: dict[str, Any] = {}
        exec(program, names)
        for name in names:
            if name.startswith("test_"):
                names[name]()
    else:
        (tmp_path / "test_gradients.py").write_text(program)
        _, _, printed = suite_run(tmp_path, "-q")
        assert agree(*(_SECONDS.sub("in 0s", text.rstrip()) for text in (output, printed))), printed


def test_the_document_has_both_kinds() -> None:
    assert {found["output"] is None for found in PROGRAMS} == {True, False}


@pytest.fixture(scope="module")
def found() -> list[Outcome]:
    return list(outcomes())


def test_the_document_holds_the_table_of_now(found: list[Outcome]) -> None:
    assert held("testing.md", "assertions") == table(found)


def test_every_planted_gradient_fails_and_every_right_one_passes(found: list[Outcome]) -> None:
    assert [outcome.case.title for outcome in found if outcome.is_mistaken(outcome.gradcli)] == []
    assert [outcome.case.title for outcome in found if outcome.case.right and outcome.gradcli == "raises"] == []
    assert len(CASES) > 40


def test_gradcheck_is_mistaken_in_both_directions(found: list[Outcome]) -> None:
    assert {outcome.case.right for outcome in found if outcome.is_mistaken(outcome.gradcheck)} == {True, False}
