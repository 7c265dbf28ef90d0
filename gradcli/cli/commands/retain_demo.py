"""`retain-demo`: backward more than once."""

from __future__ import annotations

from typing import Annotated

import typer

from gradcli.cli.app import CONTEXT, app
from gradcli.cli.argv import WordCommand
from gradcli.cli.common import Common, check_via
from gradcli.cli.options import (
    Device,
    Dtype,
    Emit,
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
from gradcli.commands import option_values
from gradcli.errors import UsageError
from gradcli.gc_paused import gc_paused
from gradcli.inspections.options import RetainOptions
from gradcli.language.request import is_binding, read
from gradcli.sources import sources


@app.command(
    "retain-demo",
    cls=WordCommand,
    context_settings=CONTEXT,
    epilog="Try: gradcli retain-demo 'sum(a + 1)' a=1,2 --calls 3",
)
def retain_demo(
    ctx: typer.Context,
    subject: Annotated[
        str | None,
        typer.Argument(metavar="[SUBJECT]", help="Your own graph instead of the scenarios.", show_default=False),
    ] = None,
    words: Words = None,
    calls: Annotated[
        int | None, typer.Option("--calls", metavar="N", help="How often to call backward.", show_default="2")
    ] = None,
    retain: Annotated[
        str | None,
        typer.Option(
            "--retain", metavar="CALLS", help="Calls with retain_graph=True: none, all, or 1,2.", show_default="none"
        ),
    ] = None,
    via: Annotated[
        str | None, typer.Option("--via", metavar="WAY", help="grad or backward.", show_default="grad")
    ] = None,
    raise_: Annotated[bool, typer.Option("--raise", help="Let PyTorch's error escape, with its traceback.")] = False,
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
) -> int:
    """The "backward through the graph a second time" error, on demand, and why it did or did not happen."""
    common = Common.of(ctx)
    if subject is None and any(option is not None for option in (calls, retain, via)):
        raise UsageError(
            "--calls, --retain and --via go with a graph of your own",
            hint="For example: gradcli retain-demo 'sum(exp(a))' a=1,2 --calls 3",
        )
    if subject is not None and is_binding(subject):
        raise UsageError(
            f"'{subject}' gives a value, but there is no expression",
            hint=f"Try: gradcli retain-demo 'sum(exp(a))' {subject}",
        )
    given = words or []
    request = (
        None
        if subject is None
        else read(subject, given, command="retain-demo", sources=sources(given, common.max_elements))
    )
    way = check_via("grad" if via is None else via)
    retained = option_values.retained("none" if retain is None else retain)
    with gc_paused():
        from gradcli.inspections.retain_demo import reproduce
        from gradcli.inspections.retain_demo import retain_demo as inspect
    options = RetainOptions(2 if calls is None else calls, retained, "grad" if way == "grad" else "backward")
    if common.emit:
        from gradcli.inspections.emission.programs import retain_demo_program

        return common.answer(retain_demo_program(request, options, common.compute(), common.selection()))
    if raise_:
        from gradcli.cli.raise_option import escaping

        with escaping() as outcome:
            reproduce(request, options, common.compute(), common.selection())
        if outcome.escaped:
            return 1
    return common.answer(inspect(request, options, common.compute(), common.selection()))
