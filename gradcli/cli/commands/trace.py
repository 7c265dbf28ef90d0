"""`trace`: the tape of an expression."""

from __future__ import annotations

from typing import Annotated

import typer

from gradcli.cli.app import CONTEXT, app
from gradcli.cli.argv import WordCommand
from gradcli.cli.common import Common
from gradcli.cli.options import (
    Device,
    Dtype,
    Emit,
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
from gradcli.cli.screen import show_error
from gradcli.commands import option_values
from gradcli.errors import UsageError
from gradcli.gc_paused import gc_paused
from gradcli.inspections.options import TraceOptions
from gradcli.language.request import read
from gradcli.results import TraceResult
from gradcli.sources import sources


@app.command(
    cls=WordCommand, context_settings=CONTEXT, epilog="Try: gradcli trace 'where(x > 0, sqrt(x), 0 * x)' x=0,1"
)
def trace(
    ctx: typer.Context,
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="A function, or an expression: 'x * sigmoid(x)'.")],
    words: Words = None,
    path: Annotated[
        str | None,
        typer.Option(
            "--path",
            metavar="NAME",
            help="Every way from the output to this input, multiplied out.",
            show_default=False,
        ),
    ] = None,
    vjp: Annotated[
        str | None,
        typer.Option("--vjp", metavar="V", help="The cotangent.", show_default="ones", rich_help_panel="Derivatives"),
    ] = None,
    tree: Annotated[
        bool,
        typer.Option("--tree", help="The steps as a tree, the output at its root, instead of a table."),
    ] = False,
    wrt: Wrt = None,
    frozen: Frozen = None,
    device: Device = "cpu",
    dtype: Dtype = "float32",
    seed: Seed = 0,
    max_elements: MaxElements = None,
    timeout: Timeout = None,
    format_: Format = "table",
    json: Json = False,
    out: Out = None,
    precision: Precision = 6,
    max_rows: MaxRows = 20,
    emit: Emit = None,
    fail_on: FailOn = None,
) -> int:
    """Every sub-expression with its value and the gradient that reaches it; where a NaN, Inf or zero was born."""
    common = Common.of(ctx)
    given = words or []
    numbers = sources([*given, *([vjp] if vjp else [])], common.max_elements)
    request = read(subject, given, command="trace", sources=numbers)
    cotangent, none = option_values.cotangent(vjp, numbers)
    if none:
        raise UsageError("trace needs a cotangent", hint="Leave --vjp out for ones, or use 'gradcli grad --vjp none'.")
    with gc_paused():
        from gradcli.inspections.trace import trace as inspect
    options = TraceOptions(path, cotangent)
    if common.emit:
        from gradcli.inspections.emission.programs import trace_program

        return common.answer(trace_program(request, options, common.compute(), common.selection()))
    result = inspect(request, options, common.compute(), common.selection())
    code = common.answer(result)
    if not isinstance(result, TraceResult) or result.raised is None:
        return code
    if common.targets and not common.answered:
        show_error(result.raised, "table")
    elif common.output_format in ("csv", "ndjson"):  # whose rows are the steps alone
        show_error(result.raised, common.output_format)
    return code or 1
