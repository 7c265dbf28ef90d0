"""`activate`: activation functions side by side."""

from typing import Annotated

from gradcli.commands import option_values
from gradcli.commands.command import Caller, Command, Inquiry
from gradcli.commands.parameters import Argument, Option, Param
from gradcli.commands.shared import COMPUTING, SHOWING, SharedOptions
from gradcli.exceptions import UsageError
from gradcli.inspections.options import ActivateOptions
from gradcli.language import catalogue
from gradcli.language.curve import read_curves


def activate(
    shared: SharedOptions,
    caller: Caller,
    functions: Annotated[
        str, Argument("FUNCTION[,FUNCTION...]", "Functions of one variable, side by side.", completes="some activation")
    ],
    words: Annotated[
        list[str] | None,
        Argument("[POINT]...", "Where to look.", default="11 points of the function's own interval"),
    ] = None,
    ranges: Annotated[
        list[str] | None,
        Option(
            "--range", "START:STOP:COUNT", "A stretch of points, both ends included; may be repeated.", default=False
        ),
    ] = None,
    param: Param = None,
    order: Annotated[int, Option("--order", "N", "2 adds the second derivative.")] = 1,
    depth: Annotated[
        int | None,
        Option("--depth", "N", "Apply the function N times over, with |dy/dx| after each.", default=False),
    ] = None,
    plot: Annotated[
        bool | None,
        Option("--plot/--no-plot", help="Draw the curves.", default="on a terminal", in_python=False),
    ] = None,
) -> Inquiry:
    """Value and derivative of activation functions at each point, a plot, and a verdict."""
    if named := [word for word in words or () if catalogue.find_activation(word)]:
        rest = [word for word in words or () if word not in named]
        together = " ".join(["gradcli activate", ",".join([functions, *named]), *rest])
        raise UsageError(f"'{named[0]}' is a function, and no point", hint=f"Try: {together}")
    curves = read_curves(functions, param or ())
    numbers = caller.values(words or (), shared.max_elements)
    stretches = tuple(option_values.stretch(word, curves[0].variable) for word in ranges or ())
    points = option_values.points(words or (), curves[0].variable, numbers)
    return Inquiry((curves, ActivateOptions(points, stretches, order, depth)), plot=plot)


COMMAND = Command(
    activate,
    examples=(
        "gradcli activate sigmoid,tanh,relu",
        "gradcli activate gelu -2 0 2 --order 2",
        "gradcli activate 'x * sigmoid(x)' --range -5:5:50",
    ),
    inspection="gradcli.inspections.activate:activate",
    drawing="gradcli.inspections.drawn:drawn_activate",
    result="ActivateResult",
    shared=(*COMPUTING, *SHOWING, "fail_on"),
)
