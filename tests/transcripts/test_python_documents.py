"""The documents about Python: what they say is what Python answers."""

from __future__ import annotations

import doctest
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tools.notebook import NOTEBOOK, outputs, same

PAGE = NOTEBOOK.with_name("python.md")
CELLS = [cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"]


def test_the_examples_of_the_page_are_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    examples = "\n".join(re.findall(r"^```pycon\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE))
    test = doctest.DocTestParser().get_doctest(examples, {}, PAGE.name, None, 0)
    assert len(test.examples) > 10
    assert doctest.DocTestRunner().run(test).failed == 0


@pytest.fixture(scope="module")
def answers() -> list[list[dict[str, Any]]]:
    return [*outputs(json.loads(NOTEBOOK.read_text()))]


@pytest.mark.parametrize("number", range(len(CELLS)))
def test_a_cell_of_the_notebook_shows_what_is_stored(number: int, answers: list[list[dict[str, Any]]]):
    assert same(CELLS[number]["outputs"], answers[number]), "python -m tools.notebook"


def test_a_cell_with_another_number_is_found(answers: list[list[dict[str, Any]]]):
    other = json.loads(json.dumps(answers[0]).replace("0.731059", "0.741059"))
    assert not same(answers[0], other)


def test_the_notebook_is_one_that_jupyter_reads():
    notebook = json.loads(NOTEBOOK.read_text())
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    assert [cell["execution_count"] for cell in CELLS] == [*range(1, len(CELLS) + 1)]
    assert NOTEBOOK.stat().st_size < 300_000
    shown = [output["data"] for cell in CELLS for output in cell["outputs"] if "data" in output]
    assert sum("<svg" in "".join(data.get("text/html", ())) for data in shown) >= 2
