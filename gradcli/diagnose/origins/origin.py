"""Where a NaN, an infinity or a number that was rounded to zero first was, and which of these places have one cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch

from gradcli.diagnose.origins.elements import Index
from gradcli.recording.operation import Constant
from gradcli.recording.tape import GraphNode, Step, Tape

if TYPE_CHECKING:
    from gradcli.diagnose.origins.true_value import TrueValue

Kind = Literal["given", "forward", "backward", "accumulated", "underflow"]
Cause = tuple[object, ...]
Written = Mapping[str, torch.Tensor]
"""By the names of inputs: their numbers in float64, where the dtype has made infinities or zeros of them."""


@dataclass(frozen=True, eq=False)
class Origin:
    """One cause of a non-finite number.

    step: the sub-expression to blame; of a given number the input, or what uses the constant.
    index: the element of its value (given, forward) or of the operand (backward).
    value: what it is. count: how many elements of the same tensor share the trouble.
    node, operand, position: the node that sent the gradient on, the step that it went to, and which argument that is.
    element, reached, slope, made: of an elementwise step, the element of its value, the two factors that were
        multiplied there, and what they give; where the operand was stretched, `value` is the sum of such products.
    masked: the step that discards the element, so that the zero arrived that the slope was multiplied with, or a NaN.
    later, later_index: of a given or forward origin, the step that turned an infinity into the NaN.
    placed: of a forward origin that turned an infinity into NaN, the step that put the infinity in place.
    spoils: of a given or forward origin, the inputs whose gradients are not finite because of it.
    constant: of a given number that stands in the text of a step.
    written: of a given number, what was written where the dtype cannot hold it.
    shown: what a given number makes of the output, None where it does not reach it.
    rounded, met: of a number that was rounded to zero, its true value, and the origin at which that zero did harm.
    own: where the step's value has the elements that share the trouble; None where that cannot be told.
    followed: of a forward origin, those of them to which the way back from the output led.
    """

    kind: Kind
    step: Step
    index: Index
    value: float
    count: int = 1
    node: GraphNode | None = None
    operand: Step | None = None
    position: int | None = None
    element: Index | None = None
    reached: float | None = None
    slope: float | None = None
    made: float | None = None
    masked: Step | None = None
    later: Step | None = None
    later_index: Index = ()
    placed: Step | None = None
    spoils: tuple[Step, ...] = ()
    constant: Constant | None = None
    written: complex | None = None
    shown: float | None = None
    rounded: TrueValue | None = None
    met: Origin | None = None
    own: torch.Tensor | None = None
    followed: torch.Tensor | None = None

    @property
    def is_nan(self) -> bool:
        """Whether it is a NaN."""
        return self.value != self.value


def cause_of(tape: Tape, origin: Origin, *, alike: bool = False) -> Cause:
    """What an origin has in common with others of the same cause.

    alike: steps that compute the same are one cause, wherever they stand.
    """
    step = tape.twins[origin.step.index] if alike or origin.kind == "underflow" else origin.step.index
    if origin.kind == "given":
        return (step, origin.is_nan, origin.constant and origin.constant.place)
    if origin.kind == "forward":
        return (step, origin.is_nan)
    return (step, origin.kind) if origin.kind == "underflow" else (step,)


def depends_on(tape: Tape, step: Step, other: Step) -> bool:
    """Whether the value of one step went into another, which may be the same."""
    waiting, seen = [step], {step.index}
    while waiting:
        current = waiting.pop()
        if current.index == other.index:
            return True
        for source in tape.inputs(current):
            if source.index not in seen:
                seen.add(source.index)
                waiting.append(source)
    return False
