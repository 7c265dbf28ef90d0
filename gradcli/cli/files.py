"""`--out`: the answer into files, and what is said about them on standard error."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence

from gradcli.cli import progress
from gradcli.render import View
from gradcli.results import Result
from gradcli.sinks import save
from gradcli.sinks.targets import Target


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
