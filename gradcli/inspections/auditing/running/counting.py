"""The counts of all tasks of an audit: what a file has of them, and the rest by whoever counts."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing, nullcontext
from time import monotonic

from gradcli.inspections.auditing.counts import Counts
from gradcli.inspections.auditing.running.build import build_here
from gradcli.inspections.auditing.running.jobs import Done, Job, Roster, no_truth
from gradcli.inspections.auditing.running.resume import ResumeFile
from gradcli.inspections.auditing.running.work import work
from gradcli.inspections.auditing.task import Task, chunks_of
from gradcli.inspections.options import RunningOptions
from gradcli.numerics.proven.expressions import NotBoundedError
from gradcli.progress import steps
from gradcli.results.audit import AuditChunk, AuditChunks, AuditLoss, AuditRefusal

PROVING, COUNTING = 0.1, 1e-7
"""Seconds that a chunk takes about, and each of its numbers by each way."""
WORTH_IT = 3.0
"""Seconds from which on several processes are started, where nobody says how many: each takes one to begin."""


def counted(tasks: Sequence[Task], options: RunningOptions) -> tuple[dict[Task, Counts], AuditChunks]:
    """What is counted of each task, and of how many chunks.

    Raises GradcliError; KeyboardInterrupt that says what a file holds by now.
    """
    jobs = jobs_of(tasks, options.chunk)
    totals = {task: Counts.of(task) for task in tasks}
    with nullcontext() if options.resume is None else closing(ResumeFile(options.resume, build_here(), jobs)) as file:
        there: dict[Job, Done] = {}
        for done in () if file is None else file.found():
            totals[done.job.task].merge(done.counts)
            there[done.job] = done
        missing = [job for job in jobs if job not in there]
        processes = _processes(missing, options.jobs)
        each = [done.shown for done in there.values()]
        roster = Roster()
        try:
            with closing(_engine(missing, processes, options.scheduler, roster)) as found:
                for done in steps(found, "chunks", len(missing)):
                    if file is not None:
                        file.add(done)
                    totals[done.job.task].merge(done.counts)
                    each.append(done.shown)
        except KeyboardInterrupt:
            if file is None:
                raise
            raise KeyboardInterrupt(
                f"{len(each):,} of {len(jobs):,} chunks are in '{file.name}'; the same command goes on from there."
            ) from None
    return totals, AuditChunks(
        numbers=tasks[0].count,
        count=len(jobs),
        resumed=len(there),
        workers=processes if options.scheduler is None else len({one.worker for one in each} - {None}),
        refused=tuple(AuditRefusal(*one) for one in sorted(roster.refused.items())),
        lost=tuple(AuditLoss(*one) for one in sorted(roster.lost.items())),
        each=_in_order(each, tasks) if len(jobs) > len(totals) else (),
    )


def _in_order(chunks: Iterable[AuditChunk], tasks: Sequence[Task]) -> tuple[AuditChunk, ...]:
    """By function and derivative as they were asked for, then by their numbers."""
    asked = [(task.expression, task.order) for task in tasks]
    return tuple(sorted(chunks, key=lambda one: (asked.index((one.expression, one.order)), one.low)))


def jobs_of(tasks: Sequence[Task], size: int) -> list[Job]:
    """Every chunk of every task."""
    return [Job(task, chunk) for task in dict.fromkeys(tasks) for chunk in chunks_of(task.sides, size)]


def _engine(jobs: Sequence[Job], processes: int, scheduler: str | None, roster: Roster) -> Generator[Done, None, None]:
    if scheduler is not None and jobs:
        from gradcli.inspections.auditing.running.cluster import by_cluster  # Dask is an extra

        return by_cluster(jobs, scheduler, roster)
    if processes > 1:
        from gradcli.inspections.auditing.running.processes import by_processes  # threads and pipes

        return by_processes(jobs, processes, roster)
    return _counted_here(jobs)


def _counted_here(jobs: Sequence[Job]) -> Generator[Done, None, None]:
    for job in jobs:
        try:
            began = monotonic()
            yield Done(job, work(*job), "this process", monotonic() - began)
        except NotBoundedError as missing:
            raise no_truth(job.task.expression, str(missing)) from None


def _processes(jobs: Sequence[Job], wanted: int | None) -> int:
    """How many processes count."""
    if wanted is not None:
        return min(wanted, len(jobs))
    seconds = sum(PROVING + COUNTING * chunk.count * len(task.ways) for task, chunk in jobs)
    return min(_cores() if seconds > WORTH_IT else 1, len(jobs))


def _cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
