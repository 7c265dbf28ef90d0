"""One case: a command line, what it reads, and how to type it again."""

from __future__ import annotations

import base64
import gzip
import shlex
from dataclasses import dataclass, field

LONG = 200
ENCODING = ("utf-8", "surrogateescape")
"""As Python decodes a command line: any bytes, but for the zero byte, are words."""


MARK = "OWNED"
"""The name in hostile texts: it may stand in a program's comments and texts, and nowhere else."""


@dataclass(frozen=True)
class Case:
    """kind: a row of the table. files: by name, in the folder where the command runs. environment: on top of ours."""

    kind: str
    argv: list[str]
    stdin: bytes = b""
    files: dict[str, bytes] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def command(self) -> str:
        """A line for bash that does the same in an empty folder."""
        steps = [f"{_bytes(content)} > {quoted(name)}" for name, content in self.files.items()]
        given = (f"{name}={quoted(value)}" for name, value in self.environment.items())
        call = " ".join((*given, "gradcli", *map(quoted, self.argv)))
        if self.stdin:
            call = f"{_bytes(self.stdin)} | {call}"
        return "; ".join((*steps, call))


def quoted(word: str) -> str:
    """A word for bash; with escapes where it has characters that cannot be seen."""
    if word.isprintable():
        return shlex.quote(word)
    return "$'" + "".join(map(_escaped, word.encode(*ENCODING))) + "'"


def _escaped(byte: int) -> str:
    character = chr(byte)
    return f"\\x{byte:02x}" if byte >= 127 or byte < 32 or character in "\\'" else character


def _bytes(content: bytes) -> str:
    """A command that writes them; long ones are packed, as they often repeat."""
    if len(content) < LONG:
        return f"base64 -d <<< {base64.b64encode(content).decode()}"
    return f"base64 -d <<< {base64.b64encode(gzip.compress(content, mtime=0)).decode()} | gunzip"
