"""Ctrl-C, requests to end and --timeout, inside one long call of PyTorch and everywhere else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from awaited import until_it_computes, until_it_ends, until_it_waits
from command_line import captured, clean_environment, failed, in_process_of_its_own

from gradcli import time_limit
from gradcli.commands.shared import check_timeout
from gradcli.exceptions import BoundError, TimeLimitError
from tools import warm

KERNEL = "sum(abs(linalg.eigvals(x * rand(4000, 4000))))"
"""One call that takes minutes, and little memory; its shape is known at once."""
REFERENCE = ["check", "sum(softmax(x * arange(300_000), 0)[:50])", "x=0.5"]
"""Minutes of arithmetic in Python."""
PROMPT = 5.0
"""Seconds from a signal to the end: one is promised, and a machine that is busy with other tests takes longer."""

READY = "import os, sys, torch\nfrom gradcli.__main__ import run\nprint(os.getpid(), file=sys.stderr, flush=True)\n"
BEGUN = 0.6
"""Seconds of computing after which a new interpreter has read its command line and brought in what it needs."""
NEW = [sys.executable, "-c"]


@contextmanager
def begun(
    argv: Sequence[str], program: str = "run()", python: Sequence[str] = (), *, waits: bool = False
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A console process that has imported PyTorch, and the number of what computes in it; it does not outlive its test.

    Its computation has begun. waits: it waits for its input.
    """
    with subprocess.Popen(
        [*(python or warm.python()), READY + program, *argv],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean_environment(),
    ) as process:
        try:
            assert process.stderr is not None
            number = int(process.stderr.readline())
            if waits:
                until_it_waits(number)
            else:
                until_it_computes(number, BEGUN)
            assert process.poll() is None
            yield process, number
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("argv", "number", "python"),
    [
        (["grad", KERNEL, "1"], signal.SIGINT, NEW),
        (["grad", KERNEL, "1", "--json"], signal.SIGTERM, ()),
        (REFERENCE, signal.SIGINT, ()),
        (["grad", "sigmoid", "-"], signal.SIGTERM, ()),
        (["batch"], signal.SIGTERM, ()),
    ],
    ids=["kernel", "kernel-term", "reference", "input", "batch"],
)
def test_a_signal_ends_a_run_at_once_and_in_silence(
    argv: list[str], number: signal.Signals, python: Sequence[str]
) -> None:
    with begun(argv, python=python, waits=argv[-1] in ("-", "batch")) as (process, computing):
        if argv == ["batch"]:
            assert process.stdin is not None
            process.stdin.write(f"grad '{KERNEL}' 1\n".encode())
            process.stdin.flush()
            until_it_computes(computing, BEGUN)
        began = time.monotonic()
        process.send_signal(number)
        code = process.wait(30)
        took = time.monotonic() - began
        assert process.communicate() == (b"", b"")
    assert code == 128 + number
    assert took < PROMPT


def test_a_signal_inside_a_kernel_leaves_no_half_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"old")
    slow = (
        "import gradcli.sinks\n"
        "def slow(answer, view, stream):\n"
        "    stream.write(b'half'); stream.flush(); print('half', file=sys.stderr, flush=True)\n"
        "    torch.diff(torch.rand(2**19), n=2**18)\n"
        "gradcli.sinks.writer = lambda ending, answer: slow\n"
        "run()\n"
    )
    with begun(["grad", "sigmoid", "0", "-o", str(tmp_path / "a.json")], slow) as (process, _):
        assert process.stderr is not None
        assert process.stderr.readline() == b"half\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 143
        assert process.communicate() == (b"", b"")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    assert (tmp_path / "a.json").read_bytes() == b"old"


def test_the_second_signal_disturbs_nothing() -> None:
    program = (
        "import os, signal\n"
        "from gradcli.leaving import Signals\n"
        "signals = Signals()\n"
        "try:\n"
        "    signal.raise_signal(signal.SIGTERM)\n"
        "except KeyboardInterrupt:\n"
        "    signal.raise_signal(signal.SIGTERM)\n"
        "    signal.raise_signal(signal.SIGINT)\n"
        "    os._exit(signals.finished(0))\n"
    )
    assert in_process_of_its_own(python=program) == (143, "", "")


UNDOING = """
import sys, time
from gradcli import leaving
leaving.remember(lambda: (time.sleep(float(sys.argv[1])), print("undone", flush=True)))
leaving.end(7)
"""
COMING_BACK = """
import os, signal, sys, time
from gradcli.leaving import Signals
signals = Signals()
try:
    signal.raise_signal(signal.SIGTERM)
except KeyboardInterrupt:
    time.sleep(float(sys.argv[1]))
    print("undone", flush=True)
os._exit(signals.finished(0))
"""


@pytest.mark.parametrize(("program", "code"), [(UNDOING, 7), (COMING_BACK, 143)], ids=["undoing", "coming-back"])
def test_a_moment_is_left_for_tidying_up_and_no_more(program: str, code: int) -> None:
    """A tenth of a second is always there, ten are not."""
    for seconds, out in (("0.1", b"undone\n"), ("10", b"")):
        began = time.monotonic()
        ran = subprocess.run([*warm.python(), program, seconds], capture_output=True, check=False)
        assert (ran.returncode, ran.stdout, ran.stderr) == (code, out, b"")
        assert time.monotonic() - began < 9


def test_a_signal_that_the_caller_ignores_stays_ignored() -> None:
    program = (
        "import os, signal\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from gradcli.leaving import GRACE, Signals\n"
        "signals = Signals()\n"
        "signal.raise_signal(signal.SIGINT)\n"
        "import time; time.sleep(2 * GRACE)\n"
        "os._exit(signals.finished(3))\n"
    )
    assert in_process_of_its_own(python=program) == (3, "", "")


@pytest.mark.parametrize("closed", [(), (0,), (1, 2), (0, 1, 2), (2,)])
def test_the_pipe_of_the_signals_takes_no_standard_stream(closed: tuple[int, ...]) -> None:
    program = (
        "import os\n"
        "report = os.dup(1)\n"
        f"for stream in {closed}: os.close(stream)\n"
        "from gradcli.leaving import _pipe\n"
        "ends = _pipe()\n"
        "os.write(ends[1], b'x'); assert os.read(ends[0], 1) == b'x'\n"
        "os.write(report, str(min(ends) > 2).encode())\n"
        "os._exit(0)\n"
    )
    assert in_process_of_its_own(python=program)[:2] == (0, "True")


# --- time limits -----------------------------------------------------------------------------------------------------


def test_a_computation_ends_at_its_time_limit() -> None:
    began = time.monotonic()
    code, out, err = in_process_of_its_own(["grad", KERNEL, "1", "--timeout", "0.5"])
    assert (code, out) == (1, "")
    assert err.splitlines()[0] == "the computation was not done after 0.5 seconds"
    assert time.monotonic() - began < 60


def test_bringing_pytorch_in_takes_none_of_the_time() -> None:
    program = (
        "import sys, time\n"
        "from gradcli.commands import answering\n"
        "real = answering.import_module\n"
        "def slow(name):\n"
        "    time.sleep(2); print('slow', file=sys.stderr)\n"
        "    return real(name)\n"
        "answering.import_module = slow\n"
        "from gradcli.__main__ import run\n"
        "run()\n"
    )
    argv = ["grad", "sigmoid", "0", "1", "--json"]
    ran = subprocess.run(
        [*warm.python(), program, *argv, "--timeout", "1.5"], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, captured(argv)[1], "slow\n")


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "1000001"])
def test_a_limit_out_of_bounds_is_refused(seconds: str) -> None:
    with pytest.raises(BoundError, match=r"--timeout .* is out of bounds"):
        check_timeout(float(seconds))


@pytest.mark.usefixtures("warm_workers")
def test_a_caller_in_python_stays_and_keeps_its_signals() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)}
    assert failed(["grad", KERNEL, "1", "--timeout", "0.5"], 1)["code"] == "timeout"
    assert {number: signal.getsignal(number) for number in before} == before
    code, out, _ = captured(["grad", "sigmoid", "0", "--timeout", "60", "-f", "csv"])
    assert (code, out) == captured(["grad", "sigmoid", "0", "-f", "csv"])[:2]


@pytest.mark.usefixtures("warm_workers")
def test_standard_input_reaches_a_computation_with_a_limit(run: Any) -> None:
    code, out, _ = run(["grad", "x * 2", "x=-", "--timeout", "60", "--json"], stdin="1 2 3")
    assert (code, json.loads(out)["output"]["values"]) == (0, [2, 4, 6])


@pytest.mark.parametrize(
    ("options", "limit", "others"),
    [([], " --timeout 1", ""), (["--timeout", "1", "--jobs", "2"], "", " --timeout 60")],  # a busy machine is slow
)
def test_a_request_that_takes_too_long_is_an_answer_and_the_next_one_follows(
    options: list[str], limit: str, others: str
) -> None:
    lines = [f"grad sigmoid 0{others}", f"grad '{KERNEL}' 1{limit}", "grad tanh 0 --timeout 60", f"grad tanh 1{others}"]
    code, out, err = in_process_of_its_own(["batch", *options], "\n".join(lines))
    answers = [json.loads(line) for line in out.splitlines()]
    assert [answer.get("error", {}).get("code") for answer in answers] == [None, "timeout", None, None]
    assert (code, err) == (1, "")
    assert answers[3]["inputs"]["x"]["values"] == [1]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_a_worker_inside_a_kernel_ends_with_its_parent() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "gradcli", "batch", "--timeout", "1000"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=clean_environment(),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"grad sigmoid 0\n")
        process.stdin.flush()
        process.stdout.readline()
        tasks = Path(f"/proc/{process.pid}/task").iterdir()
        (child,) = (int(word) for task in tasks for word in (task / "children").read_text().split())
        process.stdin.write(f"grad '{KERNEL}' 1\n".encode())
        process.stdin.flush()
        until_it_computes(child, BEGUN)
        process.kill()
    try:
        until_it_ends(child)
    finally:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


@pytest.fixture
def leaving_allowed() -> Iterator[None]:
    time_limit.may_leave(pytest.fail)  # type: ignore[arg-type]
    yield
    time_limit.may_leave(None)


def spend(seconds: float) -> None:
    """Time in Python code, where the main thread hears of everything."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def swallow() -> None:
    """What some callbacks of PyTorch do with exceptions."""
    with suppress(KeyboardInterrupt):
        spend(5)


@pytest.mark.usefixtures("leaving_allowed")
@pytest.mark.parametrize("work", [lambda: spend(5), swallow], ids=["heard", "swallowed"])
def test_half_a_computation_never_becomes_an_answer(work: Callable[[], None]) -> None:
    def late() -> None:
        with time_limit.Limited():
            time_limit.begin(0.05)
            work()

    with pytest.raises(TimeLimitError):
        late()


@pytest.fixture
def all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits beside the main thread has waited before that goes on, as on a machine that has a lot to do."""
    monkeypatch.setattr(time_limit, "start_new_thread", lambda work, words: work(*words))
    monkeypatch.setattr(time_limit, "GRACE", 0)
    time_limit.may_leave(lambda _: None)


@pytest.mark.usefixtures("leaving_allowed", "all_at_once")
def test_a_limit_may_be_over_as_it_begins() -> None:
    with pytest.raises(TimeLimitError), time_limit.Limited():
        time_limit.begin(0)


@pytest.mark.usefixtures("leaving_allowed")
@pytest.mark.parametrize("error", [None, ValueError("not in time")])
def test_a_limit_may_be_over_as_its_computation_ends(error: Exception | None) -> None:
    def interrupt(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code is time_limit.Limited.__exit__.__code__:
            sys.setprofile(None)
            limit = time_limit._current
            assert limit is not None
            limit.overrun = True
            signal.raise_signal(time_limit._SIGNAL)

    def late() -> None:
        with time_limit.Limited():
            time_limit.begin(1000)
            sys.setprofile(interrupt)
            if error is not None:
                raise error

    with pytest.raises(TimeLimitError):
        late()


@pytest.mark.usefixtures("leaving_allowed")
def test_what_follows_a_computation_takes_its_time() -> None:
    with time_limit.Limited():
        time_limit.begin(0.05)
        time_limit.finish()
        spend(0.2)
    with time_limit.Limited():
        time_limit.begin(0.05)
        with time_limit.not_counted():
            spend(0.2)
