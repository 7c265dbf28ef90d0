"""What the findings look at: the shadow in float64, and the tape of an instrumented second run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import torch

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.findings import OF_TAPES, of_tape
from gradcli.diagnose.findings.nothing_to_report import has_nothing_to_report
from gradcli.diagnose.shadow import has_slope_beside, shadow, slopes_at, value_at, widened, with_noise
from gradcli.numerics import autodiff
from gradcli.numerics.autodiff import Gradients
from gradcli.numerics.capture import TorchError, all_finite
from gradcli.recording.from_expression import ExpressionRecorder, foreseen
from gradcli.recording.recorder import record_backward
from gradcli.recording.tape import Tape
from gradcli.results.findings import Finding, Sample

MAX_ELEMENTS_RECORDED = 10_000
"""Larger inputs do not get a tape unless it is asked for,"""
MAX_ELEMENTS_OF_NON_FINITE = 2**25
"""or an output or a gradient holds NaN or Inf."""
MAX_ELEMENTS_OF_OUTPUT = 2**24
"""A larger output of small inputs is computed again only to find where a NaN or Inf is from: each run holds it anew."""


def gather(
    bound: BoundExpression,
    *,
    cotangent: torch.Tensor | None,
    gradients: Callable[[BoundExpression], Gradients],
    plain: tuple[torch.Tensor, Gradients] | None = None,
    order: int = 1,
) -> Evidence:
    """The evidence beside a plain run that has been made; `plain` are its output and its gradients.

    What is large, an input or an output, gets a tape only where a number is not finite: that has an origin.
    """
    elements = sum(leaf.numel() for leaf in bound.leaves.values())
    if (
        bound.wrt
        and plain is not None
        and elements <= MAX_ELEMENTS_RECORDED
        and plain[0].numel() > MAX_ELEMENTS_OF_OUTPUT
    ):
        tape = partial(record, bound, cotangent) if not all(map(all_finite, (plain[0], *plain[1].values()))) else None
        alone = Evidence(None, tape, bound.context, values=bound.values, written=bound.written)
        return replace(alone, sample=Sample(looked=0, of=elements + plain[0].numel()))
    wanted = bool(bound.wrt) and (
        elements <= MAX_ELEMENTS_RECORDED
        or (
            elements <= MAX_ELEMENTS_OF_NON_FINITE
            and plain is not None
            and not all(map(all_finite, (plain[0], *plain[1].values())))
        )
    )
    if not wanted:
        evidence = evidence_of(bound, None, cotangent, gradients, order=order)
        return replace(evidence, sample=Sample(looked=0, of=elements)) if bound.wrt else evidence
    nothing = (
        plain is not None
        and not bound.written
        and has_nothing_to_report(foreseen(bound.program), plain[0], cotangent, plain[1], OF_TAPES)
    )
    evidence = evidence_of(bound, partial(record, bound, cotangent), cotangent, gradients, order=order)
    return replace(evidence, nothing_to_report=True) if nothing else evidence


def findings_of(bound: BoundExpression, output: torch.Tensor, codes: tuple[str, ...]) -> list[Finding]:
    """What the findings of some codes say of a function at its points, each output with a weight of its own.

    With a cotangent of ones, the gradient of a softmax would always be zero.
    """
    small = sum(leaf.numel() for leaf in bound.leaves.values()) <= MAX_ELEMENTS_RECORDED
    if not small or not bound.wrt or not output.is_floating_point():
        return []
    weights = (1 + torch.arange(output.numel(), device=output.device) % 7 / 8).reshape(output.shape).to(output.dtype)
    try:
        found = autodiff.gradients(output, bound.differentiated, cotangent=weights, retain_graph=True)
    except TorchError:
        found = {}
    operations = foreseen(bound.program)
    if found and not bound.written and has_nothing_to_report(operations, output, weights, found, codes):
        return []
    tape = record(bound, weights)
    evidence = Evidence(None, tape, bound.context, values=bound.values, written=bound.written)
    return of_tape(evidence, codes)


def evidence_of(
    bound: BoundExpression,
    tape: Tape | Callable[[], Tape | None] | None,
    cotangent: torch.Tensor | None,
    gradients: Callable[[BoundExpression], Gradients],
    *,
    order: int = 1,
) -> Evidence:
    """The evidence around a tape."""
    return Evidence(
        shadow=shadow(bound, gradients),
        given=tape,
        context=bound.context,
        widened=lambda: _record_wide(bound, cotangent, tape is not None),
        reference=partial(slopes_at, bound, cotangent) if order == 1 else None,
        noisy=lambda: shadow(bound, partial(with_noise, gradients)) or {},
        beside=partial(has_slope_beside, bound, gradients),
        value=partial(value_at, bound),
        values=bound.values,
        written=bound.written,
    )


def record(bound: BoundExpression, cotangent: torch.Tensor | None) -> Tape | None:
    """The tape of a second run; None if that raises although the plain run did not."""
    recorder = ExpressionRecorder(bound.program, bound.in_place)
    try:
        output = bound.evaluate(observe=recorder)
        return record_backward(recorder, output, bound.differentiated, _fitting(cotangent, output))
    except TorchError:
        return None


def agreement(plain: Mapping[str, torch.Tensor | None], recorded: Mapping[str, torch.Tensor | None]) -> bool:
    """Whether the instrumented run gave the bits of the plain one."""
    return all(_same(plain[name], recorded[name]) for name in plain)


def _record_wide(bound: BoundExpression, cotangent: torch.Tensor | None, wanted: bool) -> Tape | None:
    return record(widened(bound), cotangent) if wanted else None


def _fitting(cotangent: torch.Tensor | None, output: torch.Tensor) -> torch.Tensor | None:
    return None if cotangent is None else cotangent.to(output.dtype)


def _same(one: torch.Tensor | None, other: torch.Tensor | None) -> bool:
    """Whether two tensors are equal to the bit; any NaN equals any other."""
    if one is None or other is None:
        return one is other
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.is_complex():
        return _same(torch.view_as_real(one.resolve_conj()), torch.view_as_real(other.resolve_conj()))
    if not one.is_floating_point():
        return torch.equal(one, other)
    both_nan = torch.isnan(one) & torch.isnan(other)
    same_sign = torch.signbit(one) == torch.signbit(other)  # -0 equals 0, but has other bits
    return bool((both_nan | ((one == other) & same_sign)).all())
