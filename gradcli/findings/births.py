"""Where a NaN or an Inf was born: every cause once, first those that show in the value, then those of the gradients."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from gradcli.compute.literals import Context
from gradcli.compute.tape import GraphNode, Step, Tape
from gradcli.findings.elements import Index

Kind = Literal["forward", "backward", "accumulated"]


@dataclass(frozen=True)
class Birth:
    """One cause of a non-finite number.

    step: the sub-expression to blame. index: the element of its value (forward) or of the operand (backward).
    value: what was born. count: how many elements of the same tensor share the trouble.
    node, operand, position: the node that sent the gradient on, the step that it went to, and which argument that is.
    place, reached, slope: of an elementwise step, the element of its value, and the two factors that were multiplied.
    masked: the step that discards the element, so that the zero arrived that the slope was multiplied with.
    later, later_index: of a forward birth, the step that turned an infinity into the NaN.
    spoils: of a forward birth, the inputs whose gradients are not finite because of it.
    """

    kind: Kind
    step: Step
    index: Index
    value: float
    count: int = 1
    node: GraphNode | None = None
    operand: Step | None = None
    position: int | None = None
    place: Index | None = None
    reached: float | None = None
    slope: float | None = None
    masked: Step | None = None
    later: Step | None = None
    later_index: Index = ()
    spoils: tuple[str, ...] = ()


def births(tape: Tape, context: Context) -> list[Birth]:
    """Every cause once."""
    from gradcli.findings import backward, forward  # they make births

    found = {birth.step.index: birth for birth in forward.births(tape)}
    for name, birth in backward.births(tape, context):
        cause = next((i for i, earlier in found.items() if _explains(tape, earlier, birth)), None)
        if cause is None:
            found.setdefault(birth.step.index, birth)
        else:
            found[cause] = _spoiling(found[cause], name)
    return list(found.values())


def _spoiling(birth: Birth, name: str) -> Birth:
    return birth if name in birth.spoils or birth.kind != "forward" else replace(birth, spoils=(*birth.spoils, name))


def _explains(tape: Tape, earlier: Birth, birth: Birth) -> bool:
    """Whether a gradient is not finite because of a value that was not: the step itself, or one that uses its value."""
    return earlier.kind == "forward" and depends_on(tape, birth.step, earlier.step)


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
