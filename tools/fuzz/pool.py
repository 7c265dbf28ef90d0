"""Workers that are watched: each answer within its time, or the worker has hung or died."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

ROOT = Path(__file__).parent.parent.parent
STARTING = 600.0
"""Seconds that a worker has to import PyTorch, on a machine that does other things too."""
STARTS = 3


@dataclass(frozen=True)
class Ran:
    """A case that was run: its number, how it ended, and what is wrong with it as kinds and texts."""

    number: int
    kind: str | None
    code: int | None
    seconds: float
    faults: tuple[tuple[str, str], ...]


class Worker:
    """A process for cases; started again after it has hung or died."""

    def __init__(self, program: Sequence[str], patience: float) -> None:
        self._program = program
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, number: int) -> Ran:
        """Run one case, and if it hangs once more in a fresh process, as the machine may have been busy."""
        ran = self._run(number)
        return self._run(number) if any(kind == "hang" for kind, _ in ran.faults) else ran

    def _run(self, number: int) -> Ran:
        process = self._running()
        assert process.stdin is not None
        process.stdin.write(b"%d\n" % number)
        process.stdin.flush()
        line = self._line(self._patience)
        if line is None:
            self.stop()
            return Ran(number, None, None, self._patience, (("hang", f"no answer in {self._patience:g} seconds"),))
        if not line:
            code = process.wait()
            self.stop()
            return Ran(number, None, None, 0.0, (("crash", _how(code)),))
        document = json.loads(line)
        found = tuple((kind, text) for kind, text in document["faults"])
        return Ran(number, document["kind"], document["code"], document["seconds"], found)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                with suppress(OSError):  # what it did not read any more
                    pipe.close()  # type: ignore[union-attr]
        self._process = None

    def _running(self) -> subprocess.Popen[bytes]:
        for _ in range(STARTS):
            if self._process is not None or self._start():
                break
        if self._process is None:
            raise RuntimeError("a worker does not start: " + " ".join(self._program))
        return self._process

    def _start(self) -> bool:
        """Whether a process is ready for cases."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GRADCLI_")}
        environment |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            [sys.executable, *self._program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        ready = self._line(STARTING) == b"ready\n"
        if not ready:
            self.stop()
        return ready

    def _line(self, seconds: float) -> bytes | None:
        """The next line; None if it does not come in time, nothing if the process has died."""
        assert self._process is not None
        assert self._process.stdout is not None
        ready = select.select([self._process.stdout], [], [], seconds)[0]
        return self._process.stdout.readline() if ready else None


def _how(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def run_all(numbers: Sequence[int], jobs: int, program: Sequence[str], patience: float) -> Iterator[Ran]:
    """Run the cases in several processes; in no particular order."""
    waiting: Queue[int | None] = Queue()
    done: Queue[Ran | BaseException | None] = Queue()
    for number in (*numbers, *(None for _ in range(jobs))):
        waiting.put(number)

    def work() -> None:
        worker = Worker(program, patience)
        try:
            while (number := waiting.get()) is not None:
                done.put(worker.run(number))
        except BaseException as error:  # noqa: BLE001 - raised again where the answers are read
            done.put(error)
        finally:
            worker.stop()
            done.put(None)

    for _ in range(jobs):
        threading.Thread(target=work, daemon=True).start()
    ended = 0
    while ended < jobs:
        ran = done.get()
        if isinstance(ran, BaseException):
            raise ran
        if ran is None:
            ended += 1
        else:
            yield ran
