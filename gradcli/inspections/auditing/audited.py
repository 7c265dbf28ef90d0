"""One derivative over a chunk of numbers: every way of PyTorch's to it, counted against the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch

from gradcli.inspections.auditing.answers import NO_DERIVATIVE, Function, Way, answers, numbers_of
from gradcli.inspections.auditing.counts import Counts
from gradcli.inspections.auditing.judging import Measure
from gradcli.inspections.auditing.tally import Tally
from gradcli.inspections.auditing.task import Chunk, Task, parts_of
from gradcli.numerics.precision import as_integers
from gradcli.numerics.proven.formats import Magnitudes, Side
from gradcli.numerics.proven.truth import Status, Truth

BLOCK = 2**24
"""Magnitudes over which a truth is proven at once: whatever the chunks are, these are the same."""
AT_ONCE = 2**15
"""Numbers that are looked at together: few enough for what is computed of them to stay near the processor."""

TruthOver = Callable[[Side], Truth]


def audited(task: Task, chunk: Chunk, function: Function, truth_over: TruthOver) -> Counts:
    """What is counted of a chunk. truth_over: the truth over a part of the task's sides. Raises NotBoundedError."""
    counts = Counts.of(task)
    for side in chunk.sides:
        for block in parts_of(side, BLOCK):
            truth = truth_over(_whole(task, block))
            pieces, points = truth.counted(*block)
            counts.pieces += pieces
            counts.points += points
            for sign, magnitudes in _runs(block):
                _count(counts, task, function, truth, sign, magnitudes)
                counts.trim()
    return counts


def _whole(task: Task, part: Side) -> Side:
    """The block of a task's numbers that a part belongs to."""
    sign, first, _ = part
    return next(
        block
        for side in task.sides
        for block in parts_of(side, BLOCK)
        if block[0] == sign and first in range(*block[1:])
    )


def _runs(side: Side) -> Iterator[tuple[int, Magnitudes]]:
    """The magnitudes of a side, ascending, so many at a time."""
    for sign, first, stop in parts_of(side, AT_ONCE):
        yield sign, np.arange(first, stop, dtype=np.int64)


def _count(counts: Counts, task: Task, function: Function, truth: Truth, sign: int, magnitudes: Magnitudes) -> None:
    numbers = numbers_of(task.format, sign, magnitudes)
    truths = truth.over(sign, magnitudes, numbers.double().numpy())
    known = np.bincount(truths.statuses, minlength=len(Status))
    counts.undefined += int(known[Status.UNDEFINED])
    counts.kinks += int(known[Status.KINK])
    counts.unproven += int(known[Status.UNPROVEN])
    measure = Measure(truth, sign, magnitudes, truths, task.most_ulps)
    reference: torch.Tensor | None = None
    counted = Tally(task.format)
    for way, tally in counts.tallies.items():
        if isinstance(tally, str):
            continue
        kept = _kept(way, task, int(magnitudes[0]))
        some = magnitudes[kept]
        if not len(some):
            continue
        found = answers(function, task.order, way, numbers[kept])
        if isinstance(found, str) and found == NO_DERIVATIVE and not np.nan_to_num(truths.values[kept]).any():
            found = torch.zeros_like(numbers[kept])  # a constant has none, and its slope is 0
        if isinstance(found, str):
            counts.tallies[way] = found
            continue
        if reference is not None and tally.step == 1 and _have_the_same_bits(reference, found):
            tally.merge(counted)
            continue
        part = Tally(task.format, tally.step)
        given = found.double().numpy()
        beside = measure if tally.step == 1 else Measure(truth, sign, some, truths.at(kept), task.most_ulps)
        part.add(sign, some, given, beside.judged(given))
        if way.is_reference:
            reference, counted = found, part
        elif reference is not None:
            part.differs = _different(reference[kept], found)
        tally.merge(part)


def _kept(way: Way, task: Task, first: int) -> slice:
    """The numbers of a way, of those from the first one on."""
    step = task.step(way)
    return slice(-first % step, None, step)


def _have_the_same_bits(one: torch.Tensor, other: torch.Tensor) -> bool:
    return torch.equal(as_integers(one), as_integers(other))


def _different(one: torch.Tensor, other: torch.Tensor) -> int:
    """How many numbers have other bits; NaN and zeros are one each."""
    same = (one == other) | (one.isnan() & other.isnan())
    return int((~same).sum())
