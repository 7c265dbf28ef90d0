"""`disconnected`: an input that is differentiated has no path to the output, and so no gradient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gradcli.diagnose.findings.evidence import Evidence
from gradcli.diagnose.findings.words import name as text_of
from gradcli.recording.tape import ITEM, Step, Tape
from gradcli.results.findings import Finding

if TYPE_CHECKING:
    from gradcli.results import GradResult, LossResult, TraceResult

_COMPARISONS = frozenset({"gt", "ge", "lt", "le", "eq", "ne", "isnan", "isinf", "isfinite", "isclose", "logical_not"})
_INDICES = frozenset(
    {"argmax", "argmin", "argsort", "nonzero", "bucketize", "searchsorted", "count_nonzero", "bincount"}
)
_CONVERSIONS = frozenset({"int", "long", "short", "char", "byte", "bool", "to", "type"})
_SHAPES = frozenset({"zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", "new_zeros"})


def find(result: GradResult | LossResult | TraceResult, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each differentiated input without a gradient, at the place where its path ends."""
    raised = getattr(result, "raised", None)
    if raised is not None and "does not have a grad_fn" not in raised.message:
        return
    for name, gradient in result.gradients.items():
        if gradient is None and result.inputs[name].requires_grad:
            end = None if evidence.tape is None else path_end(evidence.tape, name)
            yield Finding(
                code="disconnected",
                severity="warning",
                variable=name,
                expression=result.expression if end is None else end.text,
                span=None if end is None else end.span,
                operation=None if end is None or evidence.tape is None else _operation(evidence.tape, end),
                message=f"{name} has no path to the output, so it has no gradient (which is not a gradient of zero)"
                + (_unused(evidence.tape, name) if end is None else f": {ending(end)}"),
            )


def path_end(tape: Tape, name: str) -> Step | None:
    """The first step that does not pass the gradient of an input on; None where the input is not used at all."""
    leaf = tape.leaves.get(name)
    if leaf is None or not leaf.edges:
        return None
    waiting, seen = [leaf], {leaf.index}
    ends: list[Step] = []
    while waiting:
        for consumer in tape.consumers[waiting.pop().index]:
            if not consumer.edges:
                ends.append(consumer)
            elif consumer.index not in seen:
                seen.add(consumer.index)
                waiting.append(consumer)
    return min(ends, key=lambda step: step.index, default=None)


def _unused(tape: Tape | None, name: str) -> str:
    if tape is None:
        return ""
    return ": what is computed from it is not used" if name in tape.leaves else ": the expression does not use it"


def _operation(tape: Tape, step: Step) -> str:
    """The operation of a step; of one of several results that of the call."""
    return tape.inputs(step)[0].operation if step.operation == ITEM else step.operation


def ending(step: Step) -> str:
    """Why a path ends at a step."""
    text = text_of(step)
    if step.operation in _COMPARISONS:
        return f"it ends at {text}, whose true and false have no derivative"
    whole = step.value is not None and not (step.value.is_floating_point() or step.value.is_complex())
    if step.operation in _INDICES or (step.operation == ITEM and whole):
        return f"it ends at {text}, which gives indices, and those have no derivative"
    if step.operation in ("detach", "detach_"):
        return f"{text} cuts it"
    if step.operation in _CONVERSIONS:
        return f"it ends at {text}, whose whole numbers have no derivative"
    if step.operation in _SHAPES:
        return f"{text} takes its shape only"
    return f"it ends at {text}, which passes no gradient on"
