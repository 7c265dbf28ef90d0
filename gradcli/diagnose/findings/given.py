"""Numbers that were not finite before anything was computed: which, how they were written, and what they do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from gradcli.diagnose.findings import constants
from gradcli.diagnose.findings.at_origin import stated
from gradcli.diagnose.findings.elements import Index, at, first, has_nan
from gradcli.diagnose.findings.evidence import Evidence
from gradcli.diagnose.findings.origins import Origin
from gradcli.diagnose.findings.words import listed, more, name, number, shortened
from gradcli.language import syntax
from gradcli.language.request import Value
from gradcli.numerics.capture import dtype_name
from gradcli.recording.tape import LEAF, Tape
from gradcli.results.findings import Finding, Severity


def given(evidence: Evidence, *, nan: bool) -> Iterator[Origin]:
    """The numbers that spoil something, and those that the dtype could not hold."""
    found = [origin for origin in evidence.origins if origin.kind == "given" and origin.is_nan == nan]
    yield from found
    if nan or evidence.tape is None:
        return
    known = {origin.step.text for origin in found}
    for variable, wide in evidence.written.items():
        leaf = evidence.tape.leaves.get(variable)
        if leaf is not None and leaf.value is not None and variable not in known:
            lost = torch.isinf(leaf.value) & torch.isfinite(wide)
            if not bool(lost.any()):
                continue
            index = first(lost)
            value = at(leaf.value, index)
            assert value is not None
            yield Origin("given", leaf, index, value, count=int(lost.sum()), written=at(wide, index))


def of_cotangent(evidence: Evidence, *, nan: bool) -> Iterator[Finding]:
    """At most one finding: the cotangent is not finite, and with it the gradients."""
    tape = evidence.tape
    cotangent = None if tape is None or tape.result is None or evidence.is_finite else tape.arriving(tape.result)
    if cotangent is None or tape is None or cotangent is tape.gradients.get(tape.result.text if tape.result else ""):
        return
    where = torch.isnan(cotangent) if nan else torch.isinf(cotangent)
    if bool(where.any()):
        index = first(where)
        element = f"vjp{list(index)}" if index else "vjp"
        kind = number(at(cotangent, index) or float("nan"))
        message = f"the cotangent {element} is {kind} before anything is computed{more(int(where.sum()))}"
        yield Finding(f"{'nan' if nan else 'inf'}-input", "error", message, index=index or None)


def finding(origin: Origin, evidence: Evidence, *, code: str, severity: Severity) -> Finding:
    """The finding at the input, or at the constant in the expression."""
    step, constant = origin.step, origin.constant
    is_input = step.operation == LEAF
    place = step.node if constant is None else constant
    return Finding(
        code=code,
        severity=severity,
        variable=step.text if is_input else None,
        index=(origin.index or None) if is_input else None,
        expression=_text_of(place, origin),
        span=place.span,
        operation=None if origin.later is None else origin.later.operation,
        message=_message(origin, evidence),
    )


def _message(origin: Origin, evidence: Evidence) -> str:
    tape = evidence.tape
    assert tape is not None
    text = _of_constant(origin) if origin.constant is not None else _of_input(origin, evidence)
    if origin.later is not None:
        text += f"; {stated(origin.later, origin.later_index, evidence)} is nan"
    outcome = _outcome(origin, tape)
    return f"{text}; {outcome}" if outcome else text


def _of_constant(origin: Origin) -> str:
    """`1e10 does not fit into float16, which ends at 65504`, or `x*nan computes with the constant nan`."""
    assert origin.constant is not None
    text = shortened(_text_of(origin.constant, origin))
    if origin.written is not None:
        typed = origin.written in (float("inf"), float("-inf"))  # such as 1e400
        return f"{text} {_beyond(torch.float64 if typed else origin.step.values[0].dtype)}"
    value = "" if _is_typed(origin.constant) else f" = {number(origin.value)}"
    return f"{name(origin.step)} computes with the constant {text}{value}"


def _of_input(origin: Origin, evidence: Evidence) -> str:
    """`x[1] = nan in @data.npy (and 2 more)`, or `x = -1e+15 does not fit into float16, which ends at 65504`."""
    leaf = origin.step.value
    element = f"{origin.step.text}{list(origin.index)}" if origin.index else origin.step.text
    source = _source(evidence.values.get(origin.step.text, ()), origin.index)
    if origin.written is not None and leaf is not None:
        written = f"{number(origin.written.real)}{source}{',' if source else ''}"
        return f"{element} = {written} {_beyond(leaf.dtype)}: it is {number(origin.value)}{more(origin.count)}"
    return f"{element} is {number(origin.value)} before anything is computed{source}{more(origin.count)}"


def _beyond(dtype: torch.dtype) -> str:
    return f"does not fit into {dtype_name(dtype)}, which ends at {number(torch.finfo(dtype).max)}"


def _source(values: tuple[Value, ...], index: Index) -> str:
    """`, read from @data.npy` or `, given as log(-1)`; nothing where the number was typed as it is."""
    value = values[0] if len(values) == 1 else None
    if value is None and len(index) == 1 and index[0] < len(values) and all(map(_is_single, values)):
        value = values[index[0]]
    if value is None:
        return ""
    if value.program is None:
        return f", read from {value.text}" if value.text.startswith(("@", "-")) else ""
    return "" if _is_typed(value.program.result) else f", given as {shortened(value.text)}"


def _is_single(value: Value) -> bool:
    """Whether a point is one number, so that several of them are counted by their places."""
    return value.program is not None and not isinstance(
        value.program.result, syntax.Sequence | syntax.Numbers | syntax.Call
    )


def _is_typed(node: syntax.Node) -> bool:
    """Whether a value is written in numbers, and not computed."""
    if isinstance(node, syntax.Sequence):
        return all(map(_is_typed, node.items))
    if isinstance(node, syntax.Unary):
        return _is_typed(node.operand)
    if isinstance(node, syntax.Literal):
        return node.value not in (float("inf"), float("-inf"))  # 1e400 was typed, and is no infinity on paper
    return isinstance(node, syntax.Name | syntax.Numbers)


def _outcome(origin: Origin, tape: Tape) -> str:
    """`the output and the gradient of w become nan`."""
    becomes: dict[str, list[str]] = {}
    for variable in origin.spoils:
        becomes.setdefault("nan" if has_nan(tape.gradients.get(variable)) else "infinite", []).append(variable)
    shown = None if origin.shown is None else "nan" if origin.shown != origin.shown else "infinite"
    if shown is not None:
        becomes = {shown: [], **becomes}
    return ", ".join(_becoming(kind, variables, kind == shown) for kind, variables in becomes.items())


def _becoming(kind: str, variables: Sequence[str], output: bool) -> str:
    gradients = f"the gradient{'s' if len(variables) > 1 else ''} of {listed(variables)}" if variables else ""
    subject = listed(list(filter(None, ["the output" if output else "", gradients])))
    return f"{subject} {'become' if output + len(variables) > 1 else 'becomes'} {kind}"


def _text_of(node: object, origin: Origin) -> str:
    """What the user wrote there."""
    return origin.step.text if origin.constant is None else constants.text_of(origin.step, origin.constant)
