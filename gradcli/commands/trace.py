"""`trace`: the tape of an expression."""

from typing import Annotated

from gradcli.commands import option_values
from gradcli.commands.command import Caller, Command, Inquiry
from gradcli.commands.parameters import DERIVATIVES, Option, Subject, Words
from gradcli.commands.shared import COMPUTING, SELECTING, SHOWING, SharedOptions
from gradcli.exceptions import UsageError
from gradcli.inspections.options import TraceOptions
from gradcli.language.in_file import read_subject


def trace(
    shared: SharedOptions,
    caller: Caller,
    subject: Subject,
    words: Words = None,
    path: Annotated[
        str | None,
        Option("--path", "NAME", "Every way from the output to this input, multiplied out.", default=False),
    ] = None,
    vjp: Annotated[
        str | None, Option("--vjp", "V", "The cotangent.", default="ones", panel=DERIVATIVES, is_tensor=True)
    ] = None,
) -> Inquiry:
    """Every sub-expression with its value and the gradient that reaches it; where a NaN, Inf or zero was born."""
    numbers = caller.values([*(words or ()), *([vjp] if vjp else ())], shared.max_elements)
    request = read_subject(
        subject,
        words or (),
        command="trace",
        sources=numbers,
        emits=shared.emit is not None,
        functions=caller.functions,
    )
    cotangent, none = option_values.cotangent(vjp, numbers)
    if none:
        raise UsageError("trace needs a cotangent", hint="Leave --vjp out for ones, or use 'gradcli grad --vjp none'.")
    return Inquiry((request, TraceOptions(path, cotangent)))


COMMAND = Command(
    trace,
    examples=(
        "gradcli trace 'where(x > 0, sqrt(x), 0 * x)' x=0,1",
        "gradcli trace 'sum((x @ w)**2)' x='[1,2]' w='[3,4]' --tree",
        "gradcli trace 'x @ w + b' @dump.pt",
    ),
    inspection="gradcli.inspections.trace:trace",
    program="gradcli.inspections.emission.programs:trace_program",
    result="TraceResult",
    is_pictured=True,
    shared=("tree", *SELECTING, *COMPUTING, *SHOWING, "emit", "fail_on"),
    is_bad=lambda result: result.raised is not None,
)
