"""`gradcli batch` among processes: slow and endless input, readers that leave, interrupts, and several processes."""

from __future__ import annotations

import json
import os
import pty
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from command_line import captured, clean_environment

from gradcli.child_process import WorkerError
from gradcli.cli.batch.workers import Worker, answers
from tools import warm

PATIENCE = 60
"""Seconds until a process that should have answered counts as hanging."""

NEW = [sys.executable, "-m", "gradcli"]
"""For what looks at the process itself."""

MIXED = ["grad tanh 1", "softmax 1 2 3", "grad tanhh 1", "loss mse 1 2", "check tanh 1 -t float32", "functions relu"]


@contextmanager
def started(
    *options: str, stderr: int = subprocess.PIPE, gradcli: Sequence[str] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """A running `gradcli batch`, killed in the end with all that it has started."""
    process = subprocess.Popen(
        [*(gradcli or warm.gradcli()), "batch", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env={name: value for name, value in clean_environment().items() if name != "PYTHONUNBUFFERED"},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def ask(process: subprocess.Popen[bytes], line: str) -> Any:
    """The answer to one line, before another is written."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(line.encode() + b"\n")
    process.stdin.flush()
    assert select.select([process.stdout], [], [], PATIENCE)[0], "no answer"
    return json.loads(process.stdout.readline())


def all_children_of(process: subprocess.Popen[bytes]) -> list[int]:
    """Children belong to the thread that started them."""
    tasks = Path(f"/proc/{process.pid}/task").iterdir()
    return [int(word) for task in tasks for word in (task / "children").read_text().split()]


def kill(pid: int) -> None:
    """Kill a process, or the one that was forked for it: the kernel tells both by their standard input."""
    pipe = Path(f"/proc/{pid}/fd/0").readlink()
    for other in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is another user's
            if Path(other, "fd", "0").readlink() == pipe:
                os.kill(int(other.name), signal.SIGKILL)


def resident_megabytes(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


linux = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")


@pytest.fixture
def new_with_warm_workers(tmp_path: Path) -> list[str]:
    """The same where what it starts is forked."""
    python = warm.interpreter(tmp_path)
    return [sys.executable, "-c", f"import sys; sys.executable = {python!r}; from gradcli.__main__ import run; run()"]


@pytest.mark.parametrize("options", [[], ["--jobs", "2"]])
def test_each_line_is_answered_before_the_next_is_written(options: list[str]) -> None:
    with started(*options) as process:
        for value in (1, 2, 3):
            document = ask(process, f"grad tanh {value}")
            assert document["inputs"]["x"]["values"] == [value]
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (0, b"", b"")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_endless_input_ends_quietly_with_its_reader(jobs: str) -> None:
    line = f"yes 'grad sigmoid 1' | {shlex.join(warm.gradcli())} batch --jobs {jobs} | head -5"
    ran = subprocess.run(
        ["bash", "-c", f"{line}; echo ${{PIPESTATUS[1]}}"],
        capture_output=True,
        env=clean_environment(),
        timeout=PATIENCE,
        check=False,
    )
    *answered, code = ran.stdout.decode().splitlines()
    assert len(answered) == 5
    assert code == "0"
    assert ran.stderr == b""


@linux
def test_many_requests_need_no_more_memory_than_a_few() -> None:
    with started(gradcli=NEW) as process:
        for number in range(100):
            ask(process, f"grad 'x * {number}.5 + sin(x)' 0 1 --seed {number}")
        before = resident_megabytes(process.pid)
        for number in range(300):
            ask(process, f"grad 'cos(x) * {number}.25 + {number}' 0 1 --seed {number}")
        assert resident_megabytes(process.pid) - before < 10  # a thirtieth for each request


@pytest.mark.parametrize("options", [[], ["--jobs", "2"]])
@linux
def test_an_interrupt_leaves_whole_lines_and_no_process(options: list[str], new_with_warm_workers: list[str]) -> None:
    with started(*options, gradcli=new_with_warm_workers) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"grad sigmoid 0 1 10\n" * 2_000)
        process.stdin.flush()
        lines = [process.stdout.readline()]
        children = all_children_of(process)
        assert len(children) == (2 if options else 0)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal sends it: to all that it sees in the foreground
        lines += process.stdout.readlines()
        assert process.wait(PATIENCE) == 130
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert 1 <= len(lines) < 2_000
    assert len(set(lines)) == 1
    assert lines[-1].endswith(b"}\n")
    wait_for_the_end_of(children)


@linux
def test_workers_do_not_outlive_a_parent_that_was_killed(new_with_warm_workers: list[str]) -> None:
    with started("--jobs", "2", gradcli=new_with_warm_workers) as process:
        ask(process, "grad tanh 1")
        children = all_children_of(process)
        assert len(children) == 1  # a second one is started when there is work for it
        process.kill()
        process.wait()
        wait_for_the_end_of(children)


def wait_for_the_end_of(processes: Sequence[int]) -> None:
    deadline = time.monotonic() + PATIENCE
    while any(map(is_alive, processes)):
        assert time.monotonic() < deadline, "an orphan is left"
        time.sleep(0.05)


@pytest.mark.usefixtures("warm_workers")
def test_several_processes_answer_as_one_does_in_the_same_order() -> None:
    requests = [f"{request}" for request in MIXED * 3] + [f"grad tanh {number}" for number in range(20)]
    alone = [captured([*request.split(), "--json"])[1].encode() for request in requests]
    found = [answer.line for answer in answers(iter([request.encode() for request in requests]), 2, "utf-8")]
    assert found == alone


@linux
@pytest.mark.usefixtures("warm_workers")
def test_a_worker_that_is_killed_costs_one_line_and_is_replaced() -> None:
    worker = Worker("utf-8")
    try:
        assert worker.ask(b"grad tanh 1").code == 0
        assert worker._child._process is not None
        kill(worker._child._process.pid)
        with pytest.raises(WorkerError, match="was killed by SIGKILL"):
            worker.ask(b"grad tanh 2")
        assert b'"values":[3.0]' in worker.ask(b"grad tanh 3").line
    finally:
        worker.stop()


@linux
def test_a_killed_worker_is_an_error_object_for_its_line(new_with_warm_workers: list[str]) -> None:
    with started("--jobs", "2", gradcli=new_with_warm_workers) as process:
        ask(process, "grad tanh 1")
        for child in all_children_of(process):
            kill(child)
        codes = [document.get("error", {}).get("code") for document in (ask(process, "grad tanh 1") for _ in range(3))]
        assert codes == ["worker", None, None]
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 1


@pytest.mark.usefixtures("warm_workers")
def test_requests_are_not_read_far_ahead_of_their_answers() -> None:
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"functions relu"

    found = answers(endless(), 2, "utf-8")
    for _ in range(3):
        next(found)
    time.sleep(0.5)
    assert read <= 3 + 2 * 4 + 2
    found.close()


@pytest.mark.parametrize("options", [[], ["--jobs", "2"]])
def test_an_error_while_reading_comes_after_the_answers_so_far(options: list[str], tmp_path: Path) -> None:
    with started(*options, str(tmp_path)) as process:
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (2, b"")
    assert b"cannot be read" in err


def test_answers_are_counted_on_a_terminal_but_not_into_the_answers() -> None:
    control, terminal = pty.openpty()
    with started(stderr=terminal) as process:
        out, _ = process.communicate(b"grad tanh 1\ngrad tanhh 1\n" * 3, timeout=PATIENCE)
    os.close(terminal)
    shown = os.read(control, 65536).decode()
    os.close(control)
    assert len([json.loads(line) for line in out.splitlines()]) == 6
    assert "6 answered" in shown
    assert "3 failed" in shown


def test_nothing_is_counted_where_standard_error_is_no_terminal() -> None:
    with started() as process:
        _, err = process.communicate(b"grad tanh 1\n", timeout=PATIENCE)
    assert err == b""


def test_a_worker_whose_reader_has_gone_ends_quietly() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ran = subprocess.run(
        [sys.executable, "-c", "from gradcli.cli.batch.worker import serve; serve('utf-8')"],
        input=b"functions gelu\n",
        stdout=writer,
        stderr=subprocess.PIPE,
        env={**clean_environment(), "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    os.close(writer)
    assert (b"Traceback" in ran.stderr, b"Broken pipe" in ran.stderr) == (False, False), ran.stderr
