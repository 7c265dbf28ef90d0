"""Transcripts in the documents: commands with the answers that they really give.

A transcript is a fenced block of the language `console`. A line that begins with `$ ` is a command (lines beginning
with `> ` continue it), what follows is its output: standard output, then standard error, then `[exit code 1]` if it is
not 0.  The tests run each command and compare; `make docs` runs them and writes what they answer.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from tools import warm

ROOT = Path(__file__).parent.parent
DOCUMENTS = ("README*.md", "docs/*.md")
PROGRAMS = ROOT / "tests" / "watch" / "programs"

NEEDS = {"bash": "a shell for pipes", "jq": "reads JSON in pipes"}
"""Programs that a transcript may need besides gradcli; it is skipped where they are missing, and only then."""

BLOCK = re.compile(r"^```console\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?")

_ROUNDING_ERROR = re.compile(r"[\d,.]+ ULP")  # is the processor's and PyTorch's, and is being repaired there
_SECONDS = re.compile(r"\([\d.]+ s\)$", re.MULTILINE)  # how long watch took to run a step again

# Another processor rounds elementary functions differently in the last place of float32, and s(1 - s) carries that
# last place of a number near 1 to the front.
_RELATIVE, _ABSOLUTE = 1e-5, 2**-23


@dataclass(frozen=True)
class Exchange:
    """A command as it stands in a document, and the output under it."""

    command: str
    output: str

    @property
    def needs(self) -> tuple[str, ...]:
        """The programs it runs besides gradcli."""
        if not self.in_shell:
            return ()
        return tuple(name for name in NEEDS if name == "bash" or re.search(rf"(^|\|)\s*{name}\b", self.command))

    @property
    def in_shell(self) -> bool:
        """Whether it takes more than one program, a process of its own, or anything else that a shell does."""
        words = shlex.shlex(self.command, posix=True, punctuation_chars=True)
        words.whitespace_split = True
        if not self.command.startswith("gradcli ") or self.command.startswith("gradcli watch "):
            return True
        return any(re.fullmatch(r"[();<>|&]+", word) for word in words)

    def text(self) -> str:
        """The command with its output, as a document holds them."""
        return "$ " + self.command.replace("\n", "\n> ") + "\n" + self.output


def blocks(document: str) -> Iterator[tuple[int, int, tuple[Exchange, ...]]]:
    """Where the inside of each block begins and ends, and the exchanges in it."""
    for match in BLOCK.finditer(document):
        yield match.start("body"), match.end("body"), exchanges(match["body"])


def exchanges(body: str) -> tuple[Exchange, ...]:
    """The commands of one block with their outputs.  Raises ValueError for text before the first command."""
    before, *parts = re.split(r"^\$ ", body, flags=re.MULTILINE)
    if before.strip():
        raise ValueError(f"a transcript begins with '$ ', not with {before.splitlines()[0]!r}")
    found = []
    for part in parts:
        command, *lines = part.splitlines()
        while lines and lines[0].startswith("> "):
            command += "\n" + lines.pop(0)[2:]
        found.append(Exchange(command, "".join(line + "\n" for line in lines)))
    return tuple(found)


def missing(exchange: Exchange) -> list[str]:
    """The programs that it needs and that are not there."""
    return [name for name in exchange.needs if shutil.which(name) is None]


def answer(exchange: Exchange) -> str:
    """What the command writes now, in the notation of a transcript."""
    return _in_shell(exchange.command) if exchange.in_shell else _in_process(shlex.split(exchange.command)[1:])


@contextlib.contextmanager
def workplace(commands: Iterable[str]) -> Iterator[None]:
    """A folder to work in, which the commands of a block share, with the programs to be watched if one is named."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        if any("programs/" in command for command in commands):
            shutil.copytree(PROGRAMS, "programs", ignore=shutil.ignore_patterns("__pycache__"))
        yield


def agree(expected: str, actual: str) -> bool:
    """The same text; a number may differ by the rounding of another processor, and spaces with it."""
    if expected == actual:
        return True
    one, other = (_SECONDS.sub("", _ROUNDING_ERROR.sub("some ULP", text)).split() for text in (expected, actual))
    same_lines = expected.count("\n") == actual.count("\n")
    return same_lines and len(one) == len(other) and all(map(_same_word, one, other))


def document_paths() -> list[Path]:
    """The documents that hold transcripts."""
    return sorted(path for pattern in DOCUMENTS for path in ROOT.glob(pattern))


def _same_word(one: str, other: str) -> bool:
    if one == other:
        return True
    if _NUMBER.sub("0", one) != _NUMBER.sub("0", other):
        return False
    return all(map(_close, _NUMBER.findall(one), _NUMBER.findall(other)))


def _close(one: str, other: str) -> bool:
    if not {".", "e"} & set(one + other):
        return one == other  # counts, shapes and indices are exact
    first, second = float(one), float(other)
    return abs(first - second) <= _ABSOLUTE + _RELATIVE * abs(first)


def _environment() -> dict[str, str]:
    """The user's environment without what changes gradcli's output."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("GRADCLI_")}
    for name in ("COLUMNS", "LINES", "FORCE_COLOR"):
        ours.pop(name, None)
    return {**ours, "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8", "TERM": "dumb"}


def _in_process(argv: list[str]) -> str:
    from gradcli.cli import main

    out, err = _stream(), _stream()
    with (
        mock.patch.dict(os.environ, _environment(), clear=True),
        mock.patch("sys.stdin", io.StringIO("")),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = main(argv)
    return _notation(_written(out), _written(err), code)


def _in_shell(command: str) -> str:
    environment = _environment()
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "gradcli"
        script.write_text(f'#!/bin/sh\nexec {shlex.join(warm.gradcli())} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
        run = subprocess.run(
            ["bash", "-c", command],
            env={**environment, "PATH": folder + os.pathsep + environment.get("PATH", "")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
            encoding="utf-8",
        )
    return _notation(run.stdout, run.stderr, run.returncode)


def _notation(out: str, err: str, code: int) -> str:
    text = out + err
    if text and not text.endswith("\n"):
        text += "\n"
    text = "".join(line.rstrip() + "\n" for line in text.splitlines())
    return text if code == 0 else f"{text}[exit code {code}]\n"


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8")


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode()  # type: ignore[attr-defined]
