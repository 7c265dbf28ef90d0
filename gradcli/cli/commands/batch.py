"""`batch`: many requests in one process."""

from __future__ import annotations

from typing import Annotated

import typer

from gradcli.cli.app import CONTEXT, app
from gradcli.cli.argv import PlainCommand


@app.command(
    cls=PlainCommand,
    context_settings=CONTEXT,
    epilog="Try: echo 'grad sigmoid 0 1 10' | gradcli batch | jq -c .gradients.x.values",
)
def batch(
    source: Annotated[
        str, typer.Argument(metavar="[FILE|-]", help="Requests, one a line.", show_default="standard input")
    ] = "-",
    jobs: Annotated[int, typer.Option("--jobs", "-j", metavar="N", help="Processes that work at the same time.")] = 1,
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout", metavar="SECONDS", help="For each request that has no limit of its own.", show_default="none"
        ),
    ] = None,
) -> int:
    """One request a line in, one JSON result a line out, in order, in one process.

    A request is a command line, split as a shell would split it, or a JSON array of its words; the leading word gradcli may be left out. Its answer is what the command prints with --json, which is implied. Blank lines and lines that begin with # are skipped.

    A request that fails is answered with an error object, and the next one follows. The exit code is 0 if every request by itself would have ended with 0, else 1.
    """
    from gradcli.cli.batch import run

    return run(source, jobs, timeout)
