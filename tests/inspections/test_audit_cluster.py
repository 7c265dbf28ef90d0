"""An audit by a real cluster of Dask's, whose workers and scheduler are killed: the counts are those of one process."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from unittest.mock import Mock

import dask_cluster
import pytest
import torch
from command_line import captured
from dask_cluster import Cluster
from test_audit_running import CHUNK, TASKS, rows

from gradcli.child_process import WorkerError
from gradcli.exceptions import UsageError
from gradcli.inspections.auditing.counts import Counts
from gradcli.inspections.auditing.running import cluster as clusters
from gradcli.inspections.auditing.running import counting
from gradcli.inspections.auditing.running.cluster import ClusterError
from gradcli.inspections.auditing.running.jobs import Roster
from gradcli.inspections.auditing.task import Task
from gradcli.inspections.options import RunningOptions
from gradcli.results.audit import AuditChunks

OTHER = "avx2" if torch.backends.cpu.get_cpu_capability() == "DEFAULT" else "default"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    import distributed  # noqa: F401 - its import is no part of the time that a scheduler has to answer

    with dask_cluster.cluster() as found:
        yield found


@pytest.fixture(scope="module")
def whole() -> dict[Task, list[object]]:
    """What one process counts in one chunk."""
    return rows(counting.counted(TASKS, RunningOptions(jobs=1))[0])


def counted(cluster: Cluster, resume: Path | None = None) -> tuple[dict[Task, list[object]], AuditChunks]:
    file = None if resume is None else str(resume)
    totals, chunks = counting.counted(
        TASKS, RunningOptions(scheduler=cluster.scheduler.address, resume=file, chunk=CHUNK)
    )
    return rows(totals), chunks


@pytest.fixture
def all_known_first(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """No chunk is given out before each worker has said what it is: who is quick could count all of them alone."""
    hand_out = clusters._Crew._hand_out

    def once_all_are_known(crew: clusters._Crew) -> None:
        if crew._fit | crew._refused.keys() >= {*clusters._workers(crew._client)}:
            hand_out(crew)

    monkeypatch.setattr(clusters._Crew, "_hand_out", once_all_are_known)


@pytest.mark.usefixtures("all_known_first")
def test_a_worker_with_another_instruction_set_and_one_without_gradcli_are_refused_by_name(
    cluster: Cluster, whole: dict[Task, list[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "REFUSED", 0.2)
    odd, bare = cluster.odd_worker(OTHER), cluster.bare_worker()
    with pytest.raises(ClusterError, match=f"{odd.address} .capability {OTHER.upper()}, here ") as raised:
        counted(cluster)
    assert bare.address in str(raised.value)
    cluster.with_workers(2)
    found, chunks = counted(cluster)
    assert found == whole
    assert (chunks.count, chunks.workers) == (16, 2)
    assert {one.worker for one in chunks.refused} == {odd.address, bare.address}
    monkeypatch.setattr("gradcli.commands.audit.RunningOptions", partial(RunningOptions, chunk=CHUNK))
    line = ["audit", "x + 1 - 1", "--order", "0", "--range", "0.125:32"]
    code, out, _ = captured([*line, "--engine", "dask", "--scheduler", cluster.scheduler.address])
    assert code == 0
    assert "\n1,025 numbers in 3 chunks: 3 by 2 processes\n" in out
    assert f"\n{odd.address} was not asked: capability {OTHER.upper()}, here " in out


@pytest.mark.usefixtures("all_known_first")
def test_what_a_worker_was_at_when_it_was_killed_is_counted_by_another(
    cluster: Cluster, whole: dict[Task, list[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = cluster.with_workers(2)
    ask, given, roster = clusters._Crew._ask, [], Roster()

    def stopped_first(crew: clusters._Crew, worker: str, job: object) -> None:
        if worker == first.address and job is not None:
            first.send(signal.SIGSTOP)
            given.append(job)
        ask(crew, worker, job)

    monkeypatch.setattr(clusters._Crew, "_ask", stopped_first)
    done = clusters.by_cluster(counting.jobs_of(TASKS, CHUNK), cluster.scheduler.address, roster)
    found = [next(done) for _ in range(16 - clusters.AHEAD)]
    assert {one.worker for one in found} == {second.address}
    assert len(given) == clusters.AHEAD
    cluster.kill(first)
    rest = list(done)
    assert {one.job for one in rest} == set(given)
    totals = {task: Counts.of(task) for task in TASKS}
    for one in (*found, *rest):
        totals[one.job.task].merge(one.counts)
    assert rows(totals) == whole
    assert roster.lost == {first.address: clusters.AHEAD}


def test_a_chunk_that_waits_at_a_worker_which_dies_of_another_one_costs_it_nothing() -> None:
    at_it, behind = counting.jobs_of(TASKS, CHUNK)[:2]
    gone = [Mock() for _ in range(4)]
    crew = clusters._Crew(Mock(status="running", scheduler_info=lambda **_: {}), "", [], Roster())
    for deaths in (1, 2):
        crew._asked = dict(zip(gone, [("a", at_it), ("a", behind), ("b", behind), ("c", None)], strict=True))
        crew._look()
        assert crew._deaths == {at_it: deaths, behind: deaths}
        assert list(crew._waiting) == [behind, behind, at_it] * deaths
    crew._asked = dict(zip(gone[:2], [("a", behind), ("a", at_it)], strict=True))
    with pytest.raises(WorkerError, match="3 workers ended at x"):
        crew._look()
    assert crew._deaths[at_it] == 2


def test_a_scheduler_that_is_killed_and_started_again_goes_on_from_the_file(
    cluster: Cluster, whole: dict[Task, list[object]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.with_workers(1)
    file = tmp_path / "chunks"
    add, left = counting.ResumeFile.add, [3]

    def add_and_kill(self: counting.ResumeFile, done: object) -> None:
        add(self, done)
        left[0] -= 1
        if not left[0]:
            cluster.scheduler.send(signal.SIGKILL)

    with monkeypatch.context() as patch:
        patch.setattr(clusters, "CONNECTING", 1.0)
        patch.setattr(clusters, "MOST_DEATHS", 1)  # what is lost with the scheduler is held against no chunk
        patch.setattr(counting.ResumeFile, "add", add_and_kill)
        with pytest.raises(ClusterError, match="is gone"):
            counted(cluster, file)
    lines = file.read_bytes().splitlines()
    assert 3 <= len(lines) < 16
    cluster.restart()
    cluster.with_workers(1)
    found, chunks = counted(cluster, file)
    assert found == whole
    assert (chunks.resumed, chunks.count) == (len(lines), 16)


def test_a_scheduler_that_is_not_there_is_an_error_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "CONNECTING", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for port in (1, silent.getsockname()[1]):
            began = time.monotonic()
            with pytest.raises(ClusterError, match=f"no scheduler of Dask's answers at tcp://127.0.0.1:{port}"):
                counting.counted(TASKS, RunningOptions(scheduler=f"tcp://127.0.0.1:{port}"))
            assert time.monotonic() - began < 10


def test_a_scheduler_without_workers_is_an_error(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "JOINING", 0.2)
    cluster.restart()
    with pytest.raises(ClusterError, match="has no worker"):
        counted(cluster)


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match="needs Dask") as raised:
        counting.counted(TASKS, RunningOptions(scheduler="tcp://127.0.0.1:1"))
    assert raised.value.hint == "Install it: pip install 'gradcli[dask]'."
