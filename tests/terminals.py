"""Pseudo-terminals, and what they show."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import termios
import threading
from contextlib import suppress
from typing import NamedTuple

PATIENCE = 60


class Shown(NamedTuple):
    code: int
    out: str
    """Standard output."""
    sent: str
    """Everything that was sent to the terminal of standard error."""

    @property
    def screen(self) -> list[str]:
        return screen(self.sent)


def screen(sent: str) -> list[str]:
    """The lines that a terminal shows in the end, without the empty ones below."""
    lines, row, column = [""], 0, 0
    for mark, final, text in re.findall(r"\x1b\[([\d;?]*)([A-Za-z])|([^\x1b\r\n]+|[\s\S])", sent):
        if text == "\r":
            column = 0
        elif text == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif text:
            lines[row] = lines[row].ljust(column)[:column] + text + lines[row][column + len(text) :]
            column += len(text)
        elif final == "A":
            row = max(0, row - int(mark or 1))
        elif final == "K":
            assert mark == "2"
            lines[row] = ""
        else:
            assert final == "m", (mark, final)
    return [line.rstrip() for line in lines if line.strip()]


class Terminal:
    """A pseudo-terminal whose other end is read all the time: a full one would stop whoever writes."""

    def __init__(self, columns: int) -> None:
        self._control, self.end = pty.openpty()
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self._sent = b""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        with suppress(OSError):  # how Linux says that the end is closed
            while data := os.read(self._control, 65536):
                self._sent += data

    def sent_so_far(self) -> str:
        return self._sent.decode(errors="replace")

    def sent(self) -> str:
        """Everything, once nobody can write any more."""
        self._reader.join(PATIENCE)
        os.close(self._control)
        return self._sent.decode()
