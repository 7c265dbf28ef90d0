"""Lines on a terminal that say how far something is, and that are erased in the end."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import TextIO

from rich.console import Console, ConsoleDimensions
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID
from rich.text import Text

from gradcli.progress import Loop

LOOKED_AT = 0.5
"""Seconds that a loop runs before it gets a line: the lines of shorter ones would flicker."""
MOST_LINES = 3
NARROW = 60
ECHO = "^C "
"""What Ctrl-C leaves behind the line: without room for it, it would push the line to where it is not erased."""


class Screen(Console):
    """The terminal behind a stream, as wide as it is: what COLUMNS says would wrap, and could not be erased.

    The cursor stays visible: a process that is killed could not bring it back.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(file=stream)
        self._terminal = stream

    @property  # type: ignore[misc]  # nobody sets it
    def size(self) -> ConsoleDimensions:
        try:
            columns, rows = os.get_terminal_size(self._terminal.fileno())
        except (OSError, ValueError):
            columns, rows = 0, 0
        return ConsoleDimensions(max(1, (columns or 80) - len(ECHO)), rows or 25)

    def show_cursor(self, _show: bool = True) -> bool:
        return False


def lines_on(stream: TextIO, *columns: ProgressColumn, by_itself: bool = True) -> Progress:
    """Lines of these columns, erased in the end. by_itself: redrawn ten times a second by a thread of rich's."""
    return Progress(
        *columns,
        console=Screen(stream),
        transient=True,
        auto_refresh=by_itself,
        redirect_stdout=False,
        redirect_stderr=by_itself,
    )


class ProgressBars:
    """A line for each of the loops that run, the outer ones first; without any, the time that has passed."""

    def __init__(self, stream: TextIO, began: float) -> None:
        self._waiting = Loop("computing", None, began=began)
        self._lines: dict[Loop, TaskID] = {}
        width = Screen(stream).width
        rich_characters = "utf" in stream.encoding.lower()
        bar, times = (18, [_Time()]) if width >= NARROW else (8, [])
        room = width - bar - 3 - len("0:00:00 left ") * len(times)  # the spinner, and a space on each side
        columns = (SpinnerColumn("dots" if rich_characters else "line"), _Words(room), _Bar(bar_width=bar), *times)
        self._progress = lines_on(stream, *columns, by_itself=False)

    def __enter__(self) -> ProgressBars:
        self.show(())
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, running: Sequence[Loop]) -> None:
        """Draw the loops as far as they are now."""
        now = time.monotonic()
        wanted = [loop for loop in running if now - loop.began >= LOOKED_AT][:MOST_LINES] or [self._waiting]
        for loop in [loop for loop in self._lines if loop not in wanted]:
            self._progress.remove_task(self._lines.pop(loop))
        for loop in wanted:
            if loop not in self._lines:
                self._lines[loop] = self._progress.add_task("", total=loop.total, began=loop.began)
            self._progress.update(self._lines[loop], completed=_done(loop), description=_words(loop))
        self._progress.refresh()


class _Words(ProgressColumn):
    """What is done, in so many characters."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = max(1, room)

    def render(self, task: Task) -> Text:
        words: str = task.description
        return Text(words if len(words) <= self._room else words[: self._room - 2].rstrip() + "..")


class _Bar(BarColumn):
    """Only where the end is known."""

    def render(self, task: Task) -> object:  # type: ignore[override]
        return Text("") if task.total is None else super().render(task)


class _Time(ProgressColumn):
    """The time that is left, where that can be said; else what has passed."""

    def render(self, task: Task) -> Text:
        passed = time.monotonic() - task.fields["began"]
        share = 0.0 if not task.total else task.completed / task.total
        if not share:
            return Text(_clock(passed))
        return Text(f"{_clock(passed / share - passed)} left")


def _words(loop: Loop) -> str:
    """`1,200 of 3,000 rows of the Jacobian`."""
    if loop.total is not None:
        return f"{_done(loop):,} of {loop.total:,} {loop.what}"
    return f"{loop.done:,} {loop.what}" if loop.done else loop.what


def _done(loop: Loop) -> int:
    """Where the total does not count the last round, which updates nothing, that round is not counted either."""
    return loop.done if loop.total is None else min(loop.done, loop.total)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
