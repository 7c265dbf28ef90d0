"""`watch` on the command line: a program runs in this process, and the report goes to standard error and into files."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from gradcli.cli.app import read
from gradcli.cli.screen import show_error, view_of
from gradcli.commands.option_values import memory
from gradcli.commands.shared import check_codes, names_in
from gradcli.exceptions import BoundError, GradcliError, OutputError, UsageError, listed
from gradcli.inspections.options import WatchOptions
from gradcli.render import View, write
from gradcli.sinks.targets import Target, targets

if TYPE_CHECKING:
    from gradcli.results import WatchResult

REPORTS = (".json", ".md", ".html", ".csv", ".ndjson", ".parquet")


@dataclass(frozen=True)
class Ending:
    """The exit code, and what the program raised and did not catch, which has been told."""

    code: int
    raised: BaseException | None = None


def run_watched(words: Sequence[str]) -> Ending:
    """Run `watch` and the program that follows it."""
    try:
        given = read([*words])
        if isinstance(given, int):
            return Ending(given)
        return _watch(given.values)
    except GradcliError as error:
        show_error(error, "table")
        return Ending(error.exit_code)


def _watch(given: dict[str, Any]) -> Ending:
    failing = names_in(given["fail_on"])
    check_codes(failing)
    files = targets(given["out"] or ())
    options = _options(given, has_page=any(file.ending == ".html" for file in files))
    for file in files:
        if file.ending not in REPORTS:
            raise OutputError(f"no report is written as {file.ending}", hint=f"Choose {listed(REPORTS)}.")
    words, module = given["words"] or [], given["module"]
    if module is None and not words:
        raise UsageError("watch needs a program", hint="For example: gradcli watch train.py --epochs 3")
    from gradcli.inspections.watch import watch  # PyTorch is imported for a program alone
    from gradcli.inspections.watching.running import Program

    stderr = sys.stderr  # the program may put something else in its place
    program = Program(words[0], tuple(words[1:])) if module is None else Program(module, tuple(words), is_module=True)
    watched = watch(program, options)
    result = watched.result
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, or none at all
            stream.flush()
    _tell(result, stderr, given["json"])
    _write(result, files)
    failed = any(one.severity == "error" or {one.code, one.severity} & {*failing} for one in result.findings)
    return Ending(1 if failed else watched.ended.code, watched.ended.raised)


def _options(given: dict[str, Any], *, has_page: bool) -> WatchOptions:
    for name in ("every", "from_step", "patience", "norms"):
        if given[name] is not None and given[name] < 1:
            raise BoundError(f"--{name.replace('_', '-')} {given[name]} is out of bounds", hint="Choose 1 or more.")
    return WatchOptions(
        goes_on=given["goes_on"],
        every=given["every"],
        from_step=given["from_step"],
        follow=names_in(given["follow"]),
        patience=given["patience"],
        memory=memory(given["memory"]),
        norms=given["norms"],
        keeps_norms=has_page,
        parameters=names_in(given["params"]) or None,
        save=_folder(given["save"]),
    )


def _folder(name: str | None) -> str | None:
    """A folder that may still have to be made.  Raises OutputError for what is none."""
    if name is not None and (not name.strip() or (Path(name).exists() and not Path(name).is_dir())):
        raise OutputError(f"--save: '{name}' is no folder", hint="Give a folder: --save findings.")
    return name


def _tell(result: WatchResult, stderr: TextIO, as_json: bool) -> None:
    """The report on standard error. Who closed it hears nothing."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        view = view_of(stderr, format_="json" if as_json else "table")
        if result.findings and not as_json and stderr.isatty():
            stderr.write("\n")  # what the program wrote last may stand above, perhaps without a line's end
        write(result, view, stderr)
        stderr.flush()


def _write(result: WatchResult, files: Sequence[Target]) -> None:
    if not files:
        return
    from gradcli.sinks import save

    try:
        save(result, View(), files)
    except OutputError as error:
        show_error(error, "table")
