"""`errors`: every autograd error, on demand."""

from __future__ import annotations

from typing import Annotated

import typer

from gradcli.cli.app import CONTEXT, app
from gradcli.cli.argv import PlainCommand
from gradcli.cli.common import Common
from gradcli.cli.options import Emit, Format, Json, Out, Timeout
from gradcli.errors import UsageError


@app.command(cls=PlainCommand, context_settings=CONTEXT, epilog="Try: gradcli errors second-backward")
def errors(
    ctx: typer.Context,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="The errors to raise.", show_default=False)
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Raise them all; exit code 1 if one is not as expected.")] = False,
    search: Annotated[
        str | None,
        typer.Option(
            "--search", metavar="TEXT", help="Errors that mention a word, or have that message.", show_default=False
        ),
    ] = None,
    timeout: Timeout = None,
    emit: Emit = None,
    format_: Format = "table",
    json: Json = False,
    out: Out = None,
    max_rows: Annotated[
        int | None, typer.Option("--max-rows", metavar="N", help="Rows of a table.", show_default="all")
    ] = None,
) -> int:
    """Every autograd error on demand: the program, PyTorch's message, the cause, a fix that was run."""
    from gradcli.inspections.errors import errors as inspect
    from gradcli.inspections.errors import program

    common = Common.of(ctx)
    if ids and all_:
        raise UsageError("--all raises every error", hint="Leave the ids out, or --all.")
    if common.emit:
        return common.answer(program(ids or ()))
    result = inspect(ids or (), search=search, run=True if all_ else None)
    return common.answer(result) or int(result.failures > 0)
