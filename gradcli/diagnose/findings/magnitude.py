"""`vanishing` and `exploding`: how much a gradient changed between the output and an input, and which step did most."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.findings.finding import finding_at
from gradcli.diagnose.origins.elements import largest
from gradcli.diagnose.origins.parts import name
from gradcli.numerics.capture import wide
from gradcli.recording.tape import Step, Tape
from gradcli.results.findings import Finding
from gradcli.results.parts import Phrase, phrase

FACTOR = 1e3
IN_STEP = 20
"""So many times the relative change of the input is an ordinary relative change of the value: that of x**20."""


@dataclass(frozen=True)
class Change:
    """One input's gradient beside the cotangent. Sums for shrinking and maxima for growing: means and sums over many
    elements then change nothing.

    in_step: whether the value is as large, measured by the input: a large slope of a large value explodes nothing.
    """

    variable: str
    step: Step
    start: float
    end: float
    in_step: bool


def vanishing(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each such input, at the step that did most of it."""
    for change in changes(evidence, grown=False):
        yield finding_at(change.step, "vanishing", _changes(change, "falls"), variable=change.variable)


def exploding(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each such input, at the step that did most of it."""
    for change in changes(evidence, grown=True):
        said = _changes(change, "grows").so("the value is as large" if change.in_step else None)
        yield finding_at(change.step, "exploding", said, "note" if change.in_step else None, variable=change.variable)


def _changes(change: Change, verb: str) -> Phrase:
    return phrase(
        "the gradient {verb} from {start} at the output to {end} at {input}, {where}",
        verb=verb,
        start=change.start,
        end=change.end,
        input=change.variable,
        where=_where(change, verb),
    )


def _where(change: Change, verb: str) -> Phrase:
    if change.step.is_leaf:  # no step sends so much less, or more, than it was sent
        return phrase(f"where what arrives {'all but cancels' if verb == 'falls' else 'adds up'}")
    return phrase("most of all in {step}", step=name(change.step))


def changes(evidence: Evidence, *, grown: bool) -> Iterator[Change]:
    """The inputs whose gradient grew, or shrank, by more than a thousand."""
    tape = evidence.tape
    assert tape is not None
    last = tape.result
    cotangent = None if last is None else tape.arriving(last)
    if cotangent is None:
        return
    assert last is not None
    for leaf in tape.leaves:
        gradient = tape.arriving(leaf)
        assert leaf.variable is not None
        if gradient is None:
            continue
        start, end, changed = _beside(cotangent, gradient, grown=grown)
        if changed:
            in_step = max(largest(leaf.value), 1.0) * end <= IN_STEP * largest(last.value) * start
            yield Change(leaf.variable, _culprit(tape, grown=grown) or leaf, start, end, in_step)


def is_out_of_proportion(cotangent: torch.Tensor, gradient: torch.Tensor) -> bool:
    """Whether a gradient grew or shrank by more than a thousand."""
    return any(_beside(cotangent, gradient, grown=grown)[2] for grown in (True, False))


def _beside(cotangent: torch.Tensor, gradient: torch.Tensor, *, grown: bool) -> tuple[float, float, bool]:
    """The sizes of both, and whether the second is out of proportion."""
    start = _sum(cotangent) if grown else largest(cotangent)
    end = largest(gradient) if grown else _sum(gradient)
    if not (0 < start < float("inf") and 0 < end < float("inf")):
        return start, end, False
    return start, end, end > FACTOR * start if grown else end * FACTOR < start


def _culprit(tape: Tape, *, grown: bool) -> Step | None:
    """The step with the largest single change."""
    best, chosen = 1.0, None
    for passage in tape.passages.values():
        incoming = max((largest(g) for g in passage.incoming if g is not None), default=0.0)
        outgoing = max((largest(g) for g in passage.outgoing if g is not None), default=0.0)
        if not incoming or not outgoing:
            continue
        ratio = outgoing / incoming if grown else incoming / outgoing
        if ratio > best:
            best, chosen = ratio, tape.owner_of(passage.node)
    return chosen


def _sum(tensor: torch.Tensor) -> float:
    return float(torch.linalg.vector_norm(tensor.detach(), 1, dtype=wide(tensor.dtype)))
