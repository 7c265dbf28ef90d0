"""`--out`: the answer into files, and what is said about them on standard error."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence

from gradcli import commands
from gradcli.cli import progress
from gradcli.commands.command import Command
from gradcli.exceptions import OutputError
from gradcli.render import View
from gradcli.results import Result
from gradcli.sinks import save
from gradcli.sinks.formats import holds_tensors
from gradcli.sinks.targets import Target, targets


def targets_for(command: Command, names: Sequence[str]) -> tuple[Target, ...]:
    """The files of --out.  Raises GradcliError for those that cannot be written, or hold nothing that is answered."""
    found = targets(names)
    for target in found:
        _check_holds(target.ending, command)
    return found


def _check_holds(ending: str, command: Command) -> None:
    tables = "Choose .json, .ndjson, .csv, .md or .parquet."
    if holds_tensors(ending) and not command.has_tensors:
        raise OutputError(
            f"'{command.name}' answers with no tensors, and a {ending} file holds nothing else", hint=tables
        )
    if ending == ".py" and not command.program:
        *others, last = (name for name in commands.NAMES if commands.load(name).program)
        raise OutputError(f"'{command.name}' has no program; {', '.join(others)} and {last} have one", hint=tables)


def write_files(answer: Result, view: View, targets: Sequence[Target]) -> None:
    """Write every file; a terminal is told which, everybody what had to be changed for the format."""
    if any(target.direct for target in targets):
        progress.stop()  # it may be the terminal
    remarks = save(answer, view, targets)
    progress.stop()
    for remark in remarks:
        print(remark, file=sys.stderr)
    if sys.stderr.isatty():
        names = ", ".join(target.name for target in targets)
        print(f"wrote {names}{_found(answer)}", file=sys.stderr)


def _found(answer: Result) -> str:
    """`; 2 findings: cancellation, kink`: a file of numbers does not show them."""
    counted = Counter(finding.code for finding in getattr(answer, "findings", ()))
    total = counted.total()
    return f"; {total} finding{'' if total == 1 else 's'}: {', '.join(counted)}" if total else ""
