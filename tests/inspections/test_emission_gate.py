"""A program that is emitted does what was meant, whatever the user's text holds."""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import itertools
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from command_line import answered, captured
from each import each
from hypothesis import given
from hypothesis import strategies as st
from texts import texts

from gradcli.exceptions import GradcliError
from gradcli.inspections.emission.gate import checked, commented, escaped, quoted
from tools import warm

LINE_ENDS = ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
UNSEEN = ["\x1b[31m", "\x07", "\x08", "\x7f", "\u202e", "\u2066", "\u200f", "\ufeff", "\xa0", "\U000e0001"]
CANARY = "canary()"
COMMANDS = [
    ["grad", "{}x", "x=1,2"],
    ["grad", "{}x", "x=1,2", "--jacobian", "--jvp", "1,0"],
    ["trace", "{}x * 2", "x=1,2"],
    ["retain-demo", "{}sum(exp(x))", "x=1,2"],
]


def sung(program: str) -> list[str]:
    """Runs a program as a file is run: what it imports beside torch, and a note each time the canary is called."""
    heard: list[str] = []

    def imported(name: str, *rest: Any) -> Any:
        if name != "torch":
            heard.append(name)
        return builtins.__import__(name, *rest)

    own = {"print": print, "range": range, "complex": complex, "__import__": imported}
    own |= {name: lambda *_, name=name: heard.append(name) for name in ("canary", "exec", "eval", "open")}
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(RuntimeError):
        exec(compile(program.encode(), "program.py", "exec"), {"__builtins__": own})
    return heard


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # PyTorch's own, in its forward mode
@each("command, mark", itertools.product(COMMANDS, [*LINE_ENDS, *UNSEEN]))
def test_no_mark_ends_a_comment_or_a_text(command: list[str], mark: str) -> None:
    text = f'"""{mark}{CANARY}{mark}#"""; '
    argv = [word.replace("{}", text) for word in command]
    program = answered([*argv, "--emit", "torch"])["program"]
    assert sung(program) == []
    assert all(line.isprintable() for line in program.split("\n"))
    assert program.count("\n") == len(program.splitlines())
    assert program.startswith("# ")


def test_the_canary_sings_where_it_is_called() -> None:
    assert sung(f"# text\r{CANARY}\n") == ["canary"]
    assert sung("import torch\nimport os\n") == ["os"]


def test_a_file_that_was_written_runs_nothing_else(tmp_path: Path) -> None:
    hostile = f'"""\rimport os; os.mkdir({str(tmp_path / "owned")!r})\r#"""; x'
    assert captured(["grad", hostile, "x=1,2", "--emit", "torch", "-o", str(tmp_path / "o.py")])[0] == 0
    done = subprocess.run([*warm.script(), str(tmp_path / "o.py")], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0] == "value: [1.0, 2.0]"
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("cookie", ["coding: utf-7", "-*- coding: utf-16 -*-", "vim: fileencoding=utf-7"])
def test_no_comment_names_an_encoding(cookie: str, tmp_path: Path) -> None:
    argv = ["grad", f"'{cookie} +AAo-canary()+AAo-'; x", "x=1"]
    program = answered([*argv, "--emit", "torch"])["program"]
    assert sung(program) == []
    assert program.startswith("# coding: utf-8\n")
    assert not answered(["grad", "x", "x=1", "--emit", "torch"])["program"].startswith("# coding")


ANY = st.text(
    st.one_of(st.sampled_from("".join(LINE_ENDS) + "\"'\\#;:=()[]{}xcoding+ -\t"), st.characters()), max_size=30
)


@given(ANY, ANY, st.sampled_from(['"', "'", '"""', "r'"]))
def test_texts_of_any_kind_run_nothing(before: str, after: str, quote: str) -> None:
    hostile = f"{quote}{before}{CANARY}{after}{quote.removeprefix('r')}; x"
    for command in (["grad", hostile, "x=1,2"], ["trace", hostile, "x=1,2"], ["grad", f"{before}\n{after}x", "x=1,2"]):
        code, out, _ = captured([*command, "--emit", "torch", "--json"])
        assert code in (0, 1, 2), command
        if code == 0:
            assert sung(json.loads(out)["program"]) == [], command


@given(texts())
def test_a_literal_reads_back_and_stays_on_its_line(text: str) -> None:
    assert ast.literal_eval(quoted(text)) == text
    assert quoted(text).isprintable()
    assert escaped(text).isprintable()


NAMES = {
    "if": "if_", "class": "class_", "None": "None_", "match": "match_", "print": "print_", "torch": "torch_",
    "range": "range_", "²": "x_2", "½": "x_1_2", "ﷺ": None, "ª": "a", "ｔｏｒｃｈ": "torch_", "𝐢𝐟": "if_",
    "e": "e", "pi": "pi",
}  # fmt: skip


@each("name", NAMES)
@each("command", ["grad", "trace"])
def test_a_name_that_python_cannot_hold_is_written_as_another(name: str, command: str) -> None:
    program = answered([command, "x * 3", "x=2", f"{name}=5", "--emit", "torch"])["program"]
    assert sung(program) == []
    written = {node.id for node in ast.walk(ast.parse(program)) if isinstance(node, ast.Name)}
    assert NAMES[name] is None or NAMES[name] in written
    space: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(program, space)
    assert space["y"].item() == 6


def test_no_two_things_share_a_variable() -> None:
    argv = ["grad", "x + 10*x_ + 100*gradient_x", "x=1", "x_=1", "gradient_x=1", "if=1", "if_=1", "²=1", "x_2=1"]
    program = answered([*argv, "--emit", "torch"])["program"]
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(program, {})
    printed = dict(line.rpartition(": ")[::2] for line in out.getvalue().splitlines())
    assert [printed[f"gradient of {name}"] for name in ("x", "x_", "gradient_x")] == ["1.0", "10.0", "100.0"]


def test_a_method_may_be_given_its_tensor_by_name() -> None:
    assert "y = x.double()" in answered(["grad", "double(input=x)", "x=1", "--emit", "torch"])["program"]
    assert answered(["grad", "double(input=x)", "x=1"])["output"]["dtype"] == "float64"
    assert "clamp_min" in answered(["grad", "clamp_min(input=x, min=2)", "x=1", "--emit", "torch"])["program"]
    unreached = answered(["grad", "double(input=x @ x @ x)", "x=1,2", "--emit", "torch"])["program"]
    assert "y = (x @ x @ x).double()" in unreached


GOOD = ["import torch", "x = torch.tensor(1.0)", "y = x.exp().T", 'print("value:", y.tolist())']


@each(
    "line, reason",
    [
        ("import os", "'Import' is no statement"),
        ("import torch as t", "'Import' is no statement"),
        ("from torch import load", "'ImportFrom' is no statement"),
        ("y = torch.load('x')", "'load' is no operation"),
        ("y = torch.hub.load('x')", "'load' is no operation"),
        ("y = x.__class__", "'__class__' is no operation"),
        ("y = x.tolist; y()", "a line holds two statements"),
        ("exec('1')", "'exec' is no variable"),
        ("print = 1", "a variable would hide a function"),
        ("torch = 1", "a variable would hide a function"),
        ("y = (lambda: x)()", "'Lambda' is no expression"),
        ("del x", "'Delete' is no statement"),
        ("x = (", "it is no Python"),
        ("if = 1", "it is no Python"),
        ("'a\rb'", "it is no Python"),
    ],
)
def test_a_line_that_was_not_meant_is_refused(line: str, reason: str) -> None:
    assert checked(["text"], GOOD) == "# text\n" + "".join(f"{line}\n" for line in GOOD)
    with pytest.raises(GradcliError) as caught:
        checked(["text"], [*GOOD, line])
    assert reason in caught.value.message
    assert caught.value.exit_code == 2


def test_a_comment_that_were_run_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert commented(["a\rb()"], GOOD).startswith("# a\\rb()\n")
    monkeypatch.setattr("gradcli.inspections.emission.gate.escaped", lambda text: text)
    for mark in ("\n", "\r", "\r\n"):
        with pytest.raises(GradcliError, match="a comment would be run"):
            commented([f"a{mark}b()"], GOOD)


def test_a_program_too_deep_for_python_is_told() -> None:
    assert "nested deeper than Python can read" in _refused(["y = " + "(" * 300 + "x" + ")" * 300])


def _refused(lines: list[str]) -> str:
    with pytest.raises(GradcliError) as caught:
        checked(["text"], ["import torch", "x = torch.tensor(1.0)", *lines])
    return caught.value.message
