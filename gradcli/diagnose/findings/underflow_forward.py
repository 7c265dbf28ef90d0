"""`underflow-forward`: a number that is not zero is rounded to zero, and a division, a logarithm or a root meets it.

An error where the output or a gradient is not finite because of it, or is another one than in float64; else a warning.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.findings import not_finite
from gradcli.diagnose.origins.origin import Origin
from gradcli.diagnose.origins.parts import at, name
from gradcli.diagnose.origins.poles import NORMS, POLES
from gradcli.diagnose.origins.true_value import TrueValue
from gradcli.diagnose.origins.underflowed import behind, zeros_met
from gradcli.numerics.capture import dtype_name
from gradcli.numerics.precision import half_the_digits, smallest_subnormal
from gradcli.recording.tape import Step, Tape
from gradcli.results.findings import Finding, Severity
from gradcli.results.parts import Phrase, phrase


def underflow_forward(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each operation that rounded such a number."""
    tape = evidence.tape
    assert tape is not None
    seen = set()
    for origin in evidence.origins:
        if origin.kind == "underflow":
            seen.add(origin.step.index)
            yield not_finite.finding(origin, evidence, "underflow-forward", _phrase(origin, evidence))
    busy = {step.index for origin in evidence.origins for step in (origin.step, origin.met and origin.met.step) if step}
    for step in tape.steps:
        if step.index not in busy and (step.name in POLES or step.name in NORMS):
            for origin in _harmless(tape, step, evidence):
                severity = _severity(step, evidence)
                if origin.step.index not in seen and severity is not None:
                    seen.add(origin.step.index)
                    said = _rounded(origin, evidence).so(_meeting(step, origin.step))
                    yield not_finite.finding(origin, evidence, "underflow-forward", said, severity)


def _harmless(tape: Tape, step: Step, evidence: Evidence) -> Iterator[Origin]:
    """The numbers that were rounded to the zeros which a step meets, where nothing has become NaN or infinite."""
    if step.name == "pow" and not any(isinstance(n, int | float) and n < 1 for n in step.arguments[1:]):
        return
    for source, zeros in zeros_met(tape, step, None):
        for one in behind(tape, source, zeros, evidence.written):
            yield Origin("underflow", one.step, one.true.index, 0.0, rounded=one.true)


def _severity(step: Step, evidence: Evidence) -> Severity | None:
    """A norm is only worth a word where it makes a difference: what divides by it is a step of its own."""
    if _differs(evidence):
        return "error"
    return None if step.name in NORMS else "warning"


def _differs(evidence: Evidence) -> bool:
    """Whether float64 gives another output or other gradients, or the reference where the zeros are float64's own."""
    tape, wide = evidence.tape, evidence.wide_tape
    assert tape is not None
    if wide is None:
        return False
    if any(_is_no_zero(tape, name, evidence) for name in tape.gradients):
        return True
    pairs = [(tape.output, wide.output), *((tape.gradients[n], wide.gradients.get(n)) for n in tape.gradients)]
    return any(_apart(one, other) for one, other in pairs)


def _is_no_zero(tape: Tape, name: str, evidence: Evidence) -> bool:
    """Whether the first zero of a float64 gradient is none by the reference."""
    gradient = tape.gradients[name]
    if gradient is None or gradient.dtype is not torch.float64:
        return False
    zeros = torch.nonzero(gradient.reshape(-1) == 0)[:1].reshape(-1).tolist()
    return bool(zeros) and evidence.exact_slopes(name, zeros).get(zeros[0], 0) != 0


def _apart(one: torch.Tensor | None, other: torch.Tensor | None) -> bool:
    if one is None or other is None:
        return False
    difference = (one.to(other.dtype) - other).abs()
    return bool((difference > half_the_digits(one.dtype) * other.abs() + smallest_subnormal(one.dtype)).any())


def _phrase(origin: Origin, evidence: Evidence) -> Phrase:
    """`a*b at a = 1e-30 and b = 1e-30 is 1e-60, and comes out as 0: ...; 1/(a*b) at a*b = 0 is inf`."""
    met = origin.met
    assert met is not None
    told = not_finite.forward_phrase if met.kind == "forward" else not_finite.backward_phrase
    return _rounded(origin, evidence).so(told(met, evidence), not_finite.consequence(origin, evidence))


def _rounded(origin: Origin, evidence: Evidence) -> Phrase:
    assert origin.rounded is not None
    true, why = origin.rounded.text, _why(origin.step, origin.rounded)
    if origin.step.is_leaf:
        given = phrase("{at} = {true} was given, and becomes 0", at=at(origin.step, origin.index), true=true)
        return given.because(why)
    seen = not_finite.stated(origin.step, origin.index, evidence)
    return phrase("{seen} is {true}, and comes out as 0", seen=seen, true=true).because(why)


def _why(step: Step, true: TrueValue) -> Phrase:
    dtype = step.values[0].dtype
    smallest = phrase("the smallest {dtype} is {smallest}", dtype=dtype_name(dtype), smallest=smallest_subnormal(dtype))
    normal = torch.finfo(dtype).smallest_normal
    if true.size < smallest_subnormal(dtype):
        return smallest
    if true.size < normal:
        return phrase("it is below {normal}, the smallest normal {dtype}", normal=normal, dtype=dtype_name(dtype))
    inside = "a product on the way rounds" if step.name in ("prod", "cumprod") else "the powers that it adds up round"
    return phrase("{inside} to 0, {smallest}", inside=inside, smallest=smallest)


def _meeting(step: Step, rounded: Step) -> Phrase:
    return (
        phrase("its derivative divides by it") if step is rounded else phrase("{step} meets the zero", step=name(step))
    )
