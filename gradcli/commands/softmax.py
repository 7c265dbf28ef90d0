"""`softmax`: probabilities and their Jacobian."""

from typing import Annotated

from gradcli.commands import option_values
from gradcli.commands.command import Caller, Command, Inquiry
from gradcli.commands.parameters import Argument, Option
from gradcli.commands.shared import COMPUTING, SHOWING, SharedOptions
from gradcli.exceptions import UsageError
from gradcli.inspections.options import SoftmaxOptions


def softmax(
    shared: SharedOptions,
    caller: Caller,
    words: Annotated[list[str], Argument("VALUE...", "The numbers, or one tensor.")],
    dim: Annotated[int, Option("--dim", "DIM", "Along which the probabilities sum to 1.")] = -1,
    temperature: Annotated[float, Option("--temperature", "T", "Divides the values first.")] = 1.0,
    log: Annotated[bool, Option("--log", help="log_softmax instead.")] = False,
    index: Annotated[int | None, Option("--index", "I", "The gradient of p[I] alone.", default=False)] = None,
) -> Inquiry:
    """Probabilities, the Jacobian with its signs, and how much the softmax amplifies."""
    if not words:
        raise UsageError("softmax is given no value", hint="Give the numbers, or one tensor: softmax 2 1 0.1.")
    if not 0 < temperature < float("inf"):
        raise UsageError(f"--temperature {temperature:g} is out of bounds", hint="Choose a positive number.")
    points = option_values.points(words, "x", caller.values(words, shared.max_elements))
    return Inquiry((points, SoftmaxOptions(dim, temperature, log, index)))


COMMAND = Command(
    softmax,
    examples=(
        "gradcli softmax 2 1 0.1",
        "gradcli softmax 2 1 0.1 --temperature 0.5",
        "gradcli softmax '[[1, 2], [3, 4]]' --dim 0 --log",
    ),
    inspection="gradcli.inspections.softmax:softmax",
    program="gradcli.inspections.emission.programs:softmax_program",
    result="SoftmaxResult",
    is_pictured=True,
    shared=(*COMPUTING, *SHOWING, "emit", "fail_on"),
)
