"""Several processes that answer requests, with the order of the answers kept."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Full, LifoQueue, Queue

from gradcli.child_process import ONE_THREAD, ChildProcess, WorkerError
from gradcli.cli.batch.answers import Answered, failure

AHEAD = 4
"""Requests read ahead, for each process: enough that none waits, few enough that endless input needs no memory."""

_PROGRAM = """
import sys
charset, timeout, *sys.path[:] = sys.argv[1:]
from gradcli import lean_torch
lean_torch.install()
from gradcli.cli.batch.worker import serve
serve(charset, float(timeout) if timeout else None)
"""


class Worker:
    """A process that answers one request at a time.

    timeout: seconds for a request without a limit of its own. alone: it may work on all processors.
    """

    def __init__(self, charset: str, *, timeout: float | None = None, alone: bool = False) -> None:
        argv = [charset, "" if timeout is None else repr(timeout)]
        self._child = ChildProcess(_PROGRAM, argv, None if alone else ONE_THREAD)

    def ask(self, request: bytes) -> Answered:
        """The answer to a request.  Raises WorkerError."""
        try:
            code, size, *last = self._child.ask(request).split()
            line = self._child.read(int(size))
        except (OSError, ValueError) as error:  # a broken pipe, or half a heading
            raise self._death(error) from None
        if len(line) < int(size):
            raise self._death(None)
        if last:
            self._child.forget()
        return Answered(int(code), line)

    def stop(self) -> None:
        """End the process for good."""
        self._child.stop()

    def _death(self, error: Exception | None) -> WorkerError:
        how = self._child.forget()
        if how is None:
            return WorkerError(f"no process could be started: {error}", hint="Leave --jobs out.")
        return WorkerError(
            f"the process that worked on this line {how}",
            hint="Memory may have run out: make the tensors smaller, or choose fewer --jobs.",
        )


_aside: Worker | None = None


def aside(request: bytes, charset: str) -> Answered:
    """The answer of one process beside this one, which may be ended in the middle.  Raises WorkerError."""
    global _aside
    _aside = _aside or Worker(charset, alone=True)
    return _aside.ask(request)


def stop_aside() -> None:
    global _aside
    if _aside is not None:
        _aside.stop()
    _aside = None


def answers(
    requests: Iterator[bytes], jobs: int, charset: str, timeout: float | None = None
) -> Generator[Answered, None, None]:
    """The answers in the order of the requests, each as soon as it and all before it are there."""
    pool = _Pool([Worker(charset, timeout=timeout, alone=jobs == 1) for _ in range(jobs)])
    reader = threading.Thread(target=pool.feed, args=(requests,), daemon=True)
    reader.start()
    try:
        while (asked := pool.pending.get()) is not None:
            if isinstance(asked, Exception):
                raise asked
            try:
                yield asked.result()
            except WorkerError as error:
                yield failure(error, charset)
    finally:
        pool.stop()


class _Pool:
    """The processes, and what has been asked of them, in order; None or an exception is the end of it."""

    def __init__(self, workers: Sequence[Worker]) -> None:
        self.pending: Queue[Future[Answered] | Exception | None] = Queue(AHEAD * len(workers))
        self._workers = workers
        self._idle: LifoQueue[Worker] = LifoQueue()  # the one that has started already, if requests come slowly
        for worker in self._workers:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(len(workers))
        self._stopped = threading.Event()

    def feed(self, requests: Iterator[bytes]) -> None:
        """Ask for every request; waits while too many are unanswered."""
        try:
            for request in requests:
                if not self._put(self._threads.submit(self._ask, request)):
                    return
            self._put(None)
        except Exception as error:  # noqa: BLE001 - whatever it is, the thread that waits for answers raises it
            self._put(error)

    def stop(self) -> None:
        """End the processes, and forget what has not been asked yet."""
        self._stopped.set()
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.stop()

    def _ask(self, request: bytes) -> Answered:
        worker = self._idle.get()
        try:
            return worker.ask(request)
        finally:
            self._idle.put(worker)

    def _put(self, asked: Future[Answered] | Exception | None) -> bool:
        """Whether it was put before the end."""
        while not self._stopped.is_set():
            try:
                self.pending.put(asked, timeout=0.1)
            except Full:
                continue
            return True
        return False
