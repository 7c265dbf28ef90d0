"""`grad`: value and derivatives of an expression."""

from __future__ import annotations

from typing import Annotated

import typer

from gradcli.cli import readers
from gradcli.cli.app import CONTEXT, app
from gradcli.cli.loading import resting_collector
from gradcli.cli.options import (
    Common,
    Device,
    Dtype,
    Emit,
    FailOn,
    Format,
    Frozen,
    Json,
    MaxElements,
    MaxRows,
    Precision,
    Seed,
    Via,
    Words,
    Wrt,
    check_via,
)
from gradcli.cli.words import WordCommand
from gradcli.language.request import read
from gradcli.sources import sources


@app.command(
    cls=WordCommand, context_settings=CONTEXT, epilog="Try: gradcli grad 'sum((x @ w - 1)**2)' x='[1,2]' w='[3,4]'"
)
def grad(
    ctx: typer.Context,
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="A function, or an expression: 'x * sigmoid(x)'.")],
    words: Words = None,
    order: Annotated[
        int,
        typer.Option(
            "--order", metavar="N", help="N-th derivative of an elementwise function.", rich_help_panel="Derivatives"
        ),
    ] = 1,
    jacobian: Annotated[
        bool, typer.Option("--jacobian", help="Every output by every input.", rich_help_panel="Derivatives")
    ] = False,
    hessian: Annotated[
        bool, typer.Option("--hessian", help="Second derivatives of a scalar output.", rich_help_panel="Derivatives")
    ] = False,
    vjp: Annotated[
        str | None,
        typer.Option(
            "--vjp",
            metavar="V",
            help="The cotangent; 'none' passes none.",
            show_default="ones",
            rich_help_panel="Derivatives",
        ),
    ] = None,
    jvp: Annotated[
        list[str] | None,
        typer.Option(
            "--jvp",
            metavar="U",
            help="A tangent, in forward mode; NAME=U for one of several inputs.",
            show_default=False,
            rich_help_panel="Derivatives",
        ),
    ] = None,
    via: Via = "grad",
    wrt: Wrt = None,
    frozen: Frozen = None,
    device: Device = "cpu",
    dtype: Dtype = "float32",
    seed: Seed = 0,
    max_elements: MaxElements = None,
    format_: Format = "table",
    json: Json = False,
    precision: Precision = 6,
    max_rows: MaxRows = 20,
    emit: Emit = None,
    fail_on: FailOn = None,
) -> int:
    """Value, gradients, their norm and direction; Jacobian, Hessian, higher orders on request."""
    common = Common.of(ctx)
    check_via(via)
    given = words or []
    numbers = sources([*given, *([vjp] if vjp else []), *(jvp or [])])
    request = read(subject, given, command="grad", sources=numbers)
    cotangent, none = readers.cotangent(vjp, numbers)
    directions = readers.directions(jvp, numbers) if jvp else None
    with resting_collector():
        from gradcli.inspections.grad import GradOptions
        from gradcli.inspections.grad import grad as inspect
    options = GradOptions(
        order, jacobian, hessian, cotangent, none, directions, "grad" if via == "grad" else "backward"
    )
    if common.emit:
        from gradcli.inspections.emission.programs import grad_program

        return common.answer(grad_program(request, options, common.engine(), common.selection()))
    return common.answer(inspect(request, options, common.engine(), common.selection()))
