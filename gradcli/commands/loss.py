"""`loss`: a loss and gradient descent on it."""

import math
from typing import Annotated

from gradcli.commands import option_values
from gradcli.commands.command import Caller, Command, Inquiry
from gradcli.commands.parameters import DERIVATIVES, Argument, Option, Param
from gradcli.commands.shared import COMPUTING, SELECTING, SHOWING, SharedOptions
from gradcli.exceptions import UsageError
from gradcli.inspections.options import LossOptions
from gradcli.language.loss_call import read_loss


def loss(
    shared: SharedOptions,
    caller: Caller,
    name: Annotated[str, Argument("NAME", "A loss: mse, cross_entropy, ...", completes="loss")],
    words: Annotated[
        list[str] | None,
        Argument(
            "[INPUT] [TARGET] [NAME=VALUE]...",
            "Its tensors in order, or by PyTorch's argument names.",
            default=False,
            takes_names=True,
        ),
    ] = None,
    reduction: Annotated[
        str | None,
        Option(
            "--reduction",
            "HOW",
            "mean, sum or none (and batchmean).",
            default="PyTorch's",
            completes="mean or sum or none or batchmean",
        ),
    ] = None,
    param: Param = None,
    learning_rate: Annotated[
        float | None, Option("--lr", "RATE", "Learning rate of gradient descent.", default=False)
    ] = None,
    steps: Annotated[
        int | None,
        Option("--steps", "N", "Steps of gradient descent; x is data, unless --wrt names it.", default=False),
    ] = None,
    plot: Annotated[
        bool | None,
        Option("--plot/--no-plot", help="Draw the loss over the steps.", default="on a terminal", in_python=False),
    ] = None,
    vjp: Annotated[
        str | None,
        Option(
            "--vjp",
            "V",
            "Cotangent of an unreduced loss; 'none' passes none.",
            default="ones",
            panel=DERIVATIVES,
            is_tensor=True,
        ),
    ] = None,
) -> Inquiry:
    """A loss, what each element contributes, its gradients; --lr and --steps walk gradient descent."""
    via = option_values.via(shared.via)
    if learning_rate is not None and not math.isfinite(learning_rate):
        raise UsageError(f"--lr {learning_rate} is no learning rate", hint="Choose a finite number: --lr 0.1.")
    numbers = caller.values([*(words or ()), *([vjp] if vjp else ())], shared.max_elements)
    asked = read_loss(name, words or (), reduction=reduction, parameters=param or (), sources=numbers)
    cotangent, none = option_values.cotangent(vjp, numbers)
    options = LossOptions(via, cotangent, none, learning_rate, steps)
    return Inquiry((asked, options), plot=plot)


COMMAND = Command(
    loss,
    examples=(
        "gradcli loss mse 1,2,3 1,2,5",
        "gradcli loss cross_entropy '[[2, 1, 0.1]]' '[0]'",
        "gradcli loss mse 'w * 3' 6 w=1 --lr 0.05 --steps 20",
    ),
    inspection="gradcli.inspections.loss:loss",
    program="gradcli.inspections.emission.programs:loss_program",
    result="LossResult",
    shared=("via", *SELECTING, *COMPUTING, *SHOWING, "emit", "fail_on"),
)
