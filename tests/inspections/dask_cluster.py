"""A cluster of Dask's on this machine: processes forked from one that has imported Dask and PyTorch."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tools import warm

_SERVER = """
import asyncio, os, sys
from distributed import Scheduler, Worker

async def serve(what, address):
    try:
        if what == "scheduler":
            server = Scheduler(host="127.0.0.1", port=int(address), dashboard=False)
        else:
            server = Worker(address, nthreads=1, dashboard=False)
        if what == "bare":
            sys.modules.update({name: None for name in sys.modules if name.startswith("gradcli.inspections")})
        await server
    except BaseException as error:
        print(repr(error).replace(" ", "_"), "failed", flush=True)
        return
    print(server.address, os.getpid(), flush=True)  # nothing later: the next line is that of another process
    await server.finished()
"""
_FORKING = """
for line in sys.stdin:
    if os.fork() == 0:
        what, address, *capability = line.split()
        if capability:
            os.environ["ATEN_CPU_CAPABILITY"] = capability[0]  # read by the first computation, which is still to come
        try:
            asyncio.run(serve(what, address))
        finally:
            os._exit(0)
"""


@dataclass
class Process:
    """A scheduler or a worker, where it listens, and its number."""

    address: str
    number: int

    def send(self, signal_: int) -> None:
        os.kill(self.number, signal_)


@dataclass
class Cluster:
    """One scheduler and its workers; starts what is missing."""

    server: subprocess.Popen[str]
    scheduler: Process
    workers: list[Process] = field(default_factory=list)

    def with_workers(self, count: int) -> list[Process]:
        """So many that are like this process."""
        while len(self.workers) < count:
            self.workers.append(_started(self.server, "worker", self.scheduler.address))
        return self.workers

    def kill(self, worker: Process) -> None:
        self.workers.remove(worker)
        worker.send(signal.SIGKILL)

    def bare_worker(self) -> Process:
        """One whose Python has no gradcli."""
        return _started(self.server, "bare", self.scheduler.address)

    def odd_worker(self, capability: str) -> Process:
        """One whose PyTorch uses another instruction set."""
        return _started(self.server, "worker", self.scheduler.address, capability)

    def restart(self) -> None:
        """End the scheduler, with whose end its workers end, and start it again where it was."""
        port = self.scheduler.address.rsplit(":", 1)[1]
        with suppress(ProcessLookupError):
            self.scheduler.send(signal.SIGKILL)
        self.workers.clear()
        for left in reversed(range(_TRIES)):  # the port is free once the other one has ended
            try:
                self.scheduler = _started(self.server, "scheduler", port)
                return
            except OSError:
                if not left:
                    raise
                time.sleep(0.1)


_TRIES = 100


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A scheduler without workers; all of it ends with this block."""
    scratch = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    environment = {**os.environ, "DASK_TEMPORARY_DIRECTORY": scratch.name}
    server = subprocess.Popen(
        [*warm.python(), _SERVER + _FORKING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        text=True,
    )
    found = Cluster(server, _started(server, "scheduler", "0"))
    try:
        yield found
    finally:
        for forked in (found.scheduler, *found.workers):  # before what forked them: their numbers are theirs till then
            forked.send(signal.SIGKILL)
        server.kill()
        server.communicate()
        scratch.cleanup()


def _started(server: subprocess.Popen[str], what: str, address: str, *capability: str) -> Process:
    assert server.stdin is not None
    assert server.stdout is not None
    print(what, address, *capability, file=server.stdin, flush=True)
    address, number = server.stdout.readline().split()
    if number == "failed":
        raise OSError(address)
    return Process(address, int(number))
