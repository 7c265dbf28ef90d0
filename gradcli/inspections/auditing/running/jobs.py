"""What is to be counted, what has been, and what went wrong with it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import inf
from queue import Empty, SimpleQueue
from time import monotonic
from typing import NamedTuple, TypeVar

from gradcli.child_process import WorkerError
from gradcli.exceptions import UsageError
from gradcli.inspections.auditing.counts import Counts
from gradcli.inspections.auditing.running.wire import Data, read_counts
from gradcli.inspections.auditing.task import Chunk, Task
from gradcli.results.audit import AuditChunk

MOST_DEATHS = 3
"""Processes that one chunk may cost until it is given up."""
LISTENED = 0.1
"""Seconds after which a thread that waits looks whether it is still wanted."""

Answer = TypeVar("Answer")


class Job(NamedTuple):
    """One chunk of one task."""

    task: Task
    chunk: Chunk

    def __str__(self) -> str:
        sign, first, _ = self.chunk.sides[0]
        x = self.task.format.number(sign, first)
        return f"{self.task.expression}, order {self.task.order}, {self.chunk.count:,} numbers from {x:g} on"


class Done(NamedTuple):
    """A job with its counts, who counted, and for how many seconds; None where a file had the counts."""

    job: Job
    counts: Counts
    worker: str | None = None
    seconds: float | None = None

    @property
    def shown(self) -> AuditChunk:
        task, chunk = self.job
        return AuditChunk(task.expression, task.order, *chunk.ends(task.format), chunk.count, self.worker, self.seconds)


@dataclass(frozen=True)
class Roster:
    """What became of workers: why some may not count, and how many chunks those had that ended."""

    refused: dict[str, str] = field(default_factory=dict)
    lost: Counter[str] = field(default_factory=Counter)


def done(job: Job, answered: Data, worker: str) -> Done:
    """What a process answered. Raises UsageError where there is no truth, WorkerError."""
    if "not bounded" in answered:
        raise no_truth(job.task.expression, answered["not bounded"])
    if "counts" not in answered:
        raise WorkerError(f"{worker} failed at {job}: {answered.get('error')}")
    return Done(job, read_counts(answered["counts"], job.task), worker, answered["seconds"])


def no_truth(expression: str, what: str) -> UsageError:
    """No rule bounds a part of an expression."""
    return UsageError(
        f"audit knows no proven truth of {what}",
        expression=expression,
        hint="'gradcli check' holds any gradient against 50 digits, at points.",
    )


def next_of(answers: SimpleQueue[Answer], patience: float = inf) -> Answer:
    """The next answer.  Raises Empty after so many seconds; what interrupts this thread without a signal is heard."""
    began = monotonic()
    while True:
        try:
            return answers.get(timeout=LISTENED)
        except Empty:
            if monotonic() - began > patience:
                raise


def given_up(job: Job, how: str) -> WorkerError:
    """One chunk has cost too many processes."""
    return WorkerError(
        f"{MOST_DEATHS} workers ended at {job}; the last one {how}",
        hint="Memory may have run out: let fewer processes share a machine.",
    )
