"""The other end of a worker's pipes: lines in, answers out, each behind a heading with its exit code and size."""

from __future__ import annotations

import gc
import os
import select
import signal
import sys
from _thread import start_new_thread
from contextlib import suppress
from typing import BinaryIO

from gradcli import leaving, time_limit
from gradcli.cli import device_loss
from gradcli.cli.batch.answering import answer
from gradcli.cli.batch.answers import failure
from gradcli.exceptions import TimeLimitError

LAST = b"last"
"""In a heading: the process ends with this answer."""

COLLECT_AFTER = 100_000
"""As in a single command: the imports come first, and make hardly any garbage."""


def serve(charset: str, timeout: float | None = None) -> None:
    """Answer standard input line by line until it ends, or whoever asks has gone."""
    gc.set_threshold(COLLECT_AFTER)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a computation hears of its end through it
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else is printed must not stand between the answers
    if hasattr(select, "poll"):
        start_new_thread(_end_with_reader, (out.fileno(),))

    def too_late(seconds: float) -> None:
        """Answer in the place of the main thread, which is inside a kernel, and end: the parent starts another."""
        code, line = failure(TimeLimitError(seconds), charset)
        leaving.end(code, lambda: _write(out, code, line, LAST))

    time_limit.may_leave(too_late)
    requests = sys.stdin.buffer
    with suppress(BrokenPipeError):  # whoever asked has gone
        while line := requests.readline():
            code, answered = answer(line.removesuffix(b"\n"), charset, timeout)
            if device_loss.is_lost():  # the next request needs a process that can use the device
                _write(out, code, answered, LAST)
                return
            _write(out, code, answered)


def _write(out: BinaryIO, code: int, line: bytes, *more: bytes) -> None:
    out.write(b" ".join((b"%d %d" % (code, len(line)), *more)) + b"\n" + line)
    out.flush()


def _end_with_reader(descriptor: int) -> None:
    """Runs beside the main thread, which hears of nothing while it is inside a kernel."""
    poll = select.poll()
    poll.register(descriptor, 0)  # errors alone: the other end is closed
    poll.poll()
    leaving.end(0)
