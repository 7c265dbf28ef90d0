"""How far a long loop is, drawn on a terminal: it appears, goes away, and is never a part of an answer."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from command_line import captured, clean_environment
from terminals import PATIENCE, Shown, Terminal, screen

from gradcli.cli import main, progress, progress_bars
from tools import warm

DESCENT = ["loss", "mse", "x * w", "1", "x=1", "w=2", "--wrt", "w", "--lr", "0.1", "--steps", "600"]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draws at once what takes long, and often."""
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    monkeypatch.setattr(progress, "REDRAWN", 0.01)
    monkeypatch.setattr(progress_bars, "LOOKED_AT", 0.0)


TERMINALS: list[Terminal] = []
"""Those of this process, the last one at the end."""


def until_shown(words: str, *, behind: str = "") -> None:
    """Wait until the terminal of the command line that runs was sent some words, and others before them."""
    deadline = time.monotonic() + PATIENCE
    while not re.search(f"(?s){behind}.*{words}", TERMINALS[-1].sent_so_far()):
        assert time.monotonic() < deadline, f"{words} is not shown"
        time.sleep(0.01)


@pytest.fixture
def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Shown]:
    def run(argv: list[str], columns: int = 100, stream: io.TextIOBase | None = None) -> Shown:
        """A command line whose standard error is a terminal; standard output too if `stream` is none."""
        terminal = Terminal(columns)
        TERMINALS.append(terminal)
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
        with monkeypatch.context() as patch, os.fdopen(terminal.end, "w", encoding="utf-8") as error:
            patch.setattr(sys, "stderr", error)
            with redirect_stdout(out):
                code = main(argv)
        out.seek(0)
        return Shown(code, out.read(), terminal.sent())

    return run


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_line_appears_and_is_gone_afterwards(on_terminal: Callable[..., Shown], columns: int) -> None:
    code, out, sent = shown = on_terminal(DESCENT, columns)
    assert re.search(r"\d+ of 600 steps", sent)
    assert shown.screen == []
    assert (code, out) == captured(DESCENT)[:2]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("columns", [20, 40, 80])
def test_a_line_leaves_room_for_what_ctrl_c_prints_behind_it(on_terminal: Callable[..., Shown], columns: int) -> None:
    drawn = re.split(r"[\r\n]|\x1b\[\d*[AK]", on_terminal(DESCENT, columns).sent)
    widths = {len(re.sub(r"\x1b\[[\d;]*m", "", line)) for line in drawn}
    assert 10 < max(widths) <= columns - len("^C")


def test_nothing_is_drawn_before_two_seconds_have_passed(on_terminal: Callable[..., Shown]) -> None:
    assert progress.PATIENCE == 2.0
    assert on_terminal(["grad", "sigmoid", "0"]).sent == ""


@pytest.mark.usefixtures("impatient")
def test_nothing_is_drawn_where_standard_error_is_no_terminal() -> None:
    assert captured(DESCENT)[2] == ""


@pytest.mark.usefixtures("impatient")
def test_where_there_is_nothing_to_count_the_time_is_shown(
    on_terminal: Callable[..., Shown], monkeypatch: pytest.MonkeyPatch
) -> None:
    from gradcli.inspections import grad

    compute = grad.grad
    monkeypatch.setattr(grad, "grad", lambda *words: until_shown("computing") or compute(*words))
    shown = on_terminal(["grad", "sigmoid", "0"])
    assert "computing" in shown.sent
    assert "0:00" in shown.sent
    assert shown.screen == []


@pytest.mark.usefixtures("impatient")
def test_an_error_stands_alone_on_the_screen(
    on_terminal: Callable[..., Shown], monkeypatch: pytest.MonkeyPatch
) -> None:
    from gradcli.exceptions import BoundError
    from gradcli.inspections import grad

    def slow(*_: object) -> None:
        until_shown("computing")
        raise BoundError("too much", hint="Less.")

    monkeypatch.setattr(grad, "grad", slow)
    shown = on_terminal(["grad", "sigmoid", "0"])
    assert shown.code == 2
    assert "computing" in shown.sent
    assert "computing" not in "".join(shown.screen)
    assert "too much" in shown.screen[0]


@pytest.mark.usefixtures("impatient")
def test_a_warning_of_pytorchs_keeps_its_line(
    on_terminal: Callable[..., Shown], monkeypatch: pytest.MonkeyPatch
) -> None:
    import warnings

    from gradcli.inspections import grad

    compute = grad.grad

    def warning(*words: Any) -> Any:
        until_shown("computing")
        warnings.warn("mind the step", stacklevel=1)
        until_shown("computing", behind="mind the step")
        return compute(*words)

    monkeypatch.setattr(grad, "grad", warning)
    shown = on_terminal(["grad", "sigmoid", "0"])
    before, after = shown.sent.split("PyTorch warns")
    assert "computing" in before
    assert "computing" in after
    assert shown.screen == ["PyTorch warns: mind the step"]


@pytest.mark.usefixtures("impatient")
def test_what_is_said_about_files_stays(on_terminal: Callable[..., Shown], tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    shown = on_terminal([*DESCENT, "--out", str(path)])
    assert "steps of gradient descent" in shown.sent
    assert len(shown.screen) == 1
    assert shown.screen[0].startswith(f"wrote {path}")
    assert path.read_text() == captured([*DESCENT, "--json"])[1]


@pytest.mark.usefixtures("impatient")
def test_a_batch_shows_its_own_count_and_no_other(on_terminal: Callable[..., Shown], tmp_path: Path) -> None:
    requests = tmp_path / "requests"
    requests.write_text(" ".join(word.replace(" ", "") for word in DESCENT) + "\n")
    shown = on_terminal(["batch", str(requests)])
    assert shown.code == 0
    assert "answered" in shown.sent
    assert "steps of" not in shown.sent
    assert shown.screen == []


@pytest.mark.usefixtures("impatient")
def test_a_terminal_that_cannot_be_drawn_on_costs_no_answer(
    on_terminal: Callable[..., Shown], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise UnicodeEncodeError("ascii", "⠋", 0, 1, "no such character")

    monkeypatch.setattr(progress_bars.ProgressBars, "show", broken)
    shown = on_terminal(DESCENT)
    assert (shown.code, shown.out) == captured(DESCENT)[:2]
    assert shown.screen == []


@pytest.mark.usefixtures("impatient")
def test_a_job_in_the_background_draws_nothing(
    on_terminal: Callable[..., Shown], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp() + 1)
    assert on_terminal(DESCENT).sent == ""
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp())
    assert on_terminal(DESCENT).sent != ""


def test_no_thread_is_left_behind(on_terminal: Callable[..., Shown]) -> None:
    on_terminal(["grad", "sigmoid", "0"])
    assert [thread.name for thread in threading.enumerate() if thread.name == "progress"] == []


# processes of their own

STARTED = """
import sys
from gradcli.cli import progress
progress.PATIENCE = {patience}
from gradcli.__main__ import run
{before}
run()
"""


@pytest.fixture
def start() -> Iterator[Callable[..., tuple[subprocess.Popen[bytes], Terminal]]]:
    running: list[subprocess.Popen[bytes]] = []

    def started(
        argv: list[str], *, patience: float, output_too: bool = False, before: str = ""
    ) -> tuple[subprocess.Popen[bytes], Terminal]:
        terminal = Terminal(100)
        program = STARTED.format(patience=patience, before=before)
        process = subprocess.Popen(
            [*(warm.python_without_gradcli() if before else warm.python()), program, *argv],
            stdin=subprocess.DEVNULL,
            stdout=terminal.end if output_too else subprocess.PIPE,
            stderr=terminal.end,
            env={**clean_environment(), "TERM": "xterm"},
        )
        os.close(terminal.end)
        running.append(process)
        return process, terminal

    yield started
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


Start = Callable[..., tuple[subprocess.Popen[bytes], Terminal]]


@pytest.mark.parametrize("out", [[], ["--json"], ["--json", "--out", "/dev/stderr"]])
def test_an_answer_on_the_same_terminal_is_what_it_is_without_a_line(start: Start, out: list[str]) -> None:
    screens = []
    for patience in (0.0, 1000):  # at once, for the steps may be quicker than any wait
        process, terminal = start([*DESCENT, "--steps", "900", *out], patience=patience, output_too=True)
        assert process.wait(PATIENCE) == 0
        sent = terminal.sent()
        assert ("of 900 steps" in sent or "computing" in sent) == (patience < 1)
        screens.append(screen(sent))
    assert screens[0] == screens[1]
    assert screens[0]


def test_ctrl_c_takes_the_line_away_and_ends_with_130(start: Start) -> None:
    process, terminal = start([*DESCENT, "--steps", "10000"], patience=0.0)
    deadline = time.monotonic() + PATIENCE
    while "steps of gradient descent" not in terminal.sent_so_far() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE)
    sent = terminal.sent()
    assert (process.returncode, out) == (130, b"")
    assert "steps of gradient descent" in sent
    assert screen(sent) == []


def test_a_quick_answer_does_not_import_what_draws(start: Start) -> None:
    told = "import atexit, os; leave = os._exit\n"
    told += "os._exit = lambda code: (print('rich.progress' in sys.modules, flush=True), leave(code))"
    for patience, imported in ((1000, b"False"), (0.0, b"True")):
        process, terminal = start(["grad", "sigmoid", "0", "--json"], patience=patience, before=told)
        out, _ = process.communicate(timeout=PATIENCE)
        terminal.sent()
        assert out.splitlines()[-1] == imported
