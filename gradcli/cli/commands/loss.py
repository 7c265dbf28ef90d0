"""`loss`: a loss and gradient descent on it."""

from __future__ import annotations

import math
from typing import Annotated

import typer

from gradcli.cli.app import CONTEXT, app
from gradcli.cli.argv import WordCommand
from gradcli.cli.common import Common, check_via
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
    Param,
    Precision,
    Seed,
    Timeout,
    Via,
    Wrt,
)
from gradcli.commands import option_values
from gradcli.errors import UsageError
from gradcli.gc_paused import gc_paused
from gradcli.inspections.options import LossOptions
from gradcli.language.loss_call import read_loss
from gradcli.sources import sources


@app.command(cls=WordCommand, context_settings=CONTEXT, epilog="Try: gradcli loss cross_entropy '[[2, 1, 0.1]]' '[0]'")
def loss(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A loss: mse, cross_entropy, ...")],
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[INPUT] [TARGET] [NAME=VALUE]...",
            help="Its tensors in order, or by PyTorch's argument names.",
            show_default=False,
        ),
    ] = None,
    reduction: Annotated[
        str | None,
        typer.Option("--reduction", metavar="HOW", help="mean, sum or none (and batchmean).", show_default="PyTorch's"),
    ] = None,
    param: Param = None,
    learning_rate: Annotated[
        float | None,
        typer.Option("--lr", metavar="RATE", help="Learning rate of gradient descent.", show_default=False),
    ] = None,
    steps: Annotated[
        int | None, typer.Option("--steps", metavar="N", help="Steps of gradient descent.", show_default=False)
    ] = None,
    plot: Annotated[
        bool | None,
        typer.Option("--plot/--no-plot", help="Draw the loss over the steps.", show_default="on a terminal"),
    ] = None,
    vjp: Annotated[
        str | None,
        typer.Option(
            "--vjp",
            metavar="V",
            help="Cotangent of an unreduced loss; 'none' passes none.",
            show_default="ones",
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
    timeout: Timeout = None,
    format_: Format = "table",
    json: Json = False,
    out: Out = None,
    precision: Precision = 6,
    max_rows: MaxRows = 20,
    emit: Emit = None,
    fail_on: FailOn = None,
) -> int:
    """A loss, what each element contributes, its gradients; --lr and --steps walk gradient descent."""
    common = Common.of(ctx)
    check_via(via)
    given = words or []
    if learning_rate is not None and not math.isfinite(learning_rate):
        raise UsageError(f"--lr {learning_rate} is no learning rate", hint="Choose a finite number: --lr 0.1.")
    numbers = sources([*given, *([vjp] if vjp else [])], common.max_elements)
    asked = read_loss(name, given, reduction=reduction, parameters=param or [], sources=numbers)
    cotangent, none = option_values.cotangent(vjp, numbers)
    with gc_paused():
        from gradcli.inspections.loss import loss as inspect
    options = LossOptions("grad" if via == "grad" else "backward", cotangent, none, learning_rate, steps)
    if common.emit:
        from gradcli.inspections.emission.programs import loss_program

        return common.answer(loss_program(asked, options, common.compute(), common.selection()))
    return common.answer(inspect(asked, options, common.compute(), common.selection()), plot=plot)
