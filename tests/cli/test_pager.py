"""Long answers of what is looked up go through a pager, on a terminal alone."""

from __future__ import annotations

import io
import os
import pty
import select
import shutil
import signal
import sys
import time
from collections.abc import Callable

import pytest

from gradcli.cli.pager import write_paged
from gradcli.inspections.functions import functions
from gradcli.render import View

PATIENCE = 60
LONG = ("functions", "--all")
PROGRAM = "import sys; from gradcli.__main__ import run; sys.argv[1:] = {words!r}; sys.exit(run())"

Screen = tuple[int, str]


def on_terminal(
    words: tuple[str, ...], pager: str | None, keys: str = "", when: Callable[[str], bool] = lambda text: False
) -> Screen:
    """The exit code of gradcli on a terminal of its own of 24 rows, and what the terminal was sent.

    keys: pressed one by one, and the last one again and again, whenever nothing more comes and `when` is true of what
    was sent.
    """
    process, control = pty.fork()
    if process == 0:
        environment = {name: value for name, value in os.environ.items() if name not in ("PAGER", "LESS", "NO_COLOR")}
        environment |= {"TERM": "xterm", "LINES": "24", "COLUMNS": "80"} | ({} if pager is None else {"PAGER": pager})
        os.execve(sys.executable, [sys.executable, "-c", PROGRAM.format(words=list(words))], environment)
    sent, end = b"", time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if select.select([control], [], [], 0.3)[0]:
            try:
                data = os.read(control, 65536)
            except OSError:  # how Linux says that nobody is left to write
                break
            if not data:
                break
            sent += data
        elif keys and when(sent.decode(errors="replace")):
            os.write(control, keys[0].encode())
            keys = keys[1:] or keys
    else:
        os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    os.close(control)
    return os.waitstatus_to_exitcode(status), sent.decode().replace("\r\n", "\n")


@pytest.fixture(scope="module")
def plain() -> Screen:
    return on_terminal(LONG, "")


def test_an_empty_pager_is_none(plain: Screen) -> None:
    code, text = plain
    assert code == 0
    assert text.count("\n") > 700
    assert "sigmoid" in text


@pytest.mark.parametrize("pager", ["cat", "no-such-pager --option", "'"])
def test_cat_is_no_pager_and_one_that_is_not_there_is_no_error(pager: str, plain: Screen) -> None:
    assert on_terminal(LONG, pager) == plain


def test_a_long_answer_is_what_the_pager_reads(plain: Screen) -> None:
    assert on_terminal(LONG, "sed -n 's/^/| /;2p'") == (0, f"| {plain[1].splitlines()[1]}\n")


def test_a_pager_that_is_left_early_is_no_error(plain: Screen) -> None:
    assert on_terminal(LONG, "head -n 1") == (0, plain[1].splitlines(keepends=True)[0])


def test_what_fits_the_screen_needs_no_pager() -> None:
    for words in (("errors",), ("functions",), ("explain",), ("functions", "gelu")):
        code, text = on_terminal(words, "sed s/^/PAGED/")
        assert code == 0
        assert "PAGED" not in text
        assert text.count("\n") <= 23


def test_a_machine_and_an_answer_that_was_computed_have_no_pager() -> None:
    assert "PAGED" not in on_terminal(("functions", "--format", "csv"), "sed s/^/PAGED/")[1]
    assert "PAGED" not in on_terminal(("grad", "sigmoid", *"12345678901234567890"), "sed s/^/PAGED/")[1]


def test_ctrl_c_is_the_pager_s() -> None:
    code, text = on_terminal(LONG, "sh -c 'echo here; exec sleep 50'", "\x03", lambda text: "here" in text)
    assert code == 0
    assert "Traceback" not in text


@pytest.mark.skipif(shutil.which("less") is None, reason="less is not installed")
def test_less_stays_when_it_is_interrupted_and_goes_when_it_is_told() -> None:
    started = time.monotonic()
    code, text = on_terminal(LONG, None, "\x03q", lambda text: ":" in text.split("\n")[-1])
    assert (code, "Traceback" in text) == (0, False)
    assert time.monotonic() - started < PATIENCE
    assert text.count("\n") < 100


class Terminal(io.StringIO):
    """A terminal that nobody reads from."""

    def isatty(self) -> bool:
        return True


def test_in_a_stream_without_a_file_everything_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGER", "less")
    monkeypatch.setenv("LINES", "2")
    stream = Terminal()
    write_paged(functions(category="loss"), View(width=80), stream)
    assert "smooth_l1" in stream.getvalue()
