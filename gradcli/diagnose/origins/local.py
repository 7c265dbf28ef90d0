"""The derivative of one operation by one of its operands, computed apart from everything else."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from gradcli.exceptions import GradcliError
from gradcli.numerics.autodiff import gradients
from gradcli.numerics.capture import TORCH_ERRORS, TorchError
from gradcli.numerics.literals import Context
from gradcli.recording.tape import Step, Tape, parts

REFUSALS = (*TORCH_ERRORS, TorchError, GradcliError)
"""What applying an operation once more may end in."""


def local_derivative(
    step: Step,
    position: int,
    context: Context,
    *,
    which: int = 0,
    stretched: bool = False,
    cotangent: torch.Tensor | None = None,
) -> torch.Tensor | None:
    """The gradient of the sum of an operation's value by one argument; None if there is none.

    which: of several values.
    stretched: the argument is expanded to the shape of the value first, so that each element has a slope of its own.
    cotangent: other weights than ones.
    """
    value = step.value
    argument = step.arguments[position] if position < len(step.arguments) else None
    if not isinstance(argument, torch.Tensor) or not (argument.is_floating_point() or argument.is_complex()):
        return None
    if stretched and value is not None:
        try:
            argument = argument.expand(value.shape)
        except RuntimeError:
            return None
    chosen = argument.detach().clone().requires_grad_()
    try:
        result = applied(step, {position: chosen}, context, which)
        if result is None:
            return None
        weights = torch.ones_like(result) if cotangent is None else cotangent.to(result.dtype)
        return gradients(result, {"": chosen}, cotangent=weights)[""]
    except REFUSALS:
        return None


def slope_by_node(step: Step) -> torch.Tensor | None:
    """The slope of an elementwise step, asked of its own node of the graph, which must still be there.

    None where the step made several nodes, or stretched its operand.
    """
    if len(step.created) != 1:
        return None
    value = step.values[0]
    try:
        sent = step.created[0](torch.ones_like(value))  # type: ignore[operator]
    except REFUSALS:  # a node that has several outputs too
        return None
    first = next((slope for slope in (sent if isinstance(sent, tuple) else (sent,)) if slope is not None), None)
    return first if isinstance(first, torch.Tensor) and first.shape == value.shape else None


def slope_of(tape: Tape, step: Step, context: Context) -> torch.Tensor | None:
    """The slope of an elementwise step by its first differentiated argument, computed anew."""
    positions = differentiated(tape, step)
    found = local_derivative(step, min(positions), context) if positions else None
    return found if found is not None and found.shape == step.values[0].shape else None


def differentiated(tape: Tape, step: Step) -> set[int]:
    """The arguments that come from something differentiated."""
    found = (argument_position(step, source) for source in tape.inputs(step) if source.edges)
    return {position for position in found if position is not None}


def applied(step: Step, changed: Mapping[int, object], context: Context, which: int = 0) -> torch.Tensor | None:
    """The operation once more with some arguments replaced: one of its values, None if that is no tensor."""
    arguments = [changed.get(position, value) for position, value in enumerate(step.arguments)]
    if step.changes_memory:
        arguments[:1] = [one.clone() if isinstance(one, torch.Tensor) else one for one in arguments[:1]]
    result = step.operation.apply(arguments, context)
    value = result[which] if isinstance(result, tuple) else result
    return value if isinstance(value, torch.Tensor) else None


def argument_position(step: Step, source: Step | None) -> int | None:
    """Which argument of a step is the value of another, the first of several."""
    value = None if source is None else source.value
    if value is None:
        return None
    tensors = {place: one for place, one in enumerate(step.arguments) if isinstance(one, torch.Tensor)}
    itself = [place for place, one in tensors.items() if one is value]
    return next(iter(itself or [place for place, one in tensors.items() if _same(one, value)]), None)


def _same(argument: torch.Tensor, value: torch.Tensor) -> bool:
    """Whether an argument holds the numbers of a value: one that was changed in place since is another tensor."""
    return argument.dtype == value.dtype and torch.equal(parts(argument).nan_to_num(), parts(value).nan_to_num())
