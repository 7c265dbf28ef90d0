"""One derivative over a span: every way of PyTorch's to it, counted against the truth."""

from __future__ import annotations

from collections import Counter

import torch

from gradcli.inspections.auditing.answers import MOST_SINGLE, Function, Way, answers, numbers_of, ways
from gradcli.inspections.auditing.judging import judged
from gradcli.inspections.auditing.span import Span
from gradcli.inspections.auditing.tally import Tally
from gradcli.numerics.proven.expressions import Enclosure
from gradcli.numerics.proven.truth import SLACK, Status, Truth
from gradcli.results.audit import AuditProof, AuditRow


def audited_order(
    truth_of: Enclosure, function: Function, order: int, span: Span, most_ulps: float | None
) -> tuple[AuditProof, list[AuditRow]]:
    """How the truth is known, and a row for each way. Raises NotBoundedError."""
    truth = Truth(truth_of, order, span.dtype, span.sides)
    tallies: dict[Way, Tally | str] = {way: Tally(span.dtype) for way in ways(order)}
    known: Counter[int] = Counter()
    for sign, magnitudes in span.chunks():
        truths = truth.over(sign, magnitudes, sign * span.dtype.decoded(magnitudes))
        known.update(truths.statuses.tolist())
        first: torch.Tensor | None = None
        for way, tally in tallies.items():
            if isinstance(tally, str):
                continue
            kept = _kept(way, span.count)
            found = answers(function, order, way, numbers_of(span.dtype, sign, magnitudes[kept]))
            if isinstance(found, str):
                tallies[way] = found
                continue
            first = found if first is None else first
            tally.differs += _different(first[kept], found)
            part = truths.at(kept)
            numbers = found.double().numpy()
            some = magnitudes[kept]
            tally.add(sign, some, numbers, judged(span.dtype, truth, sign, some, numbers, part, most_ulps))
    proof = AuditProof(
        order=order,
        pieces=truth.count,
        points=truth.left,
        undefined=known[Status.UNDEFINED],
        kinks=known[Status.KINK],
        unproven=known[Status.UNPROVEN],
        slack=SLACK[span.dtype.name],
    )
    return proof, [_row(order, way, tally) for way, tally in tallies.items()]


def _kept(way: Way, count: int) -> slice:
    """All numbers; of single ones every so many."""
    return slice(None, None, max(1, -(-count // MOST_SINGLE)) if way.path == "single" else 1)


def _different(one: torch.Tensor, other: torch.Tensor) -> int:
    """How many numbers have other bits; NaN and zeros are one each."""
    same = (one == other) | (one.isnan() & other.isnan())
    return int((~same).sum())


def _row(order: int, way: Way, tally: Tally | str) -> AuditRow:
    if isinstance(tally, str):
        return AuditRow(order, way.mode, way.path, 0, None, (), (), (), 0, error=tally)
    return AuditRow(
        order=order,
        mode=way.mode,
        path=way.path,
        count=tally.count,
        worst=tally.shown_worst,
        histogram=tally.shown_histogram,
        troubles=tally.troubles(),
        by_exponent=tally.by_exponent(),
        differs=tally.differs,
    )
