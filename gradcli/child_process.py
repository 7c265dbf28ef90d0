"""A Python beside this one, behind two pipes, which works on one request at a time.

A forked child would hang if PyTorch had started threads in the parent. A child ends by itself when the pipe to it is
closed, so that none survives the parent, however that ends.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress

from gradcli import leaving
from gradcli.exceptions import GradcliError

ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""The environment of children that work side by side."""


class WorkerError(GradcliError):
    """A process that worked for this one ended without an answer, or with an error."""

    code = "worker"
    exit_code = 1


class ChildProcess:
    """Started when it is first needed, and again after it has died.

    program: what it runs; argv: its words, behind which sys.path stands. environment: variables besides the parent's.
    """

    def __init__(self, program: str, argv: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> None:
        self._words = ["-c", program, *argv]
        self._environment = environment or {}
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._lock = threading.Lock()

    def running(self) -> subprocess.Popen[bytes]:
        """The process.  Raises OSError where it cannot be started, and once it was stopped."""
        with self._lock:
            if self._process is None and not self._stopped:
                self._process = subprocess.Popen(  # noqa: S603 - Python itself
                    [sys.executable, *self._words, *sys.path],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env={**os.environ, **self._environment},
                    process_group=0,  # Ctrl-C goes to the parent alone, which then ends the others
                )
                leaving.remember(self._process.kill)
            if self._process is None:
                raise OSError("no more requests are answered")
            return self._process

    def ask(self, request: bytes) -> bytes:
        """Write one line, and read the next one.  Raises OSError for a broken pipe."""
        process = self.running()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(request + b"\n")
        process.stdin.flush()
        return process.stdout.readline()

    def read(self, size: int) -> bytes:
        """What the process writes behind that line; less where it has died.  Raises OSError."""
        process = self.running()
        assert process.stdout is not None
        return process.stdout.read(size)

    def forget(self) -> str | None:
        """Let the process go that has ended or is about to; how it ended, None where there was none."""
        process, self._process = self._process, None
        if process is None:
            return None
        code = _end(process)
        return f"was killed by {_signal_name(-code)}" if code < 0 else f"ended with exit code {code}"

    def kill(self) -> None:
        """End the process for good, without waiting for its end."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._process.kill()

    def stop(self) -> None:
        """End the process for good."""
        self.kill()
        if (process := self._process) is not None:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> int:
    """Kill a process and wait for it; how it ended."""
    leaving.forget(process.kill)
    process.kill()
    code = process.wait()
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):  # what it did not read any more
            pipe.close()  # type: ignore[union-attr]
    return code


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
