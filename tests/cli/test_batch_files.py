"""Files and streams in the requests of a batch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from batching import error_of
from command_line import captured

from gradcli.cli.batch.answering import answer


@pytest.mark.parametrize("name", ["-", "@-", "@/dev/stdin", "@/dev/fd/0", "@/proc/self/fd/0", "@/dev/stdin:a"])
def test_no_request_can_read_the_other_requests(name: str) -> None:
    assert error_of(f"grad sigmoid {name}")["message"] == "standard input holds the requests"
    assert error_of(f"grad 'x * y' x={name} y=1")["message"] == "standard input holds the requests"


def test_a_file_of_nearly_that_name_is_a_file() -> None:
    assert error_of("grad sigmoid @/dev/stdinn")["message"] == "there is no file '/dev/stdinn'"


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/dev/../dev/stdout"])
def test_a_file_that_is_standard_output_is_refused_among_the_answers(name: str) -> None:
    error = error_of(f"grad sigmoid 0 -o {name}")
    assert error["message"] == f"cannot write '{name}': standard output holds the answers"
    assert error["hint"]


@pytest.mark.parametrize("name", ["/dev/stderr", "/dev/fd/2"])
def test_a_file_that_is_standard_error_is_refused_among_the_answers(name: str) -> None:
    assert "standard error" in error_of(f"grad sigmoid 0 -o {name}")["message"]


def test_a_file_is_written_from_the_answer_that_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np
    import torch

    calls = []
    real = torch.autograd.grad
    monkeypatch.setattr(torch.autograd, "grad", lambda *a, **k: calls.append(1) or real(*a, **k))  # type: ignore[func-returns-value]
    plain = answer(b"grad sigmoid 0 1 10")
    once = len(calls)
    assert once
    calls.clear()
    assert answer(f"grad sigmoid 0 1 10 -o {tmp_path}/g.npz".encode()) == plain
    assert len(calls) == once
    values = json.loads(plain.line)["gradients"]["x"]["values"]
    np.testing.assert_array_equal(np.load(tmp_path / "g.npz")["gradients.x"], np.array(values, dtype=np.float32))


def test_an_answer_beside_a_file_keeps_its_exit_code(tmp_path: Path) -> None:
    failing = answer(f"grad 'sqrt(x)' -1 --fail-on error -o {tmp_path}/g.json".encode())
    assert failing.code == 1
    assert failing.line == (tmp_path / "g.json").read_bytes()
    assert answer(f"grad 'sqrt(x)' 1 --fail-on error -o {tmp_path}/g.json".encode()).code == 0


def test_a_file_that_cannot_be_written_is_an_error_object(tmp_path: Path) -> None:
    assert error_of(f"grad sigmoid 0 -o {tmp_path}/no/g.npz")["code"] == "output"


def test_a_single_command_with_a_file_prints_nothing_after_a_batch(tmp_path: Path) -> None:
    answer(b"grad sigmoid 0")
    assert captured(["grad", "sigmoid", "0", "-o", f"{tmp_path}/g.json"]) == (0, "", "")


def test_a_missing_file_of_requests_is_told_with_the_nearest_one(tmp_path: Path) -> None:
    (tmp_path / "requests.txt").write_text("grad sigmoid 0")
    assert f"Did you mean '{tmp_path}/requests.txt'?" in captured(["batch", f"{tmp_path}/request.txt"])[2]
    assert "Did you mean" not in captured(["batch", f"{tmp_path}/abc"])[2]
    assert (
        f"without the @: gradcli batch {tmp_path}/requests.txt" in captured(["batch", f"@{tmp_path}/requests.txt"])[2]
    )


@pytest.mark.parametrize(
    "rest",
    ["> out.txt", ">out.txt", ">> out.txt", "| head", "|head", "&& ls", "|| ls", "2>&1", "; ls", "2> x", "< n.txt"],
)
def test_a_line_is_no_shell(rest: str) -> None:
    assert "a batch line is no shell" in error_of(f"grad sigmoid 0 {rest}")["hint"].lower()


@pytest.mark.parametrize(
    "request_", ["grad 'where(x > 0, x' 0", "grad 'x | ' 0", "grad sigmoid '> 1'", "grad sigmod 0"]
)
def test_a_sign_within_a_word_is_of_no_shell(request_: str) -> None:
    assert "shell" not in (error_of(request_)["hint"] or "")


def test_a_warning_about_the_callers_own_files_is_not_pytorchs(capsys: pytest.CaptureFixture[str]) -> None:
    import warnings

    from gradcli.cli.from_torch import told_warnings

    with told_warnings():
        warnings.warn("unclosed file", ResourceWarning, stacklevel=1)
        warnings.warn("something else", UserWarning, stacklevel=1)
    assert capsys.readouterr().err == "PyTorch warns: something else\n"


@pytest.mark.parametrize("name", ["a\0.json", "a\0b/c.json"])
def test_a_file_name_with_a_zero_byte_is_refused_in_words(name: str) -> None:
    code, line = answer(json.dumps(["grad", "x", "x=1", "-o", name]).encode())
    assert (code, json.loads(line)["error"]["message"]) == (2, "--out names a file with a zero byte")
