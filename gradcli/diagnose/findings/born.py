"""A birth as a finding: the place, the element, the numbers. Shared by the rules about NaN and Inf."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from gradcli.diagnose.findings import reasons
from gradcli.diagnose.findings.births import Birth
from gradcli.diagnose.findings.elements import Index, at, has_nan, inside
from gradcli.diagnose.findings.evidence import Evidence
from gradcli.diagnose.findings.words import formula, listed, more, name, number, place, variable_of
from gradcli.recording.tape import LEAF, Step, node_name
from gradcli.results.findings import Finding, Severity


def shows_nan(birth: Birth) -> bool:
    """Whether a forward birth ends as NaN."""
    return birth.later is not None or birth.value != birth.value


def forward(evidence: Evidence) -> Iterator[Birth]:
    """The births that show in the value, or that no selection hides from it."""
    return (birth for birth in evidence.births if birth.kind == "forward" and birth.masked is None)


def finding(birth: Birth, evidence: Evidence, *, code: str, severity: Severity, message: str) -> Finding:
    """The finding at a birth's place."""
    step = birth.step
    leaf, index = _element(birth, evidence)
    return Finding(
        code=code,
        severity=severity,
        variable=leaf,
        index=index or None,
        expression=step.text,
        span=step.span,
        operation=None if step.operation == LEAF else step.operation,
        node=None if birth.node is None or step.operation == LEAF else node_name(birth.node),
        message=message,
    )


def forward_message(birth: Birth, evidence: Evidence) -> str:
    """`log(x) at x[0] = 0 is -inf; m*log(x) at m[0] = 0 and log(x)[0] = -inf is nan`."""
    step = birth.step
    text = f"{stated(step, birth.index, evidence)} is {number(birth.value)}{more(birth.count)}"
    reason = reasons.of_value(step, birth.index, birth.value, evidence.context)
    if reason is not None:
        text += f": {reason}"
    if birth.later is not None:
        text += f"; {stated(birth.later, birth.later_index, evidence)} is nan"
    return text + consequence(birth, evidence)


def backward_message(birth: Birth, evidence: Evidence) -> str:
    """`sqrt(x) at x[0] = 0: local derivative 1/(2*sqrt(0)) = inf, times the incoming gradient 0 = nan`."""
    step, operand = birth.step, birth.operand
    others = f"{_at_others(birth, evidence)}{more(birth.count)}: "
    if birth.slope is None or birth.reached is None:
        towards = "" if operand is None else f" to {_operand_at(operand, birth.index)}"
        why = reasons.of_gradient(step)
        return f"{name(step)} sends {number(birth.value)}{towards}{more(birth.count)}, though a finite gradient " + (
            f"arrives: {why}" if why else "arrives"
        )
    written = formula(step, birth.position or 0, _values(step, birth.place or ()))
    derivative = f"{written} = {number(birth.slope)}" if written and written != number(birth.slope) else None
    times = f"times the incoming gradient {number(birth.reached)} = {number(birth.value)}"
    return f"{name(step)}{others}local derivative {derivative or number(birth.slope)}, {times}"


def _at_others(birth: Birth, evidence: Evidence) -> str:
    """` at x[0] = 0 and y[0] = 0`: the operands of an elementwise step."""
    operands = _operands_at(birth.step, birth.place or (), evidence)
    if not operands and birth.operand is not None:
        operands = [_operand_at(birth.operand, birth.index)]
    return f" at {listed(operands)}" if operands else ""


def consequence(birth: Birth, evidence: Evidence) -> str:
    """`; the gradient of x is nan`, where the value spoils gradients too."""
    tape = evidence.tape
    if tape is None or not birth.spoils:
        return ""
    by_kind: dict[str, list[str]] = {}
    for leaf in birth.spoils:
        by_kind.setdefault("nan" if has_nan(tape.gradients.get(leaf)) else "infinite", []).append(leaf)
    first, *others = (
        f"{'gradient' if len(leaves) == 1 else 'gradients'} of {listed(leaves)} "
        f"{'becomes' if len(leaves) == 1 else 'become'} {kind}"
        for kind, leaves in by_kind.items()
    )
    return f"; {listed([f'the {first}', *(f'the {other}' for other in others)])}"


def _element(birth: Birth, evidence: Evidence) -> tuple[str | None, Index]:
    """The input and the element of it that are concerned; the element of the operand where that is no input."""
    if birth.kind not in ("forward", "underflow") or birth.step.value is None or evidence.tape is None:
        return variable_of(birth.operand), birth.index
    if birth.step.operation == LEAF:
        return birth.step.text, birth.index
    inputs = {source.index: source for source in evidence.tape.inputs(birth.step)}
    floating = [s for s in inputs.values() if s.value is not None and s.value.is_floating_point()]
    if (
        birth.step.elementwise
        and len(floating) == 1
        and floating[0].operation == LEAF
        and floating[0].value is not None
    ):
        index = inside(birth.index, floating[0].value.shape)
        return (None, birth.index) if index is None else (floating[0].text, index)
    return None, birth.index


def stated(step: Step, index: Index, evidence: Evidence) -> str:
    """`log(x) at x[0] = 0`, or `sum(x*x)[1]` where no single elements are behind it."""
    operands = _operands_at(step, index, evidence)
    return f"{name(step)} at {listed(operands)}" if operands else place(step, index)


def _operands_at(step: Step, index: Index, evidence: Evidence) -> list[str]:
    """`x[0] = 0` for each operand of an elementwise step; of others for what has but one element."""
    tape = evidence.tape
    assert tape is not None
    shown = []
    for operand in dict.fromkeys(tape.inputs(step)):
        value = operand.value
        if value is None or not (step.elementwise or value.numel() == 1):
            continue
        own = inside(index, value.shape) if step.elementwise else (0,) * value.ndim
        if own is not None and at(value, own) is not None and value.dtype is not torch.bool:
            shown.append(_operand_at(operand, own))
    return list(dict.fromkeys(shown))


def _operand_at(operand: Step, index: Index) -> str:
    value = at(operand.value, index)
    return place(operand, index) if value is None else f"{place(operand, index)} = {number(value)}"


def _values(step: Step, index: Index) -> list[float | None]:
    """The elements of the arguments that went into one element of an elementwise step."""
    found: list[float | None] = []
    for argument in step.arguments:
        if isinstance(argument, torch.Tensor):
            own = inside(index, argument.shape)
            found.append(None if own is None else at(argument, own))
        elif isinstance(argument, int | float) and not isinstance(argument, bool):
            found.append(float(argument))
        else:
            found.append(None)
    return found
