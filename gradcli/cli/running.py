"""A command of the command line: from what Typer read to the answer on the screen or in files, and the exit code."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from gradcli import time_limit
from gradcli.cli import progress
from gradcli.cli.device_loss import with_words_of_cpu
from gradcli.cli.screen import show, show_error, view_of
from gradcli.commands.answering import drawn, inspected, reproduce
from gradcli.commands.command import Caller
from gradcli.commands.shared import names_in
from gradcli.render import View
from gradcli.results import Failure, Result

if TYPE_CHECKING:
    from gradcli.commands.command import Command, Inquiry, Invocation
    from gradcli.sinks.targets import Target


def run_command(command: Command, given: Mapping[str, object]) -> int:
    """Answer a call on the screen, or in the files of --out; the exit code."""
    invocation = command.invocation(given)
    targets = files_of(invocation)
    time_limit.begin(invocation.options.timeout)
    progress.start()
    inquiry = invocation.read(Caller())
    if inquiry.raises and not invocation.options.emit and _raised_aloud(invocation, inquiry):
        return 1
    result = with_words_of_cpu(inspected(invocation, inquiry))
    raised: Failure | None = getattr(result, "raised", None)
    if targets and not isinstance(result, Failure):
        write_to(targets, invocation, inquiry, result)
        if raised is not None:
            show_error(raised, "table")
    else:
        _show(invocation, inquiry, result)
        if raised is not None and invocation.options.output_format in ("csv", "ndjson"):  # rows of steps alone
            show_error(raised, invocation.options.output_format)
    return exit_code(invocation, result)


def files_of(invocation: Invocation) -> tuple[Target, ...]:
    """The files of --out.  Raises GradcliError for those that cannot be written: nothing is computed for them."""
    if not invocation.options.out:
        return ()
    from gradcli.cli.files import targets_for  # most answers go to the screen

    return targets_for(invocation.command, invocation.options.out)


def write_to(targets: tuple[Target, ...], invocation: Invocation, inquiry: Inquiry, result: Result) -> None:
    """Write a result into files."""
    from gradcli.cli.files import write_files
    from gradcli.sinks.formats import is_picture

    options, plot = invocation.options, inquiry.plot is True
    is_drawn = plot or any(is_picture(target.ending) for target in targets)
    view = View(
        format=options.output_format,
        precision=options.precision,
        max_rows=options.rows,
        plot=plot,
        drawing=drawn(invocation, inquiry, result) if is_drawn else None,
    )
    write_files(result, view, targets)


def exit_code(invocation: Invocation, result: Result | Failure) -> int:
    """1 where PyTorch raised, the command calls its result bad, or there is a finding of --fail-on."""
    if isinstance(result, Failure) or (not invocation.options.emit and invocation.command.is_bad(result)):
        return 1
    wanted = names_in(invocation.options.fail_on)
    found = getattr(result, "findings", ())
    return int(any(finding.code in wanted or finding.severity in wanted for finding in found))


def _raised_aloud(invocation: Invocation, inquiry: Inquiry) -> bool:
    """PyTorch's own traceback on standard error, as a program would have printed it; whether there was one."""
    import traceback

    from gradcli.numerics.capture import TorchError

    try:
        reproduce(invocation, inquiry)
    except TorchError as error:
        progress.stop()
        traceback.print_exception(error.error, file=sys.stderr)
        return True
    return False


def _show(invocation: Invocation, inquiry: Inquiry, result: Result | Failure) -> None:
    options = invocation.options
    view = view_of(
        sys.stdout,
        format_=options.output_format,
        precision=options.precision,
        max_rows=options.rows,
        plot=inquiry.plot,
    )
    if view.plot and view.format in ("table", "markdown") and not isinstance(result, Failure):
        view = replace(view, drawing=drawn(invocation, inquiry, result))
    show(result, replace(view, tree=options.tree), paged=invocation.command.is_looked_up or options.all_rows)
