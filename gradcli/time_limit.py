"""--timeout: so many seconds for one computation, after which it ends, also in the middle of a kernel.

The main thread hears of it as a KeyboardInterrupt. Where it does not come back to hear, the process has to be left,
and how that is done is known to whoever owns the process: the console program, or a worker of a batch. A process that
only calls gradcli must not be ended, and gives a computation with a limit to another process.
"""

from __future__ import annotations

import signal
import time
from _thread import allocate_lock, interrupt_main, start_new_thread
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from gradcli.exceptions import TimeLimitError
from gradcli.leaving import GRACE

OPTION = "--timeout"
LOOKED_AT = 0.05
"""Seconds after which a limit that rests is looked at again."""
_SIGNAL = getattr(signal, "SIGALRM", signal.SIGABRT)
"""What the main thread is told with: a signal that nobody else sends."""

Leave = Callable[[float], None]
"""Ends the process because a computation took longer than so many seconds."""


class TimeLimit:
    """A number of seconds that has begun, in a process that may be left.  Made in the main thread."""

    def __init__(self, seconds: float, leave: Leave) -> None:
        self.seconds = seconds
        self.overrun = False
        self._leave = leave
        self._deadline = time.monotonic() + seconds
        self._resting = False
        self._told = False
        self._state, self._running = allocate_lock(), allocate_lock()
        self._running.acquire()
        self._before = signal.getsignal(_SIGNAL)

    def start(self) -> None:
        """From now on a KeyboardInterrupt may come."""
        signal.signal(_SIGNAL, self._raise)
        start_new_thread(self._wait, ())

    def stop(self) -> None:
        """The computation has ended.  Raises KeyboardInterrupt if its time was up before, whoever has heard of it."""
        try:
            with self._state:
                if self._running.locked():
                    self._running.release()
            while self.overrun and not self._told:
                time.sleep(LOOKED_AT)
            if self.overrun:
                raise KeyboardInterrupt
        finally:
            signal.signal(_SIGNAL, self._before)

    @contextmanager
    def resting(self) -> Iterator[None]:
        """What happens inside takes none of the time."""
        began, self._resting = time.monotonic(), True
        try:
            yield
        finally:
            self._deadline += time.monotonic() - began
            self._resting = False

    def _raise(self, _number: int, frame: FrameType | None) -> None:
        if not self._told:
            self._told = True
            if not _ends(frame):
                raise KeyboardInterrupt

    def _wait(self) -> None:
        """Runs beside the main thread."""
        while self._resting or (left := self._deadline - time.monotonic()) > 0:
            if self._running.acquire(timeout=LOOKED_AT if self._resting else left):
                return
        with self._state:
            if not self._running.locked():
                return
            self.overrun = True
            interrupt_main(_SIGNAL)
        if not self._running.acquire(timeout=GRACE):
            self._leave(self.seconds)


_leave: Leave | None = None
_current: TimeLimit | None = None


def may_leave(leave: Leave | None) -> None:
    """Allow computations to end this process, in this way; None: no longer."""
    global _leave
    _leave = leave


@contextmanager
def staying() -> Iterator[None]:
    """No computation inside may end this process."""
    before = _leave
    may_leave(None)
    try:
        yield
    finally:
        may_leave(before)


def needs_another_process(words: Sequence[str]) -> bool:
    """Whether the words of a command line give it a limit, and this process must not be left."""
    return _leave is None and any(word == OPTION or word.startswith(f"{OPTION}=") for word in words)


def begin(seconds: float | None) -> None:
    """Give the computation of `Limited` so many seconds from now on; None: as many as it likes.

    One that is run again, on the CPU after its device was lost, has what is left.
    """
    global _current
    if seconds is not None and _leave is not None and _current is None:
        _current = TimeLimit(seconds, _leave)
        _current.start()  # whoever is interrupted from now on finds it there


class Limited:
    """One computation.  Raises TimeLimitError if what `begin` gave it was not enough.

    A KeyboardInterrupt that leaves it may say what is not lost.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        global _current
        try:
            finish()
        except KeyboardInterrupt:
            if _current is None or not _current.overrun:
                raise
        finally:
            limit, _current = _current, None
        if limit is not None and limit.overrun:
            kept = error.args if isinstance(error, KeyboardInterrupt) else ()
            raise TimeLimitError(limit.seconds, *map(str, kept)) from None


def _ends(frame: FrameType | None) -> bool:
    """Whether a computation is at its end, where its limit is looked at anyway."""
    while frame is not None and frame.f_code is not Limited.__exit__.__code__:
        frame = frame.f_back
    return frame is not None


def finish() -> None:
    """The computation is over, and what follows takes as long as it takes.  Raises KeyboardInterrupt if it was late."""
    if _current is not None:
        _current.stop()


@contextmanager
def not_counted() -> Iterator[None]:
    """What happens inside takes none of the computation's time: bringing PyTorch in does not belong to it."""
    if _current is None:
        yield
    else:
        with _current.resting():
            yield
