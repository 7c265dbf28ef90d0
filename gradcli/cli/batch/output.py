"""Answers on standard output: whole lines, also when the user interrupts; and a count on the terminal."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import FrameType

from gradcli import leaving


class Lines:
    """Standard output, a line at a time. Ctrl-C waits until a line is out; a second one does not wait."""

    def __init__(self) -> None:
        self._stream = sys.stdout
        self._writing = False
        self._interrupted = False

    @property
    def charset(self) -> str:
        return getattr(self._stream, "encoding", None) or "utf-8"

    def write(self, line: bytes) -> None:
        """The line, at once: whoever reads may be waiting for it.  Raises KeyboardInterrupt if Ctrl-C was pressed."""
        if self._interrupted:  # PyTorch has swallowed the exception, and this answer is what came of it
            raise KeyboardInterrupt
        self._writing = True
        buffer = getattr(self._stream, "buffer", None)
        if buffer is None:
            self._stream.write(line.decode(self.charset))
        else:
            buffer.write(line)
        self._stream.flush()
        self._writing = False
        if self._interrupted:
            raise KeyboardInterrupt

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Hold Ctrl-C back while a line is being written."""
        before = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is not threading.main_thread() or not callable(before):
            yield
            return
        signal.signal(signal.SIGINT, self._interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        again, self._interrupted = self._interrupted, True
        if again or not self._writing:
            raise KeyboardInterrupt


def counter() -> AbstractContextManager[Callable[[bool], None]]:
    """Counts answers on standard error, where that is a terminal and standard output is none: count(answered)."""
    if sys.stderr.isatty() and not sys.stdout.isatty():
        return _shown_count()
    return nullcontext(lambda _answered: None)


@contextmanager
def _shown_count() -> Iterator[Callable[[bool], None]]:
    from rich.progress import ProgressColumn, SpinnerColumn, Task, TextColumn, TimeElapsedColumn
    from rich.text import Text

    from gradcli.cli.progress_bars import lines_on

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed or 0:,.0f}/s")

    columns = (
        SpinnerColumn(),
        TextColumn("{task.completed:,} answered"),
        TextColumn("{task.fields[failed]:,} failed"),
        Rate(),
        TimeElapsedColumn(),
    )
    with lines_on(sys.stderr, *columns) as progress:
        leaving.remember(progress.stop)
        task = progress.add_task("", total=None, failed=0)
        failed = 0

        def count(answered: bool) -> None:
            nonlocal failed
            failed += not answered
            progress.update(task, advance=1, failed=failed)

        yield count
        leaving.forget(progress.stop)
