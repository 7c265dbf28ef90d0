"""An audit cut into chunks: whatever the cut and the order, the counts are those of the whole."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from gradcli.diagnose.bound_expression import ComputeOptions
from gradcli.inspections.auditing.answers import ways
from gradcli.inspections.auditing.judging import Judged
from gradcli.inspections.auditing.running.work import work
from gradcli.inspections.auditing.span import span_of
from gradcli.inspections.auditing.tally import Tally
from gradcli.inspections.auditing.task import Chunk, Task, chunks_of
from gradcli.numerics.proven.formats import FORMATS


def task_of(expression: str, dtype: str, low: float, high: float, order: int = 0) -> Task:
    sides = span_of(dtype, low, high).sides
    asked = tuple(ways(order, ("contiguous", "strided", "single")))
    return Task(expression, order, sides, asked, None, ComputeOptions(dtype=dtype))


def counted(task: Task, chunks: tuple[Chunk, ...]) -> tuple[object, ...]:
    total, *rest = (work(task, chunk) for chunk in chunks)
    for counts in rest:
        total.merge(counts)
    return total.proof(task), total.rows(task.order)


def test_few_numbers_are_one_chunk_and_many_are_cut_at_the_same_magnitudes_from_wherever_they_begin() -> None:
    assert chunks_of(((1, 5, 20), (-1, 0, 3)), 18) == (Chunk(((1, 5, 20), (-1, 0, 3))),)
    assert chunks_of(((1, 5, 20), (-1, 0, 3)), 8) == tuple(
        Chunk((side,)) for side in ((1, 5, 8), (1, 8, 16), (1, 16, 20), (-1, 0, 3))
    )
    assert chunks_of(((1, 8, 16),), 4) == (Chunk(((1, 8, 12),)), Chunk(((1, 12, 16),)))
    every = FORMATS["float32"].finite
    chunks = chunks_of(((1, 0, every), (-1, 0, every)), 2**24)
    assert (len(chunks), sum(chunk.count for chunk in chunks)) == (256, 2 * every)


@pytest.mark.parametrize(
    ("expression", "order"),
    [("softsign(x)", 1), ("hardswish(x - 3)", 1), ("x + 1 - 1", 0), ("sqrt(x)", 0), ("x * x - x * x + x", 0)],
)
def test_the_counts_of_chunks_add_up_to_those_of_the_whole(expression: str, order: int) -> None:
    task = task_of(expression, "float16", -65504, 65504, order)
    whole = counted(task, chunks_of(task.sides, 2**24))
    chunks = chunks_of(task.sides, 2**13)
    assert len(chunks) == 8
    assert counted(task, chunks) == whole
    assert counted(task, chunks[::-1]) == whole
    assert counted(task, tuple(sorted(chunks_of(task.sides, 10_000), key=lambda one: one.count))) == whole


def test_a_task_and_its_chunks_can_be_sent_to_another_process() -> None:
    task = task_of("x * sigmoid(x)", "float32", 1, 1.001)
    (chunk,) = chunks_of(task.sides, 2**24)
    assert pickle.loads(pickle.dumps((task, chunk))) == (task, chunk)
    assert pickle.loads(pickle.dumps(work(task, chunk))).rows(0) == work(task, chunk).rows(0)


def tallied(mask: np.ndarray, first: int, sign: int) -> Tally:
    """A chunk of numbers that are 0 where a mask says so, counted in runs of four."""
    tally = Tally(FORMATS["float32"])
    for start in range(0, len(mask), 4):
        some = mask[start : start + 4]
        zeros, every = np.zeros(len(some)), np.ones(len(some), dtype=bool)
        part = Tally(FORMATS["float32"])
        magnitudes = np.arange(first + start, first + start + len(some))
        part.add(sign, magnitudes, zeros, Judged(every, every, zeros, {"dead": some}, zeros, 0.0))
        tally.merge(part)
        tally.trim()
    return tally


@pytest.mark.parametrize("seed", range(20))
def test_the_intervals_that_are_kept_are_the_first_ones_and_all_are_counted_whatever_the_cut(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(seed)
    masks = {sign: rng.random(96) < rng.choice([0.1, 0.5, 0.95]) for sign in (1, -1)}
    every = tuple(one for sign in (1, -1) for one in tallied(masks[sign], 0, sign).troubles()[0].intervals)
    first = sorted(every, key=lambda one: (np.signbit(one.high), abs(one.high)))
    monkeypatch.setattr("gradcli.inspections.auditing.tally.MOST_INTERVALS", 3)
    for size in (8, 12, 32, 96):
        parts = [
            tallied(masks[sign][start : start + size], start, sign) for sign in (1, -1) for start in range(0, 96, size)
        ]
        assert all(len(part.intervals["dead"]) <= 5 for part in parts if part.intervals)
        total = Tally(FORMATS["float32"])
        for place in rng.permutation(len(parts)):
            total.merge(parts[place])
        (dead,) = total.troubles()
        assert dead.count == masks[1].sum() + masks[-1].sum()
        assert dead.stretches == len(every)
        assert dead.intervals == tuple(sorted(first[:3], key=lambda one: one.low))
