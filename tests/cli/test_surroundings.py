"""What stands around a call: variables, settings of other programs, terminals. None of it ends in a bug."""

from __future__ import annotations

import io
import json
import subprocess
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import answered, captured, clean_environment

from gradcli.api import trace
from gradcli.cli.from_torch import told_warnings
from gradcli.render import View, write
from tools import warm

SIGMOID = ["grad", "sigmoid", "0", "1"]


@pytest.mark.parametrize("columns", ["²", "٣", "", "-5", "0", "9" * 50, "a", "1e3", " 80", "80\n"])
def test_any_width_is_survived(columns: str, run: Any) -> None:
    code, out, err = run(SIGMOID, env={"COLUMNS": columns})
    assert (code, err) == (0, "")
    assert "0.25" in out


@pytest.mark.parametrize("settings", [b"\xff\xfe\x00bad", b"backend: nonsense\n:::\nfont.size: \n"])
def test_matplotlibs_settings_of_a_folder_change_nothing(settings: bytes, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    (tmp_path / "matplotlibrc").write_bytes(settings)
    program = (
        f"import os, sys; os.chdir({str(tmp_path)!r})\n"
        "assert 'matplotlib' not in sys.modules\n"
        "from gradcli.cli import main\n"
        f"codes = main([*{SIGMOID!r}, '-o', 'curve.png']), main(['trace', 'sin(x)', '1', '-o', 'graph.png'])\n"
        f"assert os.getcwd() == {str(tmp_path)!r}; assert os.environ['MPLBACKEND'] == 'foo'; print(codes)"
    )
    environment = {**clean_environment(), "MPLBACKEND": "foo"}
    ran = subprocess.run([*warm.python(), program], capture_output=True, env=environment, check=True)
    assert (ran.stdout, ran.stderr) == (b"(0, 0)\n", b"")
    for name in ("curve.png", "graph.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("format_", ["csv", "json", "ndjson"])
def test_nothing_moves_the_cursor_of_a_terminal(format_: str) -> None:
    hostile = "\x1b[2J\x9b2J\u202e\x07"
    document = answered(["trace", f"'{hostile}'; x * 1", "x=1"])
    assert hostile in document["expression"]
    result = trace(f"'{hostile}'; x * 1", x=1)
    piped, shown = io.StringIO(), Terminal()
    write(result, View(format=format_), piped)
    write(result, View(format=format_), shown)
    assert not set("\x1b\x9b\u202e\x07") & set(shown.getvalue())
    if format_ != "csv":
        lines = zip(piped.getvalue().splitlines(), shown.getvalue().splitlines(), strict=True)
        assert all(json.loads(one) == json.loads(other) for one, other in lines if one.startswith("{"))
    assert shown.getvalue().count("\n") == piped.getvalue().count("\n")


def test_a_warning_names_no_file_that_pytorch_was_built_from(capsys: pytest.CaptureFixture[str]) -> None:
    with told_warnings():
        warnings.warn("Odd. (Triggered internally at /__w/pytorch/aten/src/Context.cpp:816.)", stacklevel=1)
    assert capsys.readouterr().err == "PyTorch warns: Odd.\n"


def test_a_warning_about_pytorchs_own_code_is_not_the_users() -> None:
    with told_warnings(), pytest.MonkeyPatch.context() as patch:
        told: list[str] = []
        patch.setattr(warnings, "showwarning", lambda message, *_, **__: told.append(str(message)))
        warnings.warn(
            "`torch.jit.script` is deprecated. Please switch to `torch.compile`.", FutureWarning, stacklevel=1
        )
        warnings.warn("`torch.thing` will change.", FutureWarning, stacklevel=1)
    assert told == ["`torch.thing` will change."]


def test_arithmetic_of_our_own_is_no_warning_of_pytorchs(capsys: pytest.CaptureFixture[str]) -> None:
    infinite = np.array([np.inf])
    with told_warnings():
        assert np.isnan(infinite - infinite)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "words", [["x", "x=3", "y=-1"], ["x.T", "x=[[1,2]]", "y=-1"], ["x.view(1)", "x=1", "y:int64=1"]]
)
@pytest.mark.parametrize("more", [[], ["-t", "float64"], ["--json"], ["-f", "csv"]])
def test_check_of_an_input_alone_beside_a_name_that_is_not_used(words: list[str], more: list[str]) -> None:
    code, out, err = captured(["check", *words, *more])
    assert (code, err) == (0, "")
    assert out


@pytest.mark.parametrize("words", [["1", "x=2,1"], ["x @ x", "x=[[1,2,3],[4,5,6]]"]])
@pytest.mark.parametrize(
    "form", [["-f", "ndjson"], ["-f", "csv"], ["-f", "json"], ["-o", "{}/t.json"], ["-o", "{}/t.csv"]]
)
def test_trace_never_ends_silently(words: list[str], form: list[str], tmp_path: Path) -> None:
    code, out, err = captured(["trace", *words, *(word.replace("{}", str(tmp_path)) for word in form)])
    message = "does not require grad" if words[0] == "1" else "cannot be multiplied"
    assert code == 1
    assert message in out + err
