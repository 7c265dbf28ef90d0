"""Command lines run in this process or in one of their own, with their streams captured."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from gradcli.cli import main
from tools import warm
from tools.warm import asking

OWN_VARIABLES = (
    "COLUMNS",
    "FORCE_COLOR",
    "GRADCLI_DEBUG",
    "GRADCLI_DEVICE",
    "GRADCLI_DTYPE",
    "GRADCLI_FORMAT",
    "GRADCLI_LEAN",
    "NO_COLOR",
)
"""What changes answers from outside: nobody's shell may leak into a test."""

Answer = tuple[int, str, str]
Json = Any


def captured(argv: Sequence[str]) -> Answer:
    """The exit code of gradcli.cli.main, and what it wrote."""
    out, err = _writable(), _writable()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(argv))
    return code, _written(out), _written(err)


def answered(argv: Sequence[str]) -> Json:
    """The JSON of a command line that must succeed."""
    code, out, err = captured([*argv, "--json"])
    assert code == 0, (argv, out, err)
    return json.loads(out, parse_constant=_not_strict)


def failed(argv: Sequence[str], code: int) -> Json:
    """The error of a command line that must end with that exit code."""
    found, out, _ = captured([*argv, "--json"])
    assert found == code, (argv, out)
    document = json.loads(out, parse_constant=_not_strict)
    assert document["schema"] == "gradcli/error/1"
    return document["error"]


def numbers(values: Json) -> list[float]:
    """Nested lists as one, with the words for what JSON cannot write read back."""
    if isinstance(values, list):
        return [number for part in values for number in numbers(part)]
    return [float(values)]


def in_process_of_its_own(
    argv: Sequence[str] = (),
    stdin: str | bytes | None = None,
    env: Mapping[str, str] | None = None,
    *,
    python: str | None = None,
) -> Answer:
    """Exit code, standard output and standard error of gradcli, or of a program in a new interpreter."""
    words = [*warm.gradcli(), *argv] if python is None else [sys.executable, "-c", python, *argv]
    given = b"" if stdin is None else stdin.encode() if isinstance(stdin, str) else stdin
    code, out, err = asking.run(words, given, folder=None, env={**clean_environment(), **(env or {})}, timeout=120)
    return code, out.decode(), err.decode()


def clean_environment() -> dict[str, str]:
    """This process's environment without the variables that gradcli reads."""
    return {name: value for name, value in os.environ.items() if name not in OWN_VARIABLES}


def _not_strict(word: str) -> float:
    raise AssertionError(f"{word} is no JSON")


def _writable() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()
