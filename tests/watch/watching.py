"""Small programs, run by `gradcli watch` and by Python."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

from command_line import clean_environment

from tools import warm
from tools.warm import asking

SECONDS = 120


@dataclass(frozen=True)
class Ran:
    """How a process ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """The report, where it was asked for as JSON: the last line of its kind on standard error.

        Behind it threads of multiprocessing may complain, at the end of a process that was forked.
        """
        reports = [line for line in self.err.splitlines() if line.startswith('{"schema"')]
        found: dict[str, Any] = json.loads(reports[-1])
        return found

    @property
    def only(self) -> dict[str, Any]:
        """The one finding."""
        (finding,) = self.report["findings"]
        found: dict[str, Any] = finding
        return found


def written(folder: Path, text: str, name: str = "train.py") -> Path:
    """A program in a folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return path


def watched(
    folder: Path, *words: str, stdin: str = "", env: Mapping[str, str] | None = None, wholly: bool = False
) -> Ran:
    """`gradcli watch` in a folder. wholly: to the very end of its interpreter."""
    return _run([*warm.gradcli(wholly=wholly), "watch", *words], folder, stdin, env)


def plain(folder: Path, *words: str, stdin: str = "", env: Mapping[str, str] | None = None) -> Ran:
    """Python itself in the same folder."""
    return _run([sys.executable, *words], folder, stdin, env)


def plain_warm(folder: Path, *words: str, stdin: str = "", with_gradcli: bool = False) -> Ran:
    """A program that imports PyTorch, in a process that has it."""
    return _run([*warm.script(with_gradcli=with_gradcli), *words], folder, stdin, None)


def both(folder: Path, *words: str, stdin: str = "", has_torch: bool = False) -> tuple[Ran, Ran]:
    """Python and `gradcli watch`. has_torch: the program is a file that imports PyTorch, and Python has it already."""
    run = plain_warm if has_torch else plain
    return run(folder, *words, stdin=stdin), watched(folder, *words, stdin=stdin, wholly=True)


def without_report(ran: Ran) -> str:
    """Standard error without what gradcli says last."""
    lines = ran.err.splitlines(keepends=True)
    begins = ("nothing was differentiated", "error[", "1 step")
    end = next((number for number, line in enumerate(lines) if line.startswith(begins)), len(lines))
    return "".join(lines[:end])


def found_in(folder: Path, text: str, *options: str) -> Ran:
    """A program under watch, with its report as JSON."""
    return watched(folder, "--json", *options, written(folder, text).name)


def _run(words: list[str], folder: Path, stdin: str, env: Mapping[str, str] | None) -> Ran:
    environment = {**clean_environment(), **(env or {})}
    code, out, err = asking.run(words, stdin.encode(), folder=folder, env=environment, timeout=SECONDS)
    return Ran(code, _text(out), _text(err))


def _text(written: bytes) -> str:
    return written.decode().replace("\r\n", "\n").replace("\r", "\n")
