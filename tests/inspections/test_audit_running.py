"""Chunks of an audit counted by several processes, and kept in a file: the counts are those of one process."""

from __future__ import annotations

import fcntl
import json
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from command_line import captured

from gradcli import time_limit
from gradcli.child_process import ChildProcess, WorkerError
from gradcli.diagnose.bound_expression import ComputeOptions
from gradcli.exceptions import GradcliError, OutputError, SourceError, TimeLimitError, UsageError
from gradcli.inspections.auditing.answers import Way, ways
from gradcli.inspections.auditing.counts import Counts
from gradcli.inspections.auditing.running import counting, work
from gradcli.inspections.auditing.running.build import build_here
from gradcli.inspections.auditing.running.jobs import Job, Roster
from gradcli.inspections.auditing.running.processes import by_processes
from gradcli.inspections.auditing.running.wire import counts_data, read_counts, read_task, task_data
from gradcli.inspections.auditing.span import span_of
from gradcli.inspections.auditing.task import Task, chunks_of
from gradcli.inspections.options import RunningOptions

CHUNK = 2**9


def task_of(expression: str, order: int = 0, low: float = -1, high: float = 1, dtype: str = "bfloat16") -> Task:
    sides = span_of(dtype, low, high).sides
    return Task(expression, order, sides, tuple(ways(order, WAYS)), None, ComputeOptions(dtype=dtype))


WAYS = ("contiguous", "strided")


TASKS = [
    replace(task_of("x + 1 - 1"), sides=((1, 2**14 - 2**11, 2**14), (-1, 2**14 - 2**11, 2**14))),
    replace(task_of("softsign(x)", 1), sides=((1, 2**14 - 2**11, 2**14), (-1, 2**14 - 2**11, 2**14))),
]
"""Of eight chunks each."""


def rows(totals: dict[Task, Counts]) -> dict[Task, list[object]]:
    return {task: [counts.proof(task), *counts.rows(task.order)] for task, counts in totals.items()}


def counted(**options: object) -> tuple[dict[Task, list[object]], tuple[int, int, int]]:
    totals, chunks = counting.counted(TASKS, RunningOptions(chunk=CHUNK, **options))
    return rows(totals), (chunks.count, chunks.resumed, chunks.workers)


@pytest.fixture(scope="module")
def whole() -> dict[Task, list[object]]:
    """What one process counts in one chunk."""
    return rows(counting.counted(TASKS, RunningOptions(jobs=1))[0])


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The file of all chunks."""
    file = tmp_path_factory.mktemp("resume") / "chunks"
    counted(resume=str(file), jobs=1)
    return file.read_bytes().splitlines(keepends=True)


def test_tasks_and_counts_are_the_same_after_a_journey_as_json() -> None:
    for task in (*TASKS, task_of("x * x / x", 0, 2.0**60, 2.0**68), task_of("nan_to_num(exp(x))", 0, 88, 90)):
        assert read_task(json.loads(json.dumps(task_data(task)))) == task
        (chunk,) = chunks_of(task.sides, 2**24)
        counts = work.work(task, chunk)
        counts.tallies[task.ways[1]].differs = 3
        assert rows({task: read_counts(json.loads(json.dumps(counts_data(counts), allow_nan=False)), task)}) == rows(
            {task: counts}
        )
    task = TASKS[0]
    raised = Counts(dict.fromkeys(task.ways, "not implemented"))
    assert read_counts(counts_data(raised), task) == raised


@pytest.mark.usefixtures("warm_workers")
def test_several_processes_count_what_one_does_and_one_that_is_killed_is_replaced(
    whole: dict[Task, list[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    running, killed = ChildProcess.running, []

    def running_once(child: ChildProcess) -> object:
        process = running(child)
        if not killed:
            killed.append(process)
            process.kill()
        return process

    monkeypatch.setattr(ChildProcess, "running", running_once)
    totals, chunks = counting.counted(TASKS, RunningOptions(chunk=CHUNK, jobs=2))
    assert (rows(totals), chunks.count, chunks.resumed, chunks.workers) == (whole, 16, 0, 2)
    assert killed[0].returncode == -signal.SIGKILL
    (lost,) = chunks.lost
    assert lost.worker in ("process 1", "process 2")
    assert lost.chunks == 1
    assert [(one.expression, one.order, one.numbers) for one in chunks.each] == [
        *[("x + 1 - 1", 0, 2**9)] * 8,
        *[("softsign(x)", 1, 2**9)] * 8,
    ]
    assert {one.worker for one in chunks.each} <= {"process 1", "process 2"}
    assert all(one.seconds is not None and one.seconds > 0 for one in chunks.each)


def test_chunks_are_told_in_the_order_of_their_numbers_and_those_of_a_file_without_seconds(
    lines: list[bytes], tmp_path: Path
) -> None:
    file = tmp_path / "chunks"
    file.write_bytes(b"".join(lines[12:14]))
    _, chunks = counting.counted(TASKS, RunningOptions(chunk=CHUNK, jobs=1, resume=str(file)))
    (known,) = {one.worker for one in chunks.each} - {None}
    assert known == "this process"
    assert [one.seconds is None for one in chunks.each] == [one.worker is None for one in chunks.each]
    assert sum(one.worker is None for one in chunks.each) == 2
    slopes = chunks.each[8:]
    assert all(one.high < other.low for one, other in pairwise(slopes))
    assert (slopes[0].low, slopes[-1].high) == (-1.9921875, 1.9921875)
    _, whole_ones = counting.counted(TASKS, RunningOptions(jobs=1))
    assert whole_ones.each == ()


@pytest.mark.usefixtures("warm_workers")
def test_a_chunk_that_kills_every_process_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradcli.inspections.auditing.running.processes._PROGRAM", "raise SystemExit(3)")
    with pytest.raises(WorkerError, match=r"3 workers ended at x \+ 1 - 1, order 0, .*ended with exit code 3"):
        counted(jobs=2)


@pytest.mark.usefixtures("warm_workers")
def test_what_fails_in_a_process_says_where() -> None:
    task = replace(TASKS[0], compute=replace(TASKS[0].compute, device="nowhere"))
    jobs = [Job(task, chunk) for chunk in chunks_of(task.sides, 2**24)]
    with (
        closing(by_processes(jobs, 1, Roster())) as found,
        pytest.raises(WorkerError, match=r"process 1 failed at x \+ 1 - 1, order 0"),
    ):
        list(found)
    jobs = [Job(replace(task, expression="i0(x)"), chunk) for task, chunk in jobs]
    with closing(by_processes(jobs, 1, Roster())) as found, pytest.raises(GradcliError):
        list(found)


def test_few_numbers_are_worth_no_second_process_and_many_are() -> None:
    (few,) = chunks_of(TASKS[0].sides, 2**24)
    assert counting._processes([Job(TASKS[0], few)] * 4, None) == 1
    wide = task_of("x + 1 - 1", 0, -1e38, 1e38, "float32")
    many = [Job(wide, chunk) for chunk in chunks_of(wide.sides, 2**24)]
    assert counting._processes(many, None) == counting._cores()
    assert [counting._processes(many, jobs) for jobs in (1, 3, 1000)] == [1, 3, len(many)]
    assert counting._processes([], None) == 0


def test_a_file_keeps_chunks_and_none_of_them_is_counted_again(
    whole: dict[Task, list[object]], lines: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "work", None)
    file = tmp_path / "chunks"
    assert len(lines) == 16
    for several in (lines, lines[::-1]):
        file.write_bytes(b"".join(several))
        assert counted(resume=str(file)) == (whole, (16, 16, 0))
        assert file.read_bytes() == b"".join(several)


@pytest.mark.parametrize("left", [1, 5, 400, -1])
def test_a_line_that_was_cut_off_is_counted_again(
    whole: dict[Task, list[object]], lines: list[bytes], tmp_path: Path, left: int
) -> None:
    file = tmp_path / "chunks"
    file.write_bytes(b"".join(lines[:15]) + lines[15][:left])
    assert counted(resume=str(file), jobs=1) == (whole, (16, 15, 1))
    assert file.read_bytes() == b"".join(lines)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"torch": "2.12.0"}, r"line 1: torch 2.12.0, here 2\."),
        ({"capability": "Z80"}, "capability Z80, here "),
        ({"dtype": "float16"}, "dtype float16, here bfloat16"),
        ({"expression": "tanh(x)"}, "expression tanh"),
        ({"max_ulp": 1.0}, "max_ulp 1.0, here none"),
        ({"threads": 2}, "threads 2, here 1"),
    ],
)
def test_a_file_of_another_audit_is_left_as_it_is(
    lines: list[bytes], tmp_path: Path, change: dict[str, object], message: str
) -> None:
    file = tmp_path / "chunks"
    line = json.dumps({**json.loads(lines[0]), **change}) + "\n"
    file.write_text(line)
    with pytest.raises(UsageError, match=message):
        counted(resume=str(file))
    assert file.read_text() == line


def test_a_file_of_another_gradcli_names_the_line(lines: list[bytes], tmp_path: Path) -> None:
    file = tmp_path / "chunks"
    file.write_bytes(lines[0].replace(b'{"audit": 2, ', b'{"audit": 1, '))
    with pytest.raises(UsageError, match=r"is of another audit, line 1: audit 1, here 2$"):
        counted(resume=str(file))


@pytest.mark.parametrize("content", ["a", "x,y\n1,2\n", "{}\n", '{"audit": 1, "counts": {}\n', "\0\0"])
def test_a_file_of_anything_else_is_left_as_it_is(tmp_path: Path, content: str) -> None:
    file = tmp_path / "chunks"
    file.write_text(content)
    with pytest.raises(SourceError, match=r"line 1 of '.*' is no chunk of an audit"):
        counted(resume=str(file))
    assert file.read_text() == content


def test_other_orders_ways_and_ranges_stay_in_the_file_and_are_not_counted(tmp_path: Path) -> None:
    file = tmp_path / "chunks"
    for task in (
        replace(TASKS[1], order=0, ways=TASKS[0].ways),
        replace(TASKS[1], ways=(Way("reverse", "strided"),)),
    ):
        counting.counted([task], RunningOptions(resume=str(file)))
    before = file.read_bytes()
    _, chunks = counting.counted([TASKS[1]], RunningOptions(resume=str(file)))
    assert (chunks.resumed, chunks.count) == (0, 1)
    assert file.read_bytes().startswith(before)
    assert len(file.read_bytes().splitlines()) == 3


def test_a_line_that_was_torn_in_the_middle_of_a_file_is_to_be_taken_out(lines: list[bytes], tmp_path: Path) -> None:
    file = tmp_path / "chunks"
    torn = b"".join([lines[0], lines[1][:200] + b"\n", lines[2]])
    file.write_bytes(torn)
    with pytest.raises(SourceError, match="line 2 of") as raised:
        counted(resume=str(file))
    assert raised.value.hint == "Nothing was written. Take the line out: its chunk is counted again."
    assert file.read_bytes() == torn


@contextmanager
def at_most(size: int) -> Iterator[None]:
    """No file becomes larger, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_an_error_and_what_was_written_stays(
    whole: dict[Task, list[object]], lines: list[bytes], tmp_path: Path
) -> None:
    file = tmp_path / "chunks"
    with at_most(len(b"".join(lines[:5])) + 100), pytest.raises(OutputError, match="cannot write to"):
        counted(resume=str(file), jobs=1)
    assert file.read_bytes() == b"".join(lines[:5])
    assert counted(resume=str(file), jobs=1) == (whole, (16, 5, 1))


def test_what_cannot_be_written_or_is_being_written_is_an_error(tmp_path: Path) -> None:
    for name in (str(tmp_path), str(tmp_path / "no" / "folder"), "a\0b"):
        with pytest.raises(OutputError, match="cannot write"):
            counted(resume=name)
    with pytest.raises(SourceError, match="no file that can be read again"):
        counted(resume="/dev/null")
    with (tmp_path / "chunks").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="another audit is writing"):
            counted(resume=stream.name)


def interrupted_after(count: int) -> Callable[..., Counts]:
    left = [count]

    def counted_or_interrupted(*job: object) -> Counts:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return work.work(*job)

    return counted_or_interrupted


def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradcli.commands.audit.RunningOptions", partial(RunningOptions, chunk=CHUNK))
    file = tmp_path / "chunks"
    line = ["audit", "x + 1 - 1", "--order", "0", "--range", "0.125:32", "--jobs", "1"]
    with monkeypatch.context() as patch:
        patch.setattr(counting, "work", interrupted_after(1))
        code, out, err = captured([*line, "--resume", str(file)])
        assert (code, out) == (130, "")
        assert err == f"1 of 3 chunks are in '{file}'; the same command goes on from there.\n"
        patch.setattr(counting, "work", interrupted_after(0))
        assert captured(line) == (130, "", "")
    code, out, _ = captured([*line, "--resume", str(file)])
    assert code == 0
    assert "\n1,025 numbers in 3 chunks: 2 by 1 process, 1 from the file of --resume\n" in out
    assert str(build_here()["capability"]) in file.read_text()


@pytest.mark.usefixtures("warm_workers")
def test_ctrl_c_ends_the_processes_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running, children = ChildProcess.running, []

    def remembered(child: ChildProcess) -> object:
        children.append(child)
        return running(child)

    def interrupted(_answers: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ChildProcess, "running", remembered)
    monkeypatch.setattr("gradcli.inspections.auditing.running.processes.next_of", interrupted)
    with pytest.raises(KeyboardInterrupt, match="0 of 16 chunks are in"):
        counted(resume=str(tmp_path / "chunks"), jobs=2)
    assert all(child._process is None or child._process.wait(60) == -signal.SIGKILL for child in children)


def test_a_time_limit_says_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    over = SimpleNamespace(overrun=True, seconds=1.0, stop=lambda: None)
    for raised, hint in ((KeyboardInterrupt("3 of 8 chunks"), "3 of 8 chunks"), (KeyboardInterrupt(), "Give it more")):
        monkeypatch.setattr(time_limit, "_current", over)
        with pytest.raises(TimeLimitError) as error, time_limit.Limited():
            raise raised
        assert str(error.value.hint).startswith(hint)
