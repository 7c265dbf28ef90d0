"""`activate`: activation functions side by side."""

from __future__ import annotations

from typing import Annotated

import typer

from gradcli.cli.app import CONTEXT, app
from gradcli.cli.argv import WordCommand
from gradcli.cli.common import Common
from gradcli.cli.options import (
    Device,
    Dtype,
    FailOn,
    Format,
    Json,
    MaxElements,
    MaxRows,
    Out,
    Param,
    Precision,
    Seed,
    Timeout,
)
from gradcli.commands import option_values
from gradcli.gc_paused import gc_paused
from gradcli.inspections.options import ActivateOptions
from gradcli.language.curve import read_curves
from gradcli.language.request import read_value
from gradcli.sources import sources


@app.command(cls=WordCommand, context_settings=CONTEXT, epilog="Try: gradcli activate sigmoid,tanh,relu -2 -1 0 1 2")
def activate(
    ctx: typer.Context,
    functions: Annotated[
        str, typer.Argument(metavar="FUNCTION[,FUNCTION...]", help="Functions of one variable, side by side.")
    ],
    points: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[POINT]...", help="Where to look.", show_default="11 points of the function's own interval"
        ),
    ] = None,
    range_: Annotated[
        list[str] | None,
        typer.Option(
            "--range",
            metavar="START:STOP:COUNT",
            help="A stretch of points, both ends included; may be repeated.",
            show_default=False,
        ),
    ] = None,
    param: Param = None,
    order: Annotated[int, typer.Option("--order", metavar="N", help="2 adds the second derivative.")] = 1,
    depth: Annotated[
        int | None,
        typer.Option(
            "--depth", metavar="N", help="Apply the function N times over, with |dy/dx| after each.", show_default=False
        ),
    ] = None,
    plot: Annotated[
        bool | None, typer.Option("--plot/--no-plot", help="Draw the curves.", show_default="on a terminal")
    ] = None,
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
    fail_on: FailOn = None,
) -> int:
    """Value and derivative of activation functions at each point, a plot, and a verdict."""
    common = Common.of(ctx)
    curves = read_curves(functions, param or [])
    words = points or []
    read_numbers = sources(words, common.max_elements)
    stretches = tuple(option_values.stretch(word, curves[0].variable) for word in range_ or [])
    values = tuple(
        read_value(option_values.point(word, curves[0].variable, read_numbers), read_numbers) for word in words
    )
    with gc_paused():
        from gradcli.inspections.activate import activate as inspect
        from gradcli.inspections.activate import drawn_over
    options = ActivateOptions(values, stretches, order, depth)
    result = inspect(curves, options, common.compute())
    return common.answer(result, plot=plot, drawing=lambda: drawn_over(curves, result, common.compute()))
