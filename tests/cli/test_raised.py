"""What PyTorch raises is said in every format, and where the answer goes into a file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from command_line import captured

UNFIT = ["trace", "x @ x", "x=[[1,2,3],[4,5,6]]"]
MESSAGE = "mat1 and mat2 shapes cannot be multiplied"


@pytest.mark.parametrize("argv", [UNFIT, ["trace", "1", "x=2,1"]], ids=["forward", "backward"])
def test_a_trace_that_raises_says_so_in_every_format(argv: list[str], tmp_path: Path) -> None:
    word = MESSAGE if argv is UNFIT else "does not require grad"
    for options in ([], ["-f", "csv"], ["-f", "markdown"]):
        code, out, err = captured([*argv, *options])
        assert (code, word in out + err) == (1, True), options
    code, out, err = captured([*argv, "-f", "ndjson"])
    assert (code, err) == (1, "")
    assert word in json.loads(out.splitlines()[-1])["error"]["message"]
    if argv is UNFIT:
        code, out, err = captured([*argv, "-o", str(tmp_path / "steps.csv"), "--json"])
        assert (code, out, word in err) == (1, "", True)
        assert word in json.loads(captured([*argv, "--json"])[1])["raised"]["message"]


@pytest.mark.parametrize("options", [["-f", "csv"], ["-f", "ndjson"]])
def test_a_trace_that_does_not_raise_says_nothing_of_it(options: list[str]) -> None:
    code, out, err = captured(["trace", "sin(x)", "x=1", *options])
    assert (code, err, "error" in out) == (0, "", False)


@pytest.mark.parametrize("size", ["²", "9" * 5000, "-5", "", "x", "\udcff"])
@pytest.mark.parametrize(
    "argv", [["--help"], ["grad", "sigmoid", "0"], ["grad", "sigmod", "0"]], ids=["help", "answer", "error"]
)
def test_a_width_that_is_none_is_as_good_as_unset(size: str, argv: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    expected = captured(argv)
    monkeypatch.setenv("COLUMNS", size)
    monkeypatch.setenv("LINES", size)
    assert captured(argv) == expected
    assert os.environ["COLUMNS"] == size
