"""Which elements of an operand the elements of a value are, of what only puts elements elsewhere or chooses some."""

from __future__ import annotations

import torch

from gradcli.diagnose.origins.elements import aligned
from gradcli.diagnose.origins.local import REFUSALS
from gradcli.language.catalogue.arranged import ARRANGED
from gradcli.numerics.autodiff import gradients
from gradcli.numerics.literals import Context
from gradcli.recording.tape import Step, Tape

_CHOOSING = frozenset(
    {
        "where", "index", "T", "mT", "scatter", "clone", "contiguous", "nll_loss", "cross_entropy", "masked_fill",
        "sort", "topk", "kthvalue", "median", "nanmedian", "mode", "max", "min", "aminmax", "cummax", "cummin",
    }
)  # fmt: skip
"""What chooses elements, whatever else it does with them."""


def made_of(step: Step, focus: torch.Tensor, own: torch.Tensor, part: int = 0) -> torch.Tensor:
    """The elements of an operand that some elements of a step's value were made of; all, where that cannot be told.

    part: which of a step's values that is, if it has several.
    """
    found = _sent_back(step, focus, own, part) if step.name in ARRANGED or step.name in _CHOOSING else None
    return aligned(step.elementwise, focus, own) if found is None else found


def call_of(tape: Tape, step: Step) -> tuple[Step, int]:
    """The step that was called for a step's value, and which of its values that is: for `split(x, 1)[1]` the split."""
    if not step.is_item:
        return step, 0
    call = tape.inputs(step)[0]
    return call, part_of(call, step.values[0])


def part_of(step: Step, value: torch.Tensor) -> int:
    """Which of a step's values one is; the first, if it is none of them."""
    return next((part for part, own in enumerate(step.values) if own is value), 0)


def gradient_behind(tape: Tape, step: Step, elements: torch.Tensor | None, leaf: Step) -> torch.Tensor:
    """An input's gradient at those of its elements that these elements of a step's value come of; there has to be one.

    elements: None for all. All of the gradient, where the elements cannot be followed so far.
    """
    gradient = tape.arriving(leaf)
    assert gradient is not None
    if elements is None:
        return gradient
    followed = {step.index: elements}
    for one in reversed(tape.steps[: step.index + 1]):
        call, part = call_of(tape, one)
        for source in tape.inputs(call) if one.index in followed else ():
            if source.value is None:
                return gradient
            found = made_of(call, followed[one.index], source.value, part)
            followed[source.index] = followed[source.index] | found if source.index in followed else found
    behind = followed.get(leaf.index)
    return gradient if behind is None else gradient[behind]


def holds(argument: object, own: torch.Tensor) -> bool:
    """Whether an argument is a tensor, or a list with it."""
    if isinstance(argument, list | tuple):
        return any(holds(part, own) for part in argument)
    return _is(argument, own)


def with_instead(argument: object, own: torch.Tensor, other: torch.Tensor) -> object:
    """An argument with another tensor in the place of one."""
    if isinstance(argument, list):
        return [with_instead(part, own, other) for part in argument]
    if isinstance(argument, tuple):
        return tuple([with_instead(part, own, other) for part in argument])
    return other if _is(argument, own) else argument


def _is(argument: object, own: torch.Tensor) -> bool:
    """Whether an argument is a tensor, or looks at the same memory in the same way: not its transpose."""
    return (
        isinstance(argument, torch.Tensor)
        and argument.shape == own.shape
        and argument.stride() == own.stride()
        and argument.data_ptr() == own.data_ptr()
    )


def _sent_back(step: Step, focus: torch.Tensor, own: torch.Tensor, part: int) -> torch.Tensor | None:
    """Where a gradient arrives that is sent to these elements alone; None where the step cannot be applied again."""
    try:
        mark = own.detach().clone().requires_grad_()
        again = step.operation.apply([with_instead(one, own, mark) for one in step.arguments], Context())
        value = again[part] if isinstance(again, list | tuple) else again
        if not isinstance(value, torch.Tensor):
            return None
        found = gradients(value, {"": mark}, cotangent=focus.to(value.dtype))[""]
    except REFUSALS:
        return None
    return None if found is None else found != 0
