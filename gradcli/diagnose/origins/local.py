"""The derivative of one operation by one of its operands, computed apart from everything else."""

from __future__ import annotations

import torch

from gradcli.exceptions import GradcliError
from gradcli.numerics.autodiff import gradients
from gradcli.numerics.capture import TORCH_ERRORS, TorchError
from gradcli.numerics.literals import Context
from gradcli.recording.tape import Step, parts

REFUSALS = (*TORCH_ERRORS, TorchError, GradcliError)
"""What applying an operation once more may end in."""


def local_derivative(
    step: Step, position: int, context: Context, *, stretched: bool = False, cotangent: torch.Tensor | None = None
) -> torch.Tensor | None:
    """The gradient of the sum of an operation's value by one argument; None if there is none.

    stretched: the argument is expanded to the shape of the value first, so that each element has a slope of its own.
    cotangent: other weights than ones.
    """
    value = step.value
    argument = step.arguments[position] if position < len(step.arguments) else None
    if not isinstance(argument, torch.Tensor) or not (argument.is_floating_point() or argument.is_complex()):
        return None
    if stretched and value is not None and value.shape != argument.shape:
        try:
            argument = argument.expand(value.shape)
        except RuntimeError:
            return None
    chosen = argument.detach().clone().requires_grad_()
    try:
        result = applied(step, {position: chosen}, context)
        if result is None or not result.requires_grad:
            return None
        weights = torch.ones_like(result) if cotangent is None else cotangent.to(result.dtype)
        return gradients(result, {"": chosen}, cotangent=weights)[""]
    except REFUSALS:
        return None


def slope_by_node(step: Step) -> torch.Tensor | None:
    """The slope of an elementwise step, asked of its own node of the graph, which must still be there.

    None where the step made several nodes, or stretched its operand.
    """
    value = step.value
    if len(step.created) != 1 or not step.edges or step.edges[0] != (step.created[0], 0) or value is None:
        return None
    try:
        sent = step.created[0](torch.ones_like(value))  # type: ignore[operator]
    except REFUSALS:
        return None
    first = next((slope for slope in (sent if isinstance(sent, tuple) else (sent,)) if slope is not None), None)
    return first if isinstance(first, torch.Tensor) and first.shape == value.shape else None


def slope_of(step: Step, context: Context) -> torch.Tensor | None:
    """The slope of an elementwise step by its first differentiable argument, computed anew."""
    for position, value in enumerate(step.arguments):
        if isinstance(value, torch.Tensor) and (value.is_floating_point() or value.is_complex()):
            found = local_derivative(step, position, context)
            return found if found is not None and step.value is not None and found.shape == step.value.shape else None
    return None


def applied(step: Step, changed: dict[int, torch.Tensor], context: Context) -> torch.Tensor | None:
    """The operation once more with some arguments replaced: its (first) value, None if that is no tensor."""
    in_place = step.changes_memory
    arguments = [changed.get(position, value) for position, value in enumerate(step.arguments)]
    if in_place and arguments and isinstance(arguments[0], torch.Tensor):
        arguments[0] = arguments[0].clone()
    result = step.operation.apply(arguments, context)
    value = result[0] if isinstance(result, tuple) and result else result
    return value if isinstance(value, torch.Tensor) else None


def argument_position(step: Step, source: Step | None, slot: int | None = None) -> int | None:
    """Which argument of a step is the value of another.

    slot: which input of the step's only node it is; nodes have one for each tensor that went in, in order.
    """
    if source is None or source.value is None:
        return None
    tensors = [position for position, value in enumerate(step.arguments) if isinstance(value, torch.Tensor)]
    if slot is not None and len(step.created) == 1 and slot < len(tensors):
        argument = step.arguments[tensors[slot]]
        if isinstance(argument, torch.Tensor) and argument.shape == source.value.shape:
            return tensors[slot]
    itself = next((position for position in tensors if step.arguments[position] is source.value), None)
    if itself is not None:
        return itself
    return next((position for position in tensors if _same(step.arguments[position], source.value)), None)


def _same(argument: object, value: torch.Tensor) -> bool:
    """Whether an argument holds the numbers of a value: one that was changed in place since is another tensor."""
    if not isinstance(argument, torch.Tensor) or argument.shape != value.shape or argument.dtype != value.dtype:
        return False
    return torch.equal(parts(argument).nan_to_num(), parts(value).nan_to_num())
