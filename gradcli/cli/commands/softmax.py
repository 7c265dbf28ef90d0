"""`softmax`: probabilities and their Jacobian."""

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
    Json,
    MaxElements,
    MaxRows,
    Out,
    Precision,
    Seed,
    Timeout,
)
from gradcli.commands import option_values
from gradcli.errors import UsageError
from gradcli.gc_paused import gc_paused
from gradcli.inspections.options import SoftmaxOptions
from gradcli.language.request import read_value
from gradcli.sources import sources


@app.command(cls=WordCommand, context_settings=CONTEXT, epilog="Try: gradcli softmax 2 1 0.1")
def softmax(
    ctx: typer.Context,
    values: Annotated[list[str], typer.Argument(metavar="VALUE...", help="The numbers, or one tensor.")],
    dim: Annotated[int, typer.Option("--dim", metavar="DIM", help="Along which the probabilities sum to 1.")] = -1,
    temperature: Annotated[float, typer.Option("--temperature", metavar="T", help="Divides the values first.")] = 1.0,
    log: Annotated[bool, typer.Option("--log", help="log_softmax instead.")] = False,
    index: Annotated[
        int | None, typer.Option("--index", metavar="I", help="The gradient of p[I] alone.", show_default=False)
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
    emit: Emit = None,
    fail_on: FailOn = None,
) -> int:
    """Probabilities, the Jacobian with its signs, and how much the softmax amplifies."""
    common = Common.of(ctx)
    if not 0 < temperature < float("inf"):
        raise UsageError(f"--temperature {temperature:g} is out of bounds", hint="Choose a positive number.")
    read_numbers = sources(values, common.max_elements)
    points = tuple(read_value(option_values.point(word, "x", read_numbers), read_numbers) for word in values)
    with gc_paused():
        from gradcli.inspections.softmax import softmax as inspect
    options = SoftmaxOptions(dim, temperature, log, index)
    if common.emit:
        from gradcli.inspections.emission.programs import softmax_program

        return common.answer(softmax_program(points, options, common.compute()))
    return common.answer(inspect(points, options, common.compute()))
