"""A origin as a finding: the place, the element, the numbers. Shared by the rules about NaN and Inf."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from gradcli.diagnose.findings import reasons
from gradcli.diagnose.findings.elements import Index, at, has_nan, inside
from gradcli.diagnose.findings.evidence import Evidence
from gradcli.diagnose.findings.origins import Origin
from gradcli.diagnose.findings.words import formula, listed, more, name, number, place, variable_of
from gradcli.recording.tape import LEAF, Step, node_name
from gradcli.results.findings import Finding, Severity


def shows_nan(origin: Origin) -> bool:
    """Whether a forward origin ends as NaN."""
    return origin.later is not None or origin.value != origin.value


def forward(evidence: Evidence) -> Iterator[Origin]:
    """The origins that show in the value, or that no selection hides from it."""
    return (origin for origin in evidence.origins if origin.kind == "forward" and origin.masked is None)


def finding(origin: Origin, evidence: Evidence, *, code: str, severity: Severity, message: str) -> Finding:
    """The finding at an origin's place."""
    step = origin.step
    leaf, index = _element(origin, evidence)
    return Finding(
        code=code,
        severity=severity,
        variable=leaf,
        index=index or None,
        expression=step.text,
        span=step.span,
        operation=None if step.operation == LEAF else step.operation,
        node=None if origin.node is None or step.operation == LEAF else node_name(origin.node),
        message=message,
    )


def forward_message(origin: Origin, evidence: Evidence) -> str:
    """`log(x) at x[0] = 0 is -inf; m*log(x) at m[0] = 0 and log(x)[0] = -inf is nan`."""
    step = origin.step
    text = f"{stated(step, origin.index, evidence)} is {number(origin.value)}{more(origin.count)}"
    reason = reasons.of_value(step, origin.index, origin.value, evidence.context)
    if reason is not None:
        text += f": {reason}"
    if origin.later is not None:
        text += f"; {stated(origin.later, origin.later_index, evidence)} is nan"
    return text + consequence(origin, evidence)


def backward_message(origin: Origin, evidence: Evidence) -> str:
    """`sqrt(x) at x[0] = 0: local derivative 1/(2*sqrt(0)) = inf, times the incoming gradient 0 = nan`."""
    step, operand = origin.step, origin.operand
    others = f"{_at_others(origin, evidence)}{more(origin.count)}: "
    if origin.slope is None or origin.reached is None:
        towards = "" if operand is None else f" to {_operand_at(operand, origin.index)}"
        why = reasons.of_gradient(step)
        return f"{name(step)} sends {number(origin.value)}{towards}{more(origin.count)}, though a finite gradient " + (
            f"arrives: {why}" if why else "arrives"
        )
    written = formula(step, origin.position or 0, _values(step, origin.place or ()))
    derivative = f"{written} = {number(origin.slope)}" if written and written != number(origin.slope) else None
    times = f"times the incoming gradient {number(origin.reached)} = {number(origin.value)}"
    return f"{name(step)}{others}local derivative {derivative or number(origin.slope)}, {times}"


def _at_others(origin: Origin, evidence: Evidence) -> str:
    """` at x[0] = 0 and y[0] = 0`: the operands of an elementwise step."""
    operands = _operands_at(origin.step, origin.place or (), evidence)
    if not operands and origin.operand is not None:
        operands = [_operand_at(origin.operand, origin.index)]
    return f" at {listed(operands)}" if operands else ""


def consequence(origin: Origin, evidence: Evidence) -> str:
    """`; the gradient of x is nan`, where the value spoils gradients too."""
    tape = evidence.tape
    if tape is None or not origin.spoils:
        return ""
    by_kind: dict[str, list[str]] = {}
    for leaf in origin.spoils:
        by_kind.setdefault("nan" if has_nan(tape.gradients.get(leaf)) else "infinite", []).append(leaf)
    first, *others = (
        f"{'gradient' if len(leaves) == 1 else 'gradients'} of {listed(leaves)} "
        f"{'becomes' if len(leaves) == 1 else 'become'} {kind}"
        for kind, leaves in by_kind.items()
    )
    return f"; {listed([f'the {first}', *(f'the {other}' for other in others)])}"


def _element(origin: Origin, evidence: Evidence) -> tuple[str | None, Index]:
    """The input and the element of it that are concerned; the element of the operand where that is no input."""
    if origin.kind not in ("forward", "underflow") or origin.step.value is None or evidence.tape is None:
        return variable_of(origin.operand), origin.index
    if origin.step.operation == LEAF:
        return origin.step.text, origin.index
    inputs = {source.index: source for source in evidence.tape.inputs(origin.step)}
    floating = [s for s in inputs.values() if s.value is not None and s.value.is_floating_point()]
    if (
        origin.step.elementwise
        and len(floating) == 1
        and floating[0].operation == LEAF
        and floating[0].value is not None
    ):
        index = inside(origin.index, floating[0].value.shape)
        return (None, origin.index) if index is None else (floating[0].text, index)
    return None, origin.index


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
