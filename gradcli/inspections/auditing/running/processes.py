"""Chunks counted by processes of this machine, one thread of PyTorch's in each."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Generator, Sequence
from queue import SimpleQueue
from threading import Thread

from gradcli.child_process import ONE_THREAD, ChildProcess
from gradcli.inspections.auditing.running.jobs import MOST_DEATHS, Done, Job, Roster, done, given_up, next_of
from gradcli.inspections.auditing.running.wire import Data
from gradcli.inspections.auditing.running.worker import request_of
from gradcli.leaving import GRACE

_PROGRAM = """
import sys
sys.path[:] = sys.argv[1:]
from gradcli import lean_torch
lean_torch.install()
from gradcli.inspections.auditing.running.worker import serve
serve()
"""


def by_processes(jobs: Sequence[Job], count: int, roster: Roster) -> Generator[Done, None, None]:
    """The counts of each job as they come. Raises GradcliError."""
    waiting = deque(jobs)
    answers: SimpleQueue[Done | Exception] = SimpleQueue()
    workers = [_Worker(f"process {number}", roster) for number in range(1, min(count, len(jobs)) + 1)]
    try:
        for worker in workers:
            Thread(target=_feed, args=(worker, waiting, answers), daemon=True).start()
        for _ in jobs:
            found = next_of(answers)
            if isinstance(found, Exception):
                raise found
            yield found
    finally:
        waiting.clear()
        _stop(workers)


def _stop(workers: Sequence[_Worker]) -> None:
    """End all of them, and wait for that no longer than somebody who has pressed Ctrl-C does."""
    for worker in workers:
        worker.kill()
    waiting = Thread(target=_wait, args=(workers,), daemon=True)
    waiting.start()
    waiting.join(GRACE / 3)


def _wait(workers: Sequence[_Worker]) -> None:
    for worker in workers:
        worker.stop()


def _feed(worker: _Worker, waiting: deque[Job], answers: SimpleQueue[Done | Exception]) -> None:
    """Have one worker count what is waiting, until nothing is."""
    while True:
        try:
            job = waiting.popleft()
        except IndexError:
            return
        try:
            answers.put(done(job, worker.ask(job), worker.name))
        except Exception as error:  # noqa: BLE001 - whatever it is, the thread that waits for answers raises it
            answers.put(error)
            return


class _Worker:
    """A process that counts one chunk at a time."""

    def __init__(self, name: str, roster: Roster) -> None:
        self.name, self._roster = name, roster
        self._child = ChildProcess(_PROGRAM, environment=ONE_THREAD)

    def ask(self, job: Job) -> Data:
        """The answer to a job. Raises WorkerError where several processes died of it."""
        request = json.dumps(request_of(*job)).encode()
        how = ""
        for _ in range(MOST_DEATHS):
            try:
                found: Data = json.loads(self._child.ask(request))
            except (OSError, ValueError) as error:  # a broken pipe, or half an answer
                how = self._child.forget() or f"could not be started: {error}"
                self._roster.lost[self.name] += 1
            else:
                return found
        raise given_up(job, how)

    def kill(self) -> None:
        self._child.kill()

    def stop(self) -> None:
        """End the process for good."""
        self._child.stop()
