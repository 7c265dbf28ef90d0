"""Where a number first is NaN or infinite: in a value, a gradient, a sum of gradients, or a branch that is discarded.

Each of them is a finding at its place, with the element and the numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import torch

from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.findings.finding import finding_at
from gradcli.diagnose.origins import reasons
from gradcli.diagnose.origins.arranged import gradient_behind
from gradcli.diagnose.origins.elements import Index, element_at, has_nan, inside
from gradcli.diagnose.origins.origin import Origin
from gradcli.diagnose.origins.parts import at, formula, more, name, number_at, variable_of
from gradcli.recording.tape import Step, Tape
from gradcli.results.findings import Finding, Severity
from gradcli.results.parts import At, Phrase, Spoiled, phrase
from gradcli.results.phrasing import number, text

TELL_ZEROS = frozenset({"div", "reciprocal", "sqrt", "rsqrt", "pow"})
"""What gives or sends the one infinity at zero, and the other at negative zero."""


def nan_forward(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each place where a value first is NaN, or the infinity that became one."""
    for origin in _forward(evidence):
        if shows_nan(origin):
            yield finding(origin, evidence, "nan-forward", forward_phrase(origin, evidence))


def inf_forward(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each place where a value first is infinite; an error where gradients hold it too."""
    for origin in _forward(evidence):
        if not shows_nan(origin):
            severity: Severity | None = "error" if origin.spoils else None
            yield finding(origin, evidence, "inf-forward", forward_phrase(origin, evidence), severity)


def masked_branch(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each operation of a discarded branch that makes NaN, or that makes NaN of the zero it is sent."""
    for origin in evidence.origins:
        if origin.masked is None:
            continue
        mask = name(origin.masked)
        if origin.kind == "forward":
            discarded = phrase("{mask} discards it, and 0 * nan is nan on the way back", mask=mask)
            said = phrase("{seen}", seen=forward_phrase(origin, evidence)).because(discarded)
        else:
            zero = phrase("the zero is from {mask}, which discards the element", mask=mask)
            said = backward_phrase(origin, evidence).so(zero)
        yield finding(origin, evidence, "masked-branch", said)


def nan_backward(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each place that sends the first NaN."""
    return _backward(evidence, "nan-backward", nan=True)


def inf_backward(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each place that sends the first infinite gradient."""
    return _backward(evidence, "inf-backward", nan=False)


def nan_accumulated(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each tensor where gradients meet; no node is to blame, PyTorch's engine adds."""
    for origin in evidence.origins:
        if origin.kind == "accumulated":
            yield finding(origin, evidence, "nan-accumulated", _accumulated(origin))


def _forward(evidence: Evidence) -> Iterator[Origin]:
    """The origins that show in the value, or that no selection hides from it."""
    return (origin for origin in evidence.origins if origin.kind == "forward" and origin.masked is None)


def shows_nan(origin: Origin) -> bool:
    """Whether a forward origin ends as NaN."""
    return origin.later is not None or origin.is_nan


def _backward(evidence: Evidence, code: str, *, nan: bool) -> Iterator[Finding]:
    for origin in evidence.origins:
        if origin.kind == "backward" and origin.masked is None and origin.is_nan == nan:
            yield finding(origin, evidence, code, backward_phrase(origin, evidence))


def finding(origin: Origin, evidence: Evidence, code: str, said: Phrase, severity: Severity | None = None) -> Finding:
    """The finding at an origin's place."""
    step = origin.step
    leaf, index = _element(origin, evidence)
    found = finding_at(step, code, said, severity, variable=leaf, index=index or None, node=origin.node)
    return replace(found, operation=None, node=None) if step.is_leaf else found


def forward_phrase(origin: Origin, evidence: Evidence) -> Phrase:
    """`log(x) at x[0] = 0 is -inf; m*log(x) at m[0] = 0 and log(x)[0] = -inf is nan`."""
    step = origin.step
    seen = stated(step, origin.index, evidence)
    return (
        phrase("{seen} is {value}{more}", seen=seen, value=origin.value, more=_others(origin))
        .because(reasons.of_value(step, origin.index, origin.value))
        .so(becomes_nan(origin, evidence), consequence(origin, evidence))
    )


def _others(origin: Origin) -> Phrase | None:
    """` (and 2 more)` for the elements that are the same, ` (and 2 more, and 1 is inf)` where a sign is another."""
    value, own = origin.step.values[0], origin.own
    alike = own is not None and own.shape == value.shape and not value.is_complex()
    opposite = int((own & (value == -origin.value)).sum()) if own is not None and alike else 0
    if not opposite:
        return more(origin.count)
    are = phrase("{opposite} {are} {it}", opposite=opposite, are="is" if opposite == 1 else "are", it=-origin.value)
    same = origin.count - opposite
    return phrase(" (and {others} more, and {are})" if same > 1 else " (and {are})", others=same - 1, are=are)


def backward_phrase(origin: Origin, evidence: Evidence) -> Phrase:
    """`sqrt(x) at x[0] = 0: local derivative 1/(2*sqrt(0)) = inf, times the incoming gradient 0 = nan`."""
    step, operand = origin.step, origin.operand
    if origin.slope is None:
        towards = None if operand is None else phrase(" to {at}", at=number_at(operand, origin.index))
        return phrase(
            "{step} sends {value}{towards}{more}, though a finite gradient arrives",
            step=name(step),
            value=origin.value,
            towards=towards,
            more=more(origin.count),
        ).because(reasons.of_gradient(step))
    assert origin.position is not None
    assert origin.element is not None
    assert origin.made is not None
    written = formula(step, origin.position, _values(step, origin.element))
    derivative = None if written in (None, number(origin.slope)) else phrase("{written} = ", written=written)
    factors = phrase(
        "local derivative {derivative}{slope}, times the incoming gradient {reached} = {value}",
        derivative=derivative,
        slope=origin.slope,
        reached=origin.reached,
        value=origin.made,
    )
    operands = _operands_at(step, origin.element, evidence)
    at = phrase(" at {operands}", operands=operands) if operands else None
    said = phrase("{step}{at}{more}", step=name(step), at=at, more=more(origin.count)).because(factors)
    if number(origin.made) == number(origin.value):
        return said
    return said.so(phrase("over all elements the sum is {value}", value=origin.value))


def _accumulated(origin: Origin) -> Phrase:
    assert origin.operand is not None
    where = at(origin.operand, origin.index)
    if origin.reached is None:
        return phrase("the gradients that meet at {at} are finite, and add up to {value}", at=where, value=origin.value)
    return phrase(
        "{step} sends {reached} to {at}, where it meets another gradient",
        step=name(origin.step),
        reached=origin.reached,
        at=where,
    ).because(phrase("the sum is {value}", value=origin.value))


def becomes_nan(origin: Origin, evidence: Evidence) -> Phrase | None:
    """`m*log(x) at m[0] = 0 and log(x)[0] = -inf is nan`, where a step turned an infinity into NaN."""
    if origin.later is None:
        return None
    return phrase("{later} is nan", later=stated(origin.later, origin.later_index, evidence))


def consequence(origin: Origin, evidence: Evidence) -> tuple[Spoiled, ...] | None:
    """`the gradient of x becomes nan`, where the value spoils gradients too."""
    assert evidence.tape is not None
    return spoiled_gradients(origin, evidence.tape) if origin.spoils else None


def spoiled_gradients(origin: Origin, tape: Tape) -> tuple[Spoiled, ...]:
    """The inputs whose gradients are not finite because of it: those with NaN, those with infinities."""
    by_kind: dict[Literal["nan", "infinite"], list[str]] = {}
    shown = origin.met or origin
    for leaf in origin.spoils:
        assert leaf.variable is not None
        gradient = gradient_behind(tape, shown.step, shown.own, leaf)
        by_kind.setdefault("nan" if has_nan(gradient) else "infinite", []).append(leaf.variable)
    return tuple(Spoiled(kind, tuple(leaves)) for kind, leaves in by_kind.items())


def _element(origin: Origin, evidence: Evidence) -> tuple[str | None, Index | None]:
    """The input and the element of it that are concerned; the element of the operand where that is no input."""
    step, tape = origin.step, evidence.tape
    assert tape is not None
    if origin.kind not in ("forward", "underflow"):
        return variable_of(origin.operand), origin.index
    if step.is_leaf:
        return step.variable, origin.index
    values = ((source.variable, value) for source in tape.inputs(step) for value in source.values)
    floating = {variable: value for variable, value in values if value.is_floating_point()}
    if step.elementwise and len(floating) == 1:
        ((variable, value),) = floating.items()
        if variable is not None:
            return variable, inside(origin.index, value.shape)
    return None, origin.index


def stated(step: Step, index: Index, evidence: Evidence) -> Phrase | At:
    """`log(x) at x[0] = 0`, or `sum(x*x)[1]` where no single elements are behind it."""
    operands = _operands_at(step, index, evidence)
    if not operands:
        return at(step, index)
    return phrase("{step} at {operands}", step=name(step), operands=operands)


def _operands_at(step: Step, index: Index, evidence: Evidence) -> tuple[At, ...]:
    """`x[0] = 0` for each operand of an elementwise step; of others for what has but one element."""
    tape = evidence.tape
    assert tape is not None
    shown = []
    made = element_at(step.value, index) if step.elementwise else None
    for operand in dict.fromkeys(tape.inputs(step)):
        value = operand.value
        if value is None or not (step.elementwise or value.numel() == 1):
            continue
        own = inside(index, value.shape) if step.elementwise else (0,) * value.ndim
        if own is not None and element_at(value, own) is not None and value.dtype is not torch.bool:
            at_own = replace(number_at(operand, own), signed=step.name in TELL_ZEROS and made == made)
            beside = operand.place == step.place and operand.text == f"{operand.name} in {operand.place.text}"
            shown.append(replace(at_own, text=operand.name) if beside else at_own)
    shown += _numbers_at(step) if step.elementwise and shown else []
    return tuple({text(one): one for one in shown}.values())


def _numbers_at(step: Step) -> list[At]:
    """`gamma = 0.45` for each plain number that the step computes with and that is not written there."""
    return [
        At(written, value=constant.number.real)
        for constant in step.operation.constants(step.arguments)
        if not constant.is_typed and constant.place != step.place and (written := constant.place.text).isidentifier()
    ]


def _values(step: Step, index: Index) -> list[float | None]:
    """The elements of the arguments that went into one element of an elementwise step."""
    found: list[float | None] = []
    for argument in step.arguments:
        if isinstance(argument, torch.Tensor):
            own = inside(index, argument.shape)
            found.append(None if own is None else element_at(argument, own))
        else:
            found.append(float(argument) if isinstance(argument, int | float) else None)
    return found
