"""What the findings look at: the shadow in float64, and the tape of an instrumented second run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import torch

from gradcli.compute.autodiff import Gradients
from gradcli.compute.capture import TorchError, all_finite
from gradcli.compute.recorder import Recorder, record_backward
from gradcli.compute.tape import Tape
from gradcli.findings import of_tape
from gradcli.findings.evidence import Evidence
from gradcli.inspections.question import Question
from gradcli.inspections.shadow import shadow, widened
from gradcli.results.findings import Finding, Sample

MAX_ELEMENTS = 10_000
"""Larger inputs do not get a tape unless it is asked for,"""
MAX_ELEMENTS_OF_SICK = 2**25
"""or an output or a gradient holds NaN or Inf."""


def gather(
    question: Question,
    *,
    cotangent: torch.Tensor | None,
    gradients: Callable[[Question], Gradients],
    plain: tuple[torch.Tensor, Gradients] | None = None,
) -> Evidence:
    """The evidence beside a plain run that has been made; `plain` are its output and its gradients.

    A large input gets a tape only where a number is not finite: that must have been born somewhere.
    """
    elements = sum(leaf.numel() for leaf in question.leaves.values())
    sick = plain is not None and not all(t is None or all_finite(t) for t in (plain[0], *plain[1].values()))
    wanted = bool(question.wrt) and (elements <= MAX_ELEMENTS or (sick and elements <= MAX_ELEMENTS_OF_SICK))
    tape = record(question, cotangent, plain and plain[1]) if wanted else None
    evidence = evidence_of(question, tape, cotangent, gradients)
    return evidence if wanted or not question.wrt else replace(evidence, sample=Sample(looked=0, of=elements))


def findings_of(question: Question, output: torch.Tensor, rules: tuple[str, ...]) -> list[Finding]:
    """What some of the rules about tapes say of a function at its points, each output with a weight of its own.

    With a cotangent of ones, the gradient of a softmax would always be zero.
    """
    small = sum(leaf.numel() for leaf in question.leaves.values()) <= MAX_ELEMENTS
    if not small or not question.wrt or not output.is_floating_point():
        return []
    weights = 1 + torch.arange(output.numel(), device=output.device) % 7 / 8
    tape = record(question, weights.reshape(output.shape).to(output.dtype), None)
    return of_tape(Evidence(None, tape, question.context), rules)


def evidence_of(
    question: Question,
    tape: Tape | None,
    cotangent: torch.Tensor | None,
    gradients: Callable[[Question], Gradients],
) -> Evidence:
    """The evidence around a tape."""
    return Evidence(
        shadow(question, gradients), tape, question.context, lambda: _record_wide(question, cotangent, tape)
    )


def record(question: Question, cotangent: torch.Tensor | None, found: Gradients | None) -> Tape | None:
    """The tape of a second run; None if that raises although the plain run did not."""
    recorder = Recorder(question.program, question.in_place)
    try:
        output = question.evaluate(observe=recorder)
        tape = record_backward(recorder, output, question.differentiated, _fitting(cotangent, output))
    except TorchError:
        return None
    if found is not None:
        tape.agrees = agreement(found, tape.gradients)
    return tape


def agreement(plain: Mapping[str, torch.Tensor | None], recorded: Mapping[str, torch.Tensor | None]) -> bool:
    """Whether the instrumented run gave the bits of the plain one."""
    return all(_same(plain[name], recorded[name]) for name in plain)


def _record_wide(question: Question, cotangent: torch.Tensor | None, tape: Tape | None) -> Tape | None:
    return None if tape is None else record(widened(question), cotangent, None)


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
