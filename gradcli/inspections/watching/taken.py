"""Why an infinity shows that an operation was told to put in place: what takes it, or what puts it there."""

from __future__ import annotations

import torch

from gradcli.diagnose.origins import constants
from gradcli.diagnose.origins.elements import first
from gradcli.diagnose.origins.forward import PLACING
from gradcli.diagnose.origins.origin import Origin
from gradcli.diagnose.origins.parts import more
from gradcli.diagnose.origins.reasons import argument_at
from gradcli.recording.tape import Step
from gradcli.results.phrasing import number, text


def is_taken(origin: Origin) -> bool:
    """Whether an origin takes an infinity that was put in place, and makes no NaN of it."""
    return origin.placed is not None and origin.later is None and not origin.is_nan


def why_infinite(origin: Origin) -> str | None:
    """`row 3 has the target 0, and logits[3, 0] = -inf`, or `it is given floor = inf`."""
    if is_taken(origin):
        return _what_is_taken(origin.step)
    constant = constants.not_finite(origin.step, nan=False) if origin.step.name in PLACING else None
    if constant is None or origin.later is not None or origin.is_nan:
        return None
    value, written = number(float(constant.number.real)), text(constant.place.text)
    return f"it is given {value}" if constant.is_typed else f"it is given {written} = {value}"


def _what_is_taken(step: Step) -> str | None:
    source = next((one for one in step.arguments if isinstance(one, torch.Tensor)), None)
    if source is None or not bool(torch.isinf(source).any()):
        return None
    position = next(number for number, one in enumerate(step.arguments) if one is source)
    infinite = torch.isinf(source)
    given = {word: value for word, (_, value) in step.operation.named(step.arguments).items()}
    chosen = _of_targets(infinite, given.get("target"))
    if chosen is not None and bool(chosen.any()):
        row, *column = first(chosen)
        element = text(argument_at(step, position, (row, *column)))
        return f"row {row} has the target {column[0]}, and {element}"
    element = text(argument_at(step, position, first(infinite))) + text(more(int(infinite.sum())))
    smoothing = given.get("label_smoothing")
    return f"label_smoothing gives each class a part, and {element}" if smoothing else element


def _of_targets(infinite: torch.Tensor, target: object) -> torch.Tensor | None:
    """Which of the infinities are at the classes of the targets, where a target is the number of a class."""
    if not isinstance(target, torch.Tensor) or target.is_floating_point() or infinite.ndim != 2 or target.ndim != 1:
        return None
    classes = torch.arange(infinite.shape[1], device=target.device)
    return infinite & (classes == target[:, None])
