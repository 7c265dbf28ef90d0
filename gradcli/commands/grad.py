"""`grad`: value and derivatives of an expression."""

from typing import TYPE_CHECKING, Annotated

from gradcli.commands import option_values
from gradcli.commands.command import Caller, Command, Inquiry
from gradcli.commands.parameters import DERIVATIVES, Option, Subject, Words
from gradcli.commands.shared import COMPUTING, SELECTING, SHOWING, SharedOptions
from gradcli.exceptions import UsageError
from gradcli.inspections.options import GradOptions
from gradcli.language.in_file import FunctionRequest, is_in_file, read_subject
from gradcli.language.request import Request

if TYPE_CHECKING:
    from gradcli.language.ranges import RangeRequest


def grad(
    shared: SharedOptions,
    caller: Caller,
    subject: Subject,
    words: Words = None,
    order: Annotated[int, Option("--order", "N", "N-th derivative of an elementwise function.", panel=DERIVATIVES)] = 1,
    jacobian: Annotated[bool, Option("--jacobian", help="Every output by every input.", panel=DERIVATIVES)] = False,
    hessian: Annotated[
        bool, Option("--hessian", help="Second derivatives of a scalar output.", panel=DERIVATIVES)
    ] = False,
    vjp: Annotated[
        str | None,
        Option("--vjp", "V", "The cotangent; 'none' passes none.", default="ones", panel=DERIVATIVES, is_tensor=True),
    ] = None,
    jvp: Annotated[
        list[str] | None,
        Option(
            "--jvp",
            "U",
            "A tangent, in forward mode; NAME=U for one of several inputs.",
            default=False,
            panel=DERIVATIVES,
            is_tensor=True,
        ),
    ] = None,
    ranges: Annotated[
        list[str] | None,
        Option(
            "--range",
            "[NAME=]START:STOP:COUNT",
            "A stretch of points, both ends included; two names with one each make a field. Only these are differentiated, unless --wrt says otherwise.",
            default=False,
        ),
    ] = None,
    plot: Annotated[
        bool | None,
        Option(
            "--plot/--no-plot",
            help="Draw the curves, or the field.",
            default="a range on a terminal",
            in_python=False,
        ),
    ] = None,
) -> Inquiry:
    """Value, gradients, their norm and direction; Jacobian, Hessian, higher orders on request."""
    via = option_values.via(shared.via)
    numbers = caller.values([*(words or ()), *([vjp] if vjp else ()), *(jvp or ())], shared.max_elements)
    asked: Request | FunctionRequest | RangeRequest
    if ranges:
        from gradcli.language.ranges import read_ranges  # most calls go over none

        if subject in caller.functions or is_in_file(subject):
            raise UsageError("--range goes over an expression", hint="Give the points: x='linspace(-5, 5, 11)'.")
        asked = read_ranges(subject, words or (), ranges, numbers)
    else:
        asked = read_subject(
            subject,
            words or (),
            command="grad",
            sources=numbers,
            emits=shared.emit is not None,
            functions=caller.functions,
        )
    cotangent, none = option_values.cotangent(vjp, numbers)
    directions = option_values.directions(jvp, numbers) if jvp else None
    options = GradOptions(order, jacobian, hessian, cotangent, none, directions, via)
    return Inquiry((asked, options), plot=plot if ranges or plot else False, subject=subject)


COMMAND = Command(
    grad,
    examples=(
        "gradcli grad sigmoid 0 1 10",
        "gradcli grad 'sum((x @ w - 1)**2)' x='[1,2]' w='[3,4]'",
        "gradcli grad 'x**2 - y**2' x=1 y=2 --hessian",
    ),
    inspection="gradcli.inspections.grad:grad",
    program="gradcli.inspections.emission.programs:grad_program",
    drawing="gradcli.inspections.drawn:drawn_grad",
    result="GradResult",
    shared=("via", *SELECTING, *COMPUTING, *SHOWING, "emit", "fail_on"),
)
