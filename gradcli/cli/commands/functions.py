"""`functions`: the catalogue."""

from __future__ import annotations

from typing import Annotated

import typer

from gradcli.cli.app import CONTEXT, app
from gradcli.cli.argv import PlainCommand
from gradcli.cli.common import Common
from gradcli.cli.options import Format, Json, Out


@app.command(cls=PlainCommand, context_settings=CONTEXT, epilog="Try: gradcli functions gelu")
def functions(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="One function's page.", show_default=False)
    ] = None,
    category: Annotated[
        str | None,
        typer.Option("--category", metavar="NAME", help="activation, loss, elementwise, ...", show_default=False),
    ] = None,
    search: Annotated[
        str | None, typer.Option("--search", metavar="TEXT", help="Rows that mention a text.", show_default=False)
    ] = None,
    format_: Format = "table",
    json: Json = False,
    out: Out = None,
    max_rows: Annotated[
        int | None, typer.Option("--max-rows", metavar="N", help="Rows of the list.", show_default="all")
    ] = None,
) -> int:
    """The catalogue: formula, derivative, range, kinks, parameters, paper."""
    from gradcli.inspections.functions import functions as inspect

    common = Common.of(ctx)
    return common.answer(inspect(name, category=category, search=search))
