"""Numbers that were not finite before anything was computed: which, how they were written, and what they do."""

from __future__ import annotations

from collections.abc import Iterator
from math import isinf
from typing import Literal

import torch

from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.findings.finding import usual
from gradcli.diagnose.findings.not_finite import becomes_nan, spoiled_gradients
from gradcli.diagnose.origins.elements import Index, element_at, first
from gradcli.diagnose.origins.origin import Origin
from gradcli.diagnose.origins.parts import more, name, shortened
from gradcli.language.request import Value
from gradcli.numerics.capture import dtype_name
from gradcli.recording.tape import Tape
from gradcli.results.findings import Finding, Severity
from gradcli.results.parts import At, Phrase, Spoiled, phrase


def nan_input(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each input and each constant; what a mask takes away before it does harm was seen."""
    for origin in _given(evidence, nan=True):
        yield _finding(origin, evidence, "nan-input")
    yield from _of_cotangent(evidence, "nan-input", nan=True)


def inf_input(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each input and each constant that spoils something, or is not what was written.

    A warning; an error where it makes a NaN, or where gradients are not finite because of it.
    """
    for origin in _given(evidence, nan=False):
        spoils = origin.spoils or origin.later is not None
        yield _finding(origin, evidence, "inf-input", "error" if spoils else None)
    yield from _of_cotangent(evidence, "inf-input", nan=False)


def _given(evidence: Evidence, *, nan: bool) -> Iterator[Origin]:
    """The numbers that spoil something, and those that the dtype could not hold."""
    found = [origin for origin in evidence.origins if origin.kind == "given" and origin.is_nan == nan]
    yield from found
    if nan:
        return
    assert evidence.tape is not None
    known = {origin.step.index for origin in found}
    for variable, wide in evidence.written.items():
        leaf = evidence.tape.leaf(variable)
        if leaf is not None and leaf.index not in known:
            assert leaf.value is not None
            lost = torch.isinf(leaf.value) & torch.isfinite(wide)
            if not bool(lost.any()):
                continue
            index = first(lost)
            value = element_at(leaf.value, index)
            assert value is not None
            yield Origin("given", leaf, index, value, count=int(lost.sum()), written=element_at(wide, index))


def _of_cotangent(evidence: Evidence, code: str, *, nan: bool) -> Iterator[Finding]:
    """At most one finding: the cotangent is not finite, and with it the gradients."""
    assert evidence.tape is not None
    result = evidence.tape.result  # none of a list, which has several
    cotangent = None if result is None or evidence.is_finite else evidence.tape.arriving(result)
    if cotangent is None:
        return
    where = torch.isnan(cotangent) if nan else torch.isinf(cotangent)
    if bool(where.any()):
        index = first(where)
        size = cotangent.abs() if cotangent.is_complex() else cotangent
        said = phrase(
            "the cotangent {at} is {value} before anything is computed{more}",
            at=At("vjp", index),
            value=element_at(size, index),
            more=more(int(where.sum())),
        )
        yield Finding(code, "error", said, index=index or None)


def _finding(origin: Origin, evidence: Evidence, code: str, severity: Severity | None = None) -> Finding:
    """The finding at the input, or at the constant in the text of a step."""
    step, constant = origin.step, origin.constant
    place = step.place if constant is None else constant.place
    index = (origin.index or None) if step.is_leaf else None
    return Finding(
        code=code,
        severity=severity or usual(code),
        phrase=_phrase(origin, evidence),
        variable=step.variable,
        index=index,
        expression=place.text,
        span=place.span,
        place=place.in_file,
        operation=None if origin.later is None else origin.later.name,
        step=step.index if constant is None else None,
    )


def _phrase(origin: Origin, evidence: Evidence) -> Phrase:
    assert evidence.tape is not None
    said = _of_constant(origin) if origin.constant is not None else _of_input(origin, evidence)
    return said.so(becomes_nan(origin, evidence), _outcome(origin, evidence.tape))


def _of_constant(origin: Origin) -> Phrase:
    """`1e10 does not fit into float16, which ends at 65504`, or `x*nan computes with the constant nan`."""
    assert origin.constant is not None
    text = shortened(origin.constant.place.text)
    if origin.written is not None:
        typed = isinf(abs(origin.written))  # such as 1e400
        return _beyond(At(text), torch.float64 if typed else origin.step.values[0].dtype)
    constant = At(text, value=None if origin.constant.is_typed else origin.value)
    return phrase("{step} computes with the constant {constant}", step=name(origin.step), constant=constant)


def _of_input(origin: Origin, evidence: Evidence) -> Phrase:
    """`x[1] = nan in @data.npy (and 2 more)`, or `x = -1e+15 does not fit into float16, which ends at 65504`."""
    leaf, variable = origin.step.value, origin.step.variable
    assert variable is not None
    source = _source(evidence.values.get(variable, ()), origin.index)
    assert leaf is not None
    if origin.written is not None:
        is_now = phrase("it is {value}{more}", value=origin.value, more=more(origin.count))
        return _beyond(At(variable, origin.index, origin.written.real), leaf.dtype, source).because(is_now)
    return phrase(
        "{at} is {value} before anything is computed{source}{more}",
        at=At(variable, origin.index),
        value=origin.value,
        source=source,
        more=more(origin.count),
    )


def _beyond(written: At, dtype: torch.dtype, source: Phrase | None = None) -> Phrase:
    return phrase(
        "{written}{source} does not fit into {dtype}, which ends at {largest}",
        written=written,
        source=None if source is None else phrase("{source},", source=source),
        dtype=dtype_name(dtype),
        largest=torch.finfo(dtype).max,
    )


def _source(values: tuple[Value, ...], index: Index) -> Phrase | None:
    """`, read from @data.npy` or `, given as log(-1)`; nothing where the number was typed as it is."""
    if len(values) == 1:
        value = values[0]
    elif values and all(one.is_single for one in values):
        value = values[index[0]]
    else:
        return None
    if value.program is None:
        return phrase(", read from {text}", text=value.text) if value.text.startswith(("@", "-")) else None
    return None if value.is_typed else phrase(", given as {text}", text=shortened(value.text))


def _outcome(origin: Origin, tape: Tape) -> Phrase | None:
    """`the output and the gradient of w become nan`."""
    becomes = {spoiled.kind: spoiled for spoiled in spoiled_gradients(origin, tape)}
    if origin.shown is not None:
        kind: Literal["nan", "infinite"] = "nan" if origin.shown != origin.shown else "infinite"
        gradients = becomes.pop(kind).inputs if kind in becomes else ()
        becomes = {kind: Spoiled(kind, gradients, output=True), **becomes}
    return phrase(", ".join(f"{{{kind}}}" for kind in becomes), **becomes) if becomes else None
