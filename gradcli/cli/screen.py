"""Where answers go: the streams, their width and colour, and the exit code."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from gradcli import time_limit
from gradcli.cli import progress
from gradcli.exceptions import GradcliError, OutputError
from gradcli.render import FORMATS, View, write

if TYPE_CHECKING:
    from gradcli.results import Failure, Result

LONGEST_SIZE = 6
"""Digits in a terminal's width."""
MACHINE_FORMATS = ("json", "ndjson")


def wanted_format(argv: Sequence[str]) -> str:
    """The format that the words ask for, before they have been checked: errors must come in it too."""
    words = list(argv[: argv.index("--")]) if "--" in argv else list(argv)
    if "--json" in words:
        return "json"
    for position, word in enumerate(words):
        if word in ("-f", "--format") and position + 1 < len(words):
            return _known_format(words[position + 1])
        if word.startswith("--format="):
            return _known_format(word.partition("=")[2])
    return _known_format(os.environ.get("GRADCLI_FORMAT", "table"))


def show(answer: Result | Failure, view: View, *, paged: bool = False) -> None:
    """Write an answer; PyTorch's failures go to standard error unless a program reads them.

    paged: whether a person reads it page by page, where it is longer than the terminal.
    """
    from gradcli.results import Failure  # help and mistakes need no records of results

    if isinstance(answer, Failure):
        show_error(answer, view.format)
        return
    time_limit.finish()  # whoever reads may take their time
    progress.stop_for(sys.stdout)
    with _reported("standard output"):
        if paged and view.format == "table" and sys.stdout.isatty():
            from gradcli.cli.pager import write_paged  # most answers go elsewhere, or are short

            write_paged(answer, view, sys.stdout)
        else:
            write(answer, view, sys.stdout)
        sys.stdout.flush()


def show_error(error: GradcliError | Failure, format_: str) -> None:
    """An error as an object on standard output in a machine's format, else as text on standard error."""
    progress.stop()
    if format_ in MACHINE_FORMATS:
        with _reported("standard output"):
            write(error, view_of(sys.stdout, format_=format_), sys.stdout)
            sys.stdout.flush()
        return
    try:
        write(error, view_of(sys.stderr, format_="table"), sys.stderr)
        sys.stderr.flush()
    except OSError:
        pass  # nobody is left to tell; the exit code still says it


def view_of(
    stream: TextIO, *, format_: str, precision: int = 6, max_rows: int | None = 20, plot: bool | None = None
) -> View:
    """The view for a stream. A terminal has a width, colour and plots; a pipe has none of them unless asked."""
    terminal = stream.isatty()
    return View(
        format=format_,
        precision=precision,
        max_rows=max_rows,
        plot=terminal if plot is None else plot,
        width=_width(terminal),
        color=_color(terminal),
    )


def broken_pipe() -> int:
    """The reader went away: that is no error, and nothing more is written."""
    sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - closed with the process
    return 0


def _known_format(word: str) -> str:
    return word if word in FORMATS else "table"


def _width(terminal: bool) -> int | None:
    columns = os.environ.get("COLUMNS", "")
    if _is_size(columns) and int(columns) > 0:
        return int(columns)
    return shutil.get_terminal_size().columns if terminal else None


def _is_size(word: str) -> bool:
    """Whether a word is a number of columns or rows: `²` is a digit and no number, and 5,000 digits are too many."""
    return word.isascii() and word.isdecimal() and len(word) <= LONGEST_SIZE


@contextmanager
def sound_sizes() -> Iterator[None]:
    """COLUMNS and LINES that are no sizes are unset inside: rich would fail on them."""
    odd = {name: word for name in ("COLUMNS", "LINES") if not _is_size(word := os.environ.get(name, "0"))}
    for name in odd:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(odd)


def _color(terminal: bool) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return terminal and os.environ.get("TERM") != "dumb"


@contextmanager
def _reported(name: str) -> Iterator[None]:
    """What the system says about writing, as an error of ours; a closed pipe stays what it is."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise BrokenPipeError from None
        raise OutputError(f"cannot write to {name}: {error.strerror}", hint="Make room, or write elsewhere.") from None
