"""`grad`: value and derivatives of an expression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

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
    Precision,
    Seed,
    Timeout,
    Via,
    Words,
    Wrt,
)
from gradcli.commands import option_values
from gradcli.gc_paused import gc_paused
from gradcli.inspections.options import GradOptions
from gradcli.language.request import read
from gradcli.sources import sources

if TYPE_CHECKING:
    from gradcli.language.ranges import RangeRequest
    from gradcli.language.request import Request, Value
    from gradcli.results import Failure, Result


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
    range_: Annotated[
        list[str] | None,
        typer.Option(
            "--range",
            metavar="[NAME=]START:STOP:COUNT",
            help="A stretch of points, both ends included; two names with one each make a field. Only these are differentiated, unless --wrt says otherwise.",
            show_default=False,
        ),
    ] = None,
    plot: Annotated[
        bool | None,
        typer.Option("--plot/--no-plot", help="Draw the curves, or the field.", show_default="a range on a terminal"),
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
    """Value, gradients, their norm and direction; Jacobian, Hessian, higher orders on request."""
    common = Common.of(ctx)
    check_via(via)
    given = words or []
    numbers = sources([*given, *([vjp] if vjp else []), *(jvp or [])], common.max_elements)
    over, request = _asked(subject, given, range_ or [], numbers)
    cotangent, none = option_values.cotangent(vjp, numbers)
    directions = option_values.directions(jvp, numbers) if jvp else None
    with gc_paused():
        from gradcli.inspections.grad import grad as inspect
    options = GradOptions(
        order, jacobian, hessian, cotangent, none, directions, "grad" if via == "grad" else "backward"
    )
    compute, selection = common.compute(), common.selection()
    if over is not None:
        from gradcli.inspections.curves.ranges import over_ranges, selected

        request, selection = over_ranges(over, compute), selected(over, selection)
    assert request is not None
    if common.emit:
        from gradcli.inspections.emission.programs import grad_program

        return common.answer(grad_program(request, options, compute, selection))
    result = inspect(request, options, compute, selection)

    def drawing() -> Result | Failure:
        from gradcli.inspections.curves.ranges import drawn

        return drawn(subject, request, result, options, compute, selection)

    return common.answer(result, plot=plot if over or plot else False, drawing=drawing)


def _asked(
    subject: str, words: list[str], ranges: list[str], numbers: Mapping[str, Value]
) -> tuple[RangeRequest | None, Request | None]:
    """What the words ask for: over ranges, or at points."""
    if not ranges:
        return None, read(subject, words, command="grad", sources=numbers)
    from gradcli.language.ranges import read_ranges

    return read_ranges(subject, words, ranges, numbers), None
