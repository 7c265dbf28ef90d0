"""`check`: whether a gradient is right."""

from __future__ import annotations

from typing import Annotated

import typer

from gradcli.cli.app import CONTEXT, app
from gradcli.cli.argv import WordCommand
from gradcli.cli.common import Common
from gradcli.cli.options import (
    Device,
    FailOn,
    Format,
    Frozen,
    Json,
    MaxElements,
    MaxRows,
    Out,
    Precision,
    Seed,
    Timeout,
    Words,
    Wrt,
)
from gradcli.gc_paused import gc_paused
from gradcli.language.curve import interesting_points
from gradcli.language.dtypes import FLOATING, floating
from gradcli.language.request import read
from gradcli.results import CheckResult
from gradcli.sources import sources


@app.command(cls=WordCommand, context_settings=CONTEXT, epilog="Try: gradcli check gelu -5 0 5")
def check(
    ctx: typer.Context,
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="A function, or an expression: 'x * sigmoid(x)'.")],
    words: Words = None,
    wrt: Wrt = None,
    frozen: Frozen = None,
    device: Device = "cpu",
    only: Annotated[
        str | None,
        typer.Option(
            "--dtype",
            "-t",
            metavar="DTYPE",
            help="Check this dtype only.",
            show_default="all four",
            rich_help_panel="Where and how",
        ),
    ] = None,
    seed: Seed = 0,
    max_elements: MaxElements = None,
    timeout: Timeout = None,
    format_: Format = "table",
    json: Json = False,
    out: Out = None,
    precision: Precision = 6,
    max_rows: MaxRows = 20,
    fail_on: FailOn = None,
) -> int:
    """Is PyTorch's gradient right here? Reverse and forward mode, finite differences and 50 digits side by side."""
    common = Common.of(ctx)
    given = words or []
    points = given or interesting_points(subject)
    request = read(subject, points, command="check", sources=sources(given, common.max_elements))
    with gc_paused():
        from gradcli.inspections.check import check as inspect
    dtypes = FLOATING if only is None else (floating(only),)
    result = inspect(request, dtypes, common.compute(), common.selection())
    code = common.answer(result)
    found = isinstance(result, CheckResult) and any(row.verdict == "disagree" for row in result.rows)
    return 1 if code == 0 and found else code
