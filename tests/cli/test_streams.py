"""Where numbers come from and answers go: pipes, full disks, closed and odd streams, terminals."""

from __future__ import annotations

import io
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from awaited import until_it_waits
from command_line import captured, clean_environment
from each import each

from tools import warm

NEW = [sys.executable, "-m", "gradcli"]
"""For what Python does with its streams when it starts."""


def shell(
    line: str, *, stdin: bytes = b"", env: dict[str, str] | None = None, gradcli: Sequence[str] = ()
) -> tuple[int, str, str]:
    """A line of a real shell; in it `gradcli` is ours."""
    program = f'gradcli() {{ {shlex.join(gradcli or warm.gradcli())} "$@"; }}\n{line}'
    ran = subprocess.run(
        ["sh", "-c", program], input=stdin, capture_output=True, env={**clean_environment(), **(env or {})}, check=False
    )
    return ran.returncode, ran.stdout.decode(), ran.stderr.decode()


# --- standard input --------------------------------------------------------------------------------------------------


@each(
    "text, values",
    [
        ("1 2 3", [1, 2, 3]),
        ("1\n2\n3\n", [1, 2, 3]),
        ("1,2;3", [1, 2, 3]),
        ("1, 2,\t3\r\n", [1, 2, 3]),
        ("-1e-3 +5 .5", [-0.001, 5, 0.5]),
        ("nan inf -Infinity", ["NaN", "Infinity", "-Infinity"]),
        ("[1, 2, 3]", [1, 2, 3]),
        (" \n [1, 2.5, -3]\n", [1, 2.5, -3]),
        ("[[1, 2], [3, 4]]", [[1, 2], [3, 4]]),
        ('["NaN", "Infinity", "-Infinity", 1]', ["NaN", "Infinity", "-Infinity", 1]),
        ("7", [7]),
        ("7,", [7]),
    ],
)
@each("word", ["-", "@-", "x=-", "x=@-"])
def test_numbers_are_read_from_standard_input(text: str, values: list[Any], word: str, run: Any) -> None:
    code, out, err = run(["grad", "x * 1", word, "--json"], stdin=text)
    assert code == 0, err + out
    assert json.loads(out)["inputs"]["x"]["values"] == values


def test_a_number_is_read_in_double_precision_before_it_is_rounded(run: Any) -> None:
    _, out, _ = run(["grad", "x * 1", "-", "--json", "-t", "float64"], stdin="0.1234567890123456789")
    assert json.loads(out)["inputs"]["x"]["values"] == [0.12345678901234568]


def test_a_binding_from_standard_input_has_its_own_dtype(run: Any) -> None:
    _, out, _ = run(["grad", "sum(w[t])", "w=5,6,7", "t:int64=-", "--json"], stdin="2 0")
    assert json.loads(out)["gradients"]["w"]["values"] == [1, 0, 1]


@pytest.mark.parametrize("command", [["softmax", "-"], ["activate", "tanh", "-"], ["loss", "mse", "-", "0"]])
def test_every_command_with_points_reads_standard_input(command: list[str], run: Any) -> None:
    code, out, err = run([*command, "--json"], stdin="1 2")
    assert code == 0, err + out
    assert next(iter(json.loads(out)["inputs"].values()))["values"] == [1, 2]


@each(
    "text, message",
    [
        ("", "standard input holds no numbers"),
        (" \n\t", "standard input holds no numbers"),
        (",,;", "standard input holds no numbers"),
        ("1 2 x 3", "word 3 of standard input, 'x', is no number"),
        ("1 " + "y" * 1000, "word 2 of standard input, 'yyyy"),
        ("1;DROP TABLE", "word 2 of standard input"),
        ("[1, 2", "standard input ends within a JSON array"),
        ("[1, [2]]", "rows of numbers of one length"),
        ('["a"]', "element 0 of the JSON array is the text 'a', not a number"),
        ("[null]", "element 0 of the JSON array is null"),
        ('[{"x": 1}]', "element 0 of the JSON array is an object"),
        ("[]", "the JSON array holds no numbers"),
        ("[[], []]", "the JSON array holds no numbers"),
        ('{"x": 1}', "standard input is an object with 'x', not numbers"),
        ('{"x": 1', "standard input ends within a JSON object"),
        (b"\xff\xfe1", "standard input is not text"),
        (b"\x00\x01", "is no number"),
        (b"\x93NUMPY\x01\x00", "standard input is not text"),
        ("[" * 2000, "standard input is no JSON array"),
    ],
)
def test_what_is_no_numbers_is_refused(text: str | bytes, message: str, run: Any) -> None:
    code, out, err = run(["grad", "sigmoid", "-"], stdin=text)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err) < 400
    code, out, _ = run(["grad", "sigmoid", "-", "--json"], stdin=text)
    assert json.loads(out)["error"]["code"] == "source"


def test_standard_input_is_read_only_once(run: Any) -> None:
    code, _, err = run(["grad", "x * y", "x=-", "y=-"], stdin="1")
    assert code == 2
    assert "only once" in err


def test_a_terminal_is_not_waited_for(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import pty

    leader, follower = pty.openpty()
    try:
        ran = subprocess.run(
            [*warm.gradcli(), "grad", "sigmoid", "-"],
            stdin=follower,
            capture_output=True,
            timeout=60,
            env=clean_environment(),
            check=False,
        )
    finally:
        os.close(leader)
        os.close(follower)
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert b"standard input is a terminal" in ran.stderr


def test_a_closed_standard_input_is_told() -> None:
    code, out, err = shell("gradcli grad sigmoid - <&-", gradcli=NEW)
    assert (code, out) == (2, "")
    assert "standard input" in err


def test_a_stream_that_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(io.StringIO):
        def read(self, _: int | None = -1) -> str:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(sys, "stdin", Broken())
    code, out, err = captured(["grad", "sigmoid", "-"])
    assert (code, out) == (2, "")
    assert "standard input cannot be read: Input/output error" in err


def test_a_pipe_of_two_commands() -> None:
    code, out, _ = shell("seq -2 2 | gradcli grad 'x**2' - -f csv")
    assert code == 0
    assert [line.split(",")[2] for line in out.splitlines()[1:]] == ["-4.0", "-2.0", "0.0", "2.0", "4.0"]


# --- standard output -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        "gradcli grad sigmoid 'linspace(-9, 9, 100000)' -f csv",
        "gradcli functions",
        "gradcli --help",
    ],
)
def test_a_closed_pipe_ends_quietly(command: str) -> None:
    _, out, err = shell(f"{command} | head -c 10")
    assert len(out) == 10
    assert err == ""


def test_a_reader_that_never_reads_is_no_error_either() -> None:
    code, _, err = shell("{ gradcli grad sigmoid 1 --json; echo $? >&2; } | true")
    assert code == 0
    assert err == "0\n"


@pytest.mark.parametrize(
    "words", [["grad", "sigmoid", "1"], ["functions"], ["schema", "grad"], ["--version"], ["--help"]]
)
def test_a_pipe_that_was_closed_before_is_no_error(words: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ran = subprocess.run(
        [*warm.gradcli(), *words],
        stdout=writer,
        stderr=subprocess.PIPE,
        env=clean_environment(),
        check=False,
    )
    os.close(writer)
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_a_signal_to_stop_ends_with_130_and_in_silence() -> None:
    argv = [sys.executable, "-c", "from gradcli.__main__ import run; print('ready', flush=True); run()"]
    with subprocess.Popen(
        [*argv, "grad", "sigmoid", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean_environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        until_it_waits(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr.read() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("options", ["", "--json"])
def test_a_full_disk_is_told_and_fails(options: str) -> None:
    code, _, err = shell(f"gradcli grad sigmoid 1 {options} > /dev/full")
    assert code == 2
    assert "cannot write to standard output" in err
    assert "Traceback" not in err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("command", ["gradcli functions", "gradcli schema grad", "gradcli --version", "gradcli --help"])
def test_a_full_disk_is_told_by_commands_that_compute_nothing(command: str) -> None:
    code, _, err = shell(f"{command} > /dev/full")
    assert code == 2
    assert "Traceback" not in err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_errors_that_cannot_be_written_still_have_their_exit_code() -> None:
    assert shell("gradcli grad sigmod 1 2> /dev/full")[0] == 2
    assert shell("gradcli grad heaviside 0 2> /dev/full")[0] == 1
    code, _, err = shell("gradcli grad sigmod 1 --json > /dev/full")
    assert code == 2
    assert "Traceback" not in err


@pytest.mark.parametrize("words", ["grad sigmoid 1 --json", "functions gelu", "grad sigmod 1"])
def test_a_closed_standard_output_does_not_crash(words: str) -> None:
    code, _, err = shell(f"gradcli {words} >&-", gradcli=NEW)
    assert "Traceback" not in err
    assert "bug" not in err
    assert code in (0, 2)


def test_an_output_without_unicode_gets_what_it_can_hold() -> None:
    ascii_alone = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    code, out, err = shell("gradcli grad 'α * 2' α=1", env=ascii_alone, gradcli=NEW)
    assert code == 0, err
    assert out.isascii()
    code, out, _ = shell("gradcli grad 'α * 2' α=1 --json", env=ascii_alone)
    assert json.loads(out)["expression"] == "α * 2"


def test_bytes_that_are_no_text_are_refused() -> None:
    code, out, err = shell("gradcli grad \"$(printf 'x\\377')\" 1")
    assert (code, out) == (2, "")
    assert "is not text" in err


# --- width and colour ------------------------------------------------------------------------------------------------

ESCAPE = "\x1b["


def test_a_pipe_has_no_colour_unless_forced(run: Any) -> None:
    argv = ["grad", "sigmoid", "1"]
    assert ESCAPE not in run(argv)[1]
    assert ESCAPE in run(argv, env={"FORCE_COLOR": "1"})[1]
    assert ESCAPE not in run(argv, env={"FORCE_COLOR": "1", "NO_COLOR": "1"})[1]
    assert ESCAPE not in run(argv, env={"FORCE_COLOR": ""})[1]


def test_colour_changes_no_character(run: Any) -> None:
    import re

    argv = ["grad", "softmax(x, dim=0)", "1", "2", "-3.25"]
    assert re.sub(r"\x1b\[[0-9;]*m", "", run(argv, env={"FORCE_COLOR": "1"})[1]) == run(argv)[1]


def test_json_has_no_colour_even_where_it_is_forced(run: Any) -> None:
    assert ESCAPE not in run(["grad", "sigmoid", "1", "--json"], env={"FORCE_COLOR": "1"})[1]


def test_a_narrow_terminal_cuts_no_number(run: Any) -> None:
    argv = ["grad", "x * w + b", "x=123456,234567", "w=3.14159", "b=2.71828", "--precision", "9"]
    wide = run(argv)[1]
    narrow = run(argv, env={"COLUMNS": "30"})[1]
    import re

    numbers = re.compile(r"-?\d+\.?\d*(?:e[+-]?\d+)?")
    assert sorted(set(numbers.findall(wide))) == sorted(set(numbers.findall(narrow)))
    assert "…" not in narrow


@pytest.mark.parametrize("columns", ["0", "-5", "x", "", "99999999999999999999", "1"])
def test_an_odd_width_does_no_harm(columns: str, run: Any) -> None:
    code, out, _ = run(["grad", "sigmoid", "1"], env={"COLUMNS": columns})
    assert code == 0
    assert "0.196612" in out


def test_a_terminal_gets_colour_and_a_pipe_gets_the_same_numbers() -> None:
    import pty

    leader, follower = pty.openpty()
    env = {**clean_environment(), "TERM": "xterm", "COLUMNS": "80"}
    argv = [*warm.gradcli(), "grad", "sigmoid", "1"]
    with subprocess.Popen(argv, stdout=follower, stderr=follower, stdin=subprocess.DEVNULL, env=env) as process:
        os.close(follower)
        received = b""
        while True:
            try:
                chunk = os.read(leader, 4096)
            except OSError:
                break
            if not chunk:
                break
            received += chunk
    os.close(leader)
    assert process.returncode == 0
    assert ESCAPE.encode() in received
    assert b"0.196612" in received


def test_main_never_ends_the_process_and_leaves_no_trace(run: Any) -> None:
    """From Python, one answer after another: the same as each alone."""
    before = dict(os.environ)
    first = run(["grad", "sigmoid", "1", "--json"])
    for argv in (["grad", "sigmod"], ["--help"], [], ["grad", "heaviside", "0"], ["grad", "x", "x=1", "-t", "float64"]):
        run(argv)
    assert run(["grad", "sigmoid", "1", "--json"]) == first
    assert dict(os.environ) == before
