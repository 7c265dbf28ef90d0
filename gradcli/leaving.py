"""Leaving a computation in the middle: on Ctrl-C, on a request to end, and inside a long kernel.

Python hears a signal when its main thread is back at Python code, and inside one call of PyTorch that can take minutes.
PyTorch lets other threads of Python run meanwhile. So a thread waits beside the main one: it gives the main thread a
moment to end by itself, then undoes what is half done and ends the process.
"""

from __future__ import annotations

import os
import signal
import time
from _thread import LockType, allocate_lock, start_new_thread
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import NoReturn

GRACE = 0.3
"""Seconds that the main thread has to come back by itself."""
TIDYING = 0.3
"""Seconds that undoing what is half done may take."""
TELLING = 5.0
"""Seconds that a last word may take, on a machine that has a lot to do."""

LAST_STREAM = 2
"""The number of standard error."""

Undo = Callable[[], object]

_undos: list[Undo] = []


def remember(undo: Undo) -> None:
    """Have `undo` called if the process is ended before the same is forgotten."""
    _undos.append(undo)


def forget(undo: Undo) -> None:
    with suppress(ValueError):
        _undos.remove(undo)


def end(code: int, last: Undo | None = None) -> NoReturn:
    """Undo what is half done, do the last thing, and end the process, in time whatever becomes of either."""
    tidied = allocate_lock()
    tidied.acquire()
    start_new_thread(_tidy, ([*reversed(_undos), *([last] if last else [])], tidied))
    tidied.acquire(timeout=TELLING if last else TIDYING)
    os._exit(code)


def _tidy(undos: list[Undo], tidied: LockType) -> None:
    for undo in undos:
        with suppress(BaseException):  # the others are to be undone all the same
            undo()
    tidied.release()


class Signals:
    """The signals that end a run of the console program: the exit code is 128 and the number of the signal.

    The first one raises KeyboardInterrupt in the main thread; if the process is still there GRACE seconds later, it
    is ended from here. More signals change nothing: `timeout` sends two, and tidying up must not be disturbed.
    """

    def __init__(self) -> None:
        self.asked: int | None = None
        names = (name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
        self._numbers = [number for number in map(signal.Signals.__getitem__, names) if _ends(number)]
        self._reader, writer = _pipe()
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for number in self._numbers:
            signal.signal(number, self._raise)
        start_new_thread(self._wait, ())

    def finished(self, code: int) -> int:
        """The exit code; from now on nothing is left to be undone, and a first signal ends the process at once."""
        for number in self._numbers:
            signal.signal(number, signal.SIG_DFL if self.asked is None else signal.SIG_IGN)
        return code if self.asked is None else 128 + self.asked

    def _raise(self, number: int, _frame: FrameType | None) -> None:
        first, self.asked = self.asked is None, self.asked or number
        if first:
            raise KeyboardInterrupt

    def _wait(self) -> None:
        """Runs beside the main thread: the number of each signal arrives through a pipe, written by Python's C code."""
        while (number := os.read(self._reader, 1)[0]) not in self._numbers:
            pass  # a signal of somebody else's
        time.sleep(GRACE)
        end(128 + number)


def _pipe() -> tuple[int, int]:
    """A pipe that does not take the place of a standard stream that is closed: libraries write there unasked."""
    ends = os.pipe()
    if min(ends) > LAST_STREAM:
        return ends
    kept = (_moved(ends[0]), _moved(ends[1]))
    for end in ends:
        os.close(end)
    return kept


def _moved(descriptor: int) -> int:
    copies = [os.dup(descriptor)]
    while copies[-1] <= LAST_STREAM:
        copies.append(os.dup(descriptor))
    for copy in copies[:-1]:
        os.close(copy)
    return copies[-1]


def _ends(number: int) -> bool:
    """Whether a signal would end the process: under nohup it does not."""
    return signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler)
