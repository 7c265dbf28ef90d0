"""What is found about a run that was made: its evidence is gathered, the rules are asked, and fixes are looked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import torch

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.diagnose.evidence import MAX_ELEMENTS_RECORDED, Computed, Evidence
from gradcli.diagnose.findings import OF_TAPES, found_in, of_tape
from gradcli.diagnose.findings.nothing_to_report import has_nothing_to_report
from gradcli.diagnose.findings.table import GIVEN
from gradcli.diagnose.fixes.attach import with_fixes
from gradcli.diagnose.rerun import Rerun
from gradcli.diagnose.sampling import sampled
from gradcli.language.properties import is_elementwise
from gradcli.numerics.autodiff import Gradients
from gradcli.numerics.capture import TorchError, all_finite
from gradcli.recording.from_expression import foreseen
from gradcli.results.findings import Finding, Sample

MAX_ELEMENTS_OF_NON_FINITE = 2**25
"""Larger inputs get no tape, though an output or a gradient holds NaN or Inf."""
MAX_ELEMENTS_OF_OUTPUT = 2**24
"""A larger output of small inputs is computed again only to find where a NaN or Inf is from: each run holds it anew."""


@dataclass(frozen=True)
class Diagnosis:
    """sample: how much of the inputs was looked at, None for all of it."""

    findings: tuple[Finding, ...] = ()
    sample: Sample | None = None


def diagnose(
    rerun: Rerun, computed: Computed, output: torch.Tensor, gradients: list[Gradients], *, elementwise: bool = False
) -> Diagnosis:
    """The findings about a plain run; `gradients` of each order. Of large inputs some elements are looked at."""
    part = sampled(rerun.bound, output, rerun.cotangent, gradients[-1], elementwise=elementwise)
    if part is None:
        evidence, sample = _gathered(rerun, computed, output, gradients[0])
        return Diagnosis(told(evidence), sample)
    few = replace(rerun, bound=part.bound, cotangent=part.cotangent)
    evidence = Evidence(few, part.thin(computed), records=bool(few.bound.wrt))
    return Diagnosis(tuple(map(part.at_home, told(evidence))), part.sample)


def told(evidence: Evidence, *, explains: bool = True) -> tuple[Finding, ...]:
    """The findings of every rule, each cause once, with fixes that were verified.

    explains: whether the first says why there is no fix, which may take seconds.
    """
    found, rerun = found_in(evidence), evidence.rerun
    return found if rerun is None else with_fixes(found, rerun.bound, rerun.cotangent, explains=explains)


def _gathered(
    rerun: Rerun, computed: Computed, output: torch.Tensor, gradients: Gradients
) -> tuple[Evidence, Sample | None]:
    """The evidence beside a plain run, and how much of the inputs it is of.

    What is large, an input or an output, gets a tape only where a number is not finite: that has an origin.
    """
    bound, elements = rerun.bound, rerun.bound.elements
    evidence = Evidence(rerun, computed)
    if not bound.wrt:
        return evidence, None
    large = output.numel() > MAX_ELEMENTS_OF_OUTPUT
    finite = (elements <= MAX_ELEMENTS_RECORDED and not large) or all(map(all_finite, (output, *gradients.values())))
    if elements <= MAX_ELEMENTS_RECORDED and large:
        return replace(evidence, tape_alone=True, records=not finite), Sample(looked=0, of=elements + output.numel())
    if elements > MAX_ELEMENTS_OF_NON_FINITE or (elements > MAX_ELEMENTS_RECORDED and finite):
        return evidence, Sample(looked=0, of=elements)
    nothing = not bound.written and has_nothing_to_report(
        foreseen(bound.program), output, rerun.cotangent, gradients, OF_TAPES
    )
    return replace(evidence, records=True, nothing_to_report=nothing), None


def findings_of(bound: BoundExpression, output: torch.Tensor, codes: tuple[str, ...]) -> list[Finding]:
    """What the findings of some codes say of a function at its points, with a cotangent of ones if it is elementwise.

    Else each output has a weight of its own: with ones, the gradient of a softmax would always be zero.
    """
    weights = torch.ones_like(output)
    if not is_elementwise(bound.program):
        weights += (torch.arange(output.numel(), device=output.device) % 7 / 8).reshape(output.shape).to(output.dtype)
    rerun = Rerun(bound, weights)
    if bound.elements > MAX_ELEMENTS_RECORDED or not output.is_floating_point():
        return []
    try:
        (found,) = rerun.gradients(output, retain_graph=True)
    except TorchError:  # there is no tape either
        return []
    operations = foreseen(bound.program)
    if not bound.written and has_nothing_to_report(operations, output, weights, found, codes):
        return []
    return of_tape(Evidence(rerun, records=True, tape_alone=True), codes)


def given_findings(expressions: Iterable[BoundExpression]) -> tuple[Finding, ...]:
    """What inputs and constants hold that is not finite; what several expressions have in common once."""
    found: dict[object, Finding] = {}
    for bound in expressions:
        for finding in _given(bound):
            found.setdefault((finding.severity, finding.message, finding.span), finding)
    return tuple(found.values())


def at_each_dtype(bound: BoundExpression, dtypes: Iterable[str]) -> Iterator[BoundExpression]:
    """An expression in float64 at other dtypes, which know what was written."""
    written = {name: leaf.detach() for name, leaf in bound.leaves.items()}
    for dtype in dtypes:
        yield replace(bound.at_dtype(dtype), written={} if dtype == "float64" else written)


def _given(bound: BoundExpression) -> list[Finding]:
    try:
        return findings_of(bound, bound.evaluate(), GIVEN)
    except TorchError:  # its message is the answer
        return []
