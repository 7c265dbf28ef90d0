"""Exit codes of `batch`, where its requests come from, and its options."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from batching import batch
from command_line import captured

from gradcli.cli.batch.answering import answer


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("grad tanh 1", 0),
        ("grad 'sqrt(x)' 0", 0),
        ("grad 'sqrt(x)' 0 --fail-on error", 1),
        ("grad 'x + 1' 0 --fail-on error", 0),
        ("grad tanh 1\ngrad tanhh 1\ngrad tanh 1", 1),
    ],
)
def test_the_exit_code_is_1_if_any_request_would_have_failed_by_itself(text: str, code: int, run: Any) -> None:
    found, answers = batch(text, run)
    assert found == code
    assert len(answers) == len(text.splitlines())


def test_requests_are_read_from_a_file(tmp_path: Path, run: Any) -> None:
    (tmp_path / "requests").write_text("grad tanh 1\n")
    code, answers = batch("grad tanh 2", run, str(tmp_path / "requests"))
    assert code == 0
    assert [document["inputs"]["x"]["values"] for document in answers] == [[1]]


def test_standard_input_is_withheld_also_when_the_requests_are_in_a_file(tmp_path: Path, run: Any) -> None:
    (tmp_path / "requests").write_text("grad tanh -\n")
    code, answers = batch("5", run, str(tmp_path / "requests"))
    assert code == 1
    assert answers[0]["error"]["code"] == "source"


def test_standard_input_is_back_afterwards(run: Any) -> None:
    stream = io.TextIOWrapper(io.BytesIO(b"grad tanh -\n"))
    before, sys.stdin = sys.stdin, stream
    try:
        captured(["batch"])
        assert sys.stdin is stream
    finally:
        sys.stdin = before


@pytest.mark.parametrize("name", ["missing.txt", ".", "a\0b"])
def test_a_file_that_cannot_be_read_is_the_users_mistake(name: str, run: Any) -> None:
    code, out, err = run(["batch", name])
    assert (code, out) == (2, "")
    assert "cannot be read" in err


def test_a_terminal_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal("grad tanh 1"))
    code, out, err = captured(["batch"])
    assert (code, out) == (2, "")
    assert "standard input is a terminal" in err
    assert "echo 'gradcli grad sigmoid 0 1 10' | gradcli batch" in err


@pytest.mark.parametrize("jobs", ["0", "-1", "257", "two"])
def test_a_number_of_jobs_that_cannot_be_is_refused(jobs: str, run: Any) -> None:
    code, out, err = run(["batch", "--jobs", jobs], stdin="grad tanh 1")
    assert (code, out) == (2, "")
    assert jobs in err


def test_the_help_says_what_becomes_of_errors_blank_lines_and_the_exit_code(run: Any) -> None:
    _, out, _ = run(["batch", "--help"])
    text = " ".join(out.split())
    for promise in ("error object", "Blank lines", "exit code is 0", "JSON array", "--jobs"):
        assert promise in text


def test_answers_have_only_characters_that_standard_output_has() -> None:
    line = answer("grad 'α * x' 1".encode(), "ascii").line
    assert line.isascii()
    assert json.loads(line)["error"]["expression"] == "α * x"


def test_a_warning_of_pytorchs_is_told_on_standard_error_for_each_request(run: Any) -> None:
    _, out, err = run(["batch"], stdin="loss mse '[[1, 2]]' '[1, 2]'\n" * 2)
    assert out.count("\n") == 2
    assert err.count("PyTorch warns: Using a target size") == 2
