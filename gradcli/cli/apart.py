"""A command line in a process of its own, for a caller in Python that must not be ended together with a computation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import TextIO

_PROGRAM = """
import json, sys
argv, sys.path[:] = json.loads(sys.argv[1])
sys.argv[1:] = argv
from gradcli.__main__ import run
run()
"""


def run_apart(words: Sequence[str]) -> int:
    """The exit code; what the process writes goes where sys.stdout and sys.stderr write now."""
    sys.stdout.flush()
    ran = subprocess.run(  # noqa: S603 - Python itself
        [sys.executable, "-c", _PROGRAM, json.dumps([list(words), sys.path])],
        input=_input(words),
        stdout=_inherited(sys.stdout, sys.__stdout__),
        stderr=_inherited(sys.stderr, sys.__stderr__),
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    for written, stream in ((ran.stdout, sys.stdout), (ran.stderr, sys.stderr)):
        if written:
            stream.write(written.decode())
    sys.stdout.flush()
    return ran.returncode


def _inherited(stream: TextIO, original: TextIO | None) -> int | None:
    """What the process writes to: the same file as this one, or a pipe if the stream was put in its place."""
    return None if stream is original else subprocess.PIPE


def _input(words: Sequence[str]) -> bytes | None:
    """What standard input holds, if it was put in the place of the process's own and the words ask for it."""
    if sys.stdin is sys.__stdin__:
        return None
    return sys.stdin.read().encode() if any(word.endswith("-") for word in words) else b""
