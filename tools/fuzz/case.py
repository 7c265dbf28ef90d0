"""One case: a command line, what it reads, and how to type it again."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

ENCODING = ("utf-8", "surrogateescape")
"""As Python decodes a command line: any bytes, but for the zero byte, are words."""


@dataclass(frozen=True)
class Case:
    """kind: a row of the table. files: by name, in the folder where the command runs."""

    kind: str
    argv: list[str]
    stdin: bytes = b""
    files: dict[str, bytes] = field(default_factory=dict)

    def command(self) -> str:
        """A line for bash that does the same in an empty folder."""
        steps = [f"base64 -d > {quoted(name)} <<< {_base64(content)}" for name, content in self.files.items()]
        call = " ".join(("gradcli", *map(quoted, self.argv)))
        if self.stdin:
            call = f"base64 -d <<< {_base64(self.stdin)} | {call}"
        return "; ".join((*steps, call))


def quoted(word: str) -> str:
    """A word for bash; with escapes where it has characters that cannot be seen."""
    if word.isprintable():
        return shlex.quote(word)
    return "$'" + "".join(map(_escaped, word.encode(*ENCODING))) + "'"


def _escaped(byte: int) -> str:
    character = chr(byte)
    return f"\\x{byte:02x}" if byte >= 127 or byte < 32 or character in "\\'" else character


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


Maker = Callable[[Random], Case]
