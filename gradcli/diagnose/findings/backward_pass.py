"""What the backward pass does not say by itself: no path to an input, no derivative, and no scalar to start from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import torch

from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.findings.finding import finding_at, usual
from gradcli.diagnose.origins.parts import name
from gradcli.recording.tape import Step, Tape
from gradcli.results.findings import Finding
from gradcli.results.parts import Phrase, phrase

Ending = Literal["comparison", "truth", "indices", "numbers", "detach", "shape", "other"]
"""What the path of a gradient may end at."""

_COMPARISONS = frozenset({"gt", "ge", "lt", "le", "eq", "ne"})
_INDICES = frozenset({"argmax", "argmin", "argsort", "nonzero", "bucketize", "searchsorted"})
_ENDINGS: dict[Ending, str] = {
    "comparison": "it ends at {step}, whose true and false have no derivative",
    "truth": "it ends at {step}, whose true and false have no derivative",
    "indices": "it ends at {step}, which gives indices, and those have no derivative",
    "numbers": "it ends at {step}, whose whole numbers have no derivative",
    "detach": "{step} cuts it",
    "shape": "{step} takes its shape only",
    "other": "it ends at {step}, which passes no gradient on",
}
_REFUSALS = re.compile(
    r"derivative for .* is not implemented|[Tt]he derivative of .*|not differentiable with respect to"
)


def disconnected(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each differentiated input without a gradient, at the place where its path ends."""
    raised = evidence.computed.raised
    if raised is not None and "does not have a grad_fn" not in raised.message:
        return
    for variable, gradient in evidence.computed.gradients.items():
        if gradient is None and evidence.inputs[variable].requires_grad:
            tape = evidence.tape
            end = None if tape is None else path_end(tape, variable)
            said = phrase(
                "{input} has no path to the output, so it has no gradient (which is not a gradient of zero)",
                input=variable,
            ).because(_unused(tape, variable) if end is None else why_it_ends(end))
            if end is None:
                yield Finding(
                    "disconnected", usual("disconnected"), said, variable=variable, expression=evidence.expression
                )
            else:
                assert tape is not None
                found = finding_at(end, "disconnected", said, variable=variable)
                yield replace(found, operation=_operation(tape, end))


def not_differentiable(evidence: Evidence) -> Iterator[Finding]:
    """At most one finding, at the step where a traced backward pass ended."""
    raised, stopped, tape = evidence.computed.raised, evidence.computed.stopped, evidence.tape
    assert raised is not None
    assert tape is not None
    if stopped is None or not _REFUSALS.search(raised.message):
        return
    step = tape.steps[stopped]
    yield finding_at(step, "not-differentiable", no_derivative(step.text, raised.message))


def not_scalar(evidence: Evidence) -> Iterator[Finding]:
    """One finding, which points at --jacobian."""
    output = evidence.computed.output
    assert output is not None
    yield Finding(
        code="not-scalar",
        severity=usual("not-scalar"),
        expression=evidence.expression,
        phrase=phrase("the output has the shape {shape}", shape=str(list(output.shape)))
        .because("the gradients are those of its sum")
        .so("--jacobian shows them one by one"),
    )


def path_end(tape: Tape, variable: str) -> Step | None:
    """The first step that does not pass the gradient of an input on; None where the input is not used at all."""
    leaf = tape.leaf(variable)
    if leaf is None or not leaf.edges:
        return None
    waiting, seen = [leaf], {leaf.index}
    ends: list[Step] = []
    silent: list[Step] = []
    while waiting:
        for consumer in tape.consumers[waiting.pop().index]:
            if not consumer.edges:
                ends.append(consumer)
            elif tape.arriving(consumer) is not None:  # its node was reached, and sends nothing: a count of non-zeros
                silent.append(consumer)
            elif consumer.index not in seen:
                seen.add(consumer.index)
                waiting.append(consumer)
    return min(ends or silent, key=lambda step: step.index, default=None)


def _unused(tape: Tape | None, variable: str) -> str | None:
    if tape is None:
        return None
    return "the expression does not use it" if tape.leaf(variable) is None else "what is computed from it is not used"


def _operation(tape: Tape, step: Step) -> str:
    """The operation of a step; of one of several results that of the call."""
    return tape.inputs(step)[0].name if step.is_item else step.name


def ending_of(step: Step) -> Ending:
    """What a path ends at."""
    if step.name in _COMPARISONS:
        return "comparison"
    if step.name.endswith("_like") or step.name.startswith("new_"):
        return "shape"
    if step.name in ("detach", "detach_"):
        return "detach"
    dtype = step.values[0].dtype
    if dtype is torch.bool:
        return "truth"
    if dtype.is_floating_point or dtype.is_complex:
        return "other"
    return "indices" if step.is_item or step.name in _INDICES else "numbers"


def why_it_ends(step: Step) -> Phrase:
    """Why a path ends at a step."""
    return phrase(_ENDINGS[ending_of(step)], step=name(step))


def no_derivative(text: str, raised: str) -> Phrase:
    """`floor_divide(x, y) has no derivative in PyTorch: ...`, in PyTorch's words."""
    return phrase("{text} has no derivative in PyTorch", text=text).because(raised)
