"""An answer that is longer than the terminal goes through a pager: PAGER, or less; an empty one is none."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TextIO

from gradcli.render import Answer, View, renderer
from gradcli.render.text import encodable, width_of

DEFAULT = "less"
LESS = "FRX"
"""What less is told where LESS is not set: end if one screen holds it all, show colours, leave the text there."""
_COLOUR = re.compile("\x1b\\[[0-9;]*m")


def write_paged(answer: Answer, view: View, stream: TextIO) -> None:
    """Write an answer to a terminal, through the pager if it is longer than that, and there is one."""
    charset = stream.encoding or "utf-8"
    text = encodable("".join(renderer(view.format)(answer, replace(view, charset=charset))), charset)
    pager = _pager()
    if pager is None or _rows(text) < shutil.get_terminal_size().lines or not _read_through(pager, text, stream):
        stream.write(text)


def _pager() -> list[str] | None:
    """The words of the pager; None where none is wanted, or it is not there."""
    if os.environ.get("TERM") == "dumb":
        return None
    try:
        words = shlex.split(os.environ.get("PAGER", DEFAULT))
    except ValueError:  # an open quote
        return None
    return words if words and shutil.which(words[0]) else None


def _rows(text: str) -> int:
    """How many rows of the terminal a text takes."""
    columns = max(1, shutil.get_terminal_size().columns)
    return sum(max(1, -(-width_of(line) // columns)) for line in _COLOUR.sub("", text).split("\n")[:-1])


def _read_through(words: list[str], text: str, stream: TextIO) -> bool:
    """Have somebody read the text in the pager, who may leave before its end; False where it does not start."""
    import subprocess  # only a long answer needs it

    environment = {"LESS": LESS, **os.environ}
    stream.flush()
    with _interrupts_for_the_pager():
        try:
            process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=stream, env=environment)  # noqa: S603 - the user's own
        except OSError:
            return False
        with suppress(BrokenPipeError):
            process.communicate(text.encode(stream.encoding or "utf-8"))
        process.wait()
    return True


@contextmanager
def _interrupts_for_the_pager() -> Iterator[None]:
    """Ctrl-C is the pager's inside: less stays, and others end by it.

    A handler that does nothing, and no signal that is ignored: the pager would inherit that.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield  # nothing to be changed from here, or nothing to be kept away
        return
    told = signal.set_wakeup_fd(-1)
    before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        signal.set_wakeup_fd(told, warn_on_full_buffer=False)
