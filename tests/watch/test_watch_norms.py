"""`--norms`: what is told as the program runs, and what is written."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import torch
from watching import Ran, watched, written

from gradcli.inspections.watching import norms
from gradcli.inspections.watching.norms import MOST_POINTS, NormHistory
from gradcli.recording.program.places import UserCode

BY_HAND = """
    import torch
    scale = torch.nn.Parameter(torch.tensor([3.0, 4.0]))
    unused = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([scale, unused], lr=0.0)
    for step in range(25):
        optimizer.zero_grad()
        (scale * scale / 2).sum().backward()
        optimizer.step()
    print("the end")
"""


def told(ran: Ran) -> list[str]:
    return [line for line in ran.err.splitlines() if line.startswith("step ")]


def test_the_norms_are_told_every_ten_steps(tmp_path: Path):
    ran = watched(tmp_path, "--norms", written(tmp_path, BY_HAND).name)
    assert told(ran) == [
        "step 10  scale  5",
        "step 20  scale  5",
    ]
    assert ran.out == "the end\n"


@pytest.mark.parametrize("words", [["--norms", "12"], ["--norms=12"]])
def test_a_number_behind_the_option_says_how_often(tmp_path: Path, words: list[str]):
    ran = watched(tmp_path, *words, written(tmp_path, BY_HAND).name)
    assert told(ran) == [
        "step 12  scale  5",
        "step 24  scale  5",
    ]


def test_the_same_word_behind_the_program_is_the_programs(tmp_path: Path):
    ran = watched(tmp_path, written(tmp_path, "import sys; print(sys.argv[1:])").name, "--norms")
    assert ran.out == "['--norms']\n"


def test_no_step_in_nought_is_refused(tmp_path: Path):
    ran = watched(tmp_path, "--norms", "0", written(tmp_path, BY_HAND).name)
    assert (ran.code, ran.out) == (2, "")
    assert "--norms 0 is out of bounds" in ran.err


def test_the_norms_are_written_a_row_a_step_and_a_column_a_parameter(tmp_path: Path):
    ran = watched(tmp_path, "--norms", "5", "-o", "norms.csv", "-o", "report.json", written(tmp_path, BY_HAND).name)
    assert ran.code == 0
    with (tmp_path / "norms.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [5, 10, 15, 20, 25]
    assert {row["scale"] for row in rows} == {"5.0"}
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["norms"]["parameters"] == [{"parameter": "scale", "norms": [5.0] * 5}]


def test_without_the_option_a_table_has_the_findings(tmp_path: Path):
    ran = watched(tmp_path, "-o", "found.csv", written(tmp_path, BY_HAND).name)
    assert (tmp_path / "found.csv").read_text().startswith("code,severity,message")
    assert "step 10" not in ran.err


def test_the_norms_of_a_long_run_are_thinned_and_the_last_one_stays():
    history = NormHistory(UserCode())
    weight = torch.nn.Parameter(torch.ones(2))
    steps = 20 * MOST_POINTS + 1
    for step in range(1, steps + 1):
        history.add(step, [weight], torch.tensor([float(step)]), is_scaled=False)
    kept = history.result()
    assert MOST_POINTS / 3 - 1 <= len(kept.steps) <= MOST_POINTS + 1
    assert kept.steps[-1] == steps
    assert kept.parameters[0].norms == tuple(map(float, kept.steps))
    assert {step % 2 for step in kept.steps[:-1]} == {0, 1}, "passes that take turns are all among them"


def test_tensors_that_are_made_anew_in_each_step_are_named_for_a_while_only(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(norms, "names_of_tensors", lambda frames: {})  # it looks at every object of all other tests
    history = NormHistory(UserCode())
    for step in range(1, 201):
        made = torch.ones(2, requires_grad=True)
        history.add(step, [made], torch.tensor([1.0]), is_scaled=False)
    (only,) = history.result().parameters
    assert 0 < sum(norm is not None for norm in only.norms) < 200
