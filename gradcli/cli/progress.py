"""What is taking so long: a line on the terminal after two seconds, gone before anything is printed.

A thread draws it from the counts that the loops keep. Nothing waits for that thread but its own end, and whatever
becomes of it, the answer is the same.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, TextIO

from gradcli import leaving
from gradcli.progress import Loop, listening

if TYPE_CHECKING:
    from threading import Thread

PATIENCE = 2.0
"""Seconds until anything is drawn."""
REDRAWN = 0.1
"""Seconds from one picture to the next."""


class ProgressDisplay:
    """Draws the loops that run, or the time that passes where there are none. Hears of them as a Listener."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._loops: list[Loop] = []
        self._thread: Thread | None = None

    def begins(self, loop: Loop) -> None:
        self._loops.append(loop)

    def ends(self, loop: Loop) -> None:
        self._loops.remove(loop)

    def start(self) -> None:
        """Wait, then draw; nothing if that has begun already."""
        if self._thread is None:
            from threading import Event, Thread  # most command lines end before anything is drawn

            self._over = Event()
            self._thread = Thread(target=self._draw, name="progress", daemon=True)
            self._thread.start()
            leaving.remember(self.stop)

    def stop(self) -> bool:
        """Erase what is drawn; whether there was anything to stop."""
        if self._thread is None:
            return False
        leaving.forget(self.stop)
        self._over.set()
        try:
            self._thread.join()
        except KeyboardInterrupt:  # the line goes all the same
            self._thread.join()
            raise
        finally:
            self._thread = None
        return True

    def _draw(self) -> None:
        began = time.monotonic()
        if self._over.wait(PATIENCE) or not _in_foreground(self._stream):
            return
        with suppress(Exception):  # a terminal that cannot be drawn on is no reason to lose an answer
            from gradcli.cli.progress_bars import ProgressBars  # brings rich.progress

            with ProgressBars(self._stream, began) as bars:
                while not self._over.wait(REDRAWN):
                    bars.show(list(self._loops))


_display: ContextVar[ProgressDisplay | None] = ContextVar("display", default=None)


@contextmanager
def with_progress() -> Iterator[None]:
    """Have a display for one command line, where standard error is a terminal; `start` sets it going."""
    display = ProgressDisplay(sys.stderr) if sys.stderr.isatty() else None
    with _with(display):
        try:
            yield
        finally:
            stop()


@contextmanager
def without_progress() -> Iterator[None]:
    """No display inside, for what shows by itself how far it is."""
    stop()
    with _with(None):
        yield


def start() -> None:
    """From now on, whatever takes long is to be drawn."""
    if (display := _display.get()) is not None:
        display.start()


def stop() -> bool:
    """Leave the terminal to what is printed from now on."""
    display = _display.get()
    return display is not None and display.stop()


def stop_for(stream: TextIO) -> None:
    """The same if the stream may be on the terminal too: itself, or through a pager."""
    if not _is_file(stream):
        stop()


@contextmanager
def paused() -> Iterator[None]:
    """Leave the terminal to what is printed inside."""
    was_going = stop()
    try:
        yield
    finally:
        if was_going:
            start()


@contextmanager
def _with(display: ProgressDisplay | None) -> Iterator[None]:
    before = _display.set(display)
    try:
        with listening(display):
            yield
    finally:
        _display.reset(before)


def _is_file(stream: TextIO) -> bool:
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):  # a stream in memory, or a closed one
        return False


def _in_foreground(stream: TextIO) -> bool:
    """Whether the terminal is ours to draw on: the shell's prompt is there while a job runs in the background."""
    try:
        return os.tcgetpgrp(stream.fileno()) == os.getpgrp()
    except (OSError, ValueError, AttributeError):  # not the terminal of this session, or a system without such jobs
        return True
