"""An audit cut into chunks: whatever the cut and the order, the counts are those of the whole."""

from __future__ import annotations

import pickle

import pytest

from gradcli.diagnose.bound_expression import ComputeOptions
from gradcli.inspections.auditing.answers import ways
from gradcli.inspections.auditing.counts import Counts
from gradcli.inspections.auditing.running.work import work
from gradcli.inspections.auditing.span import span_of
from gradcli.inspections.auditing.task import Chunk, Task, chunks_of
from gradcli.numerics.proven.formats import FORMATS


def task_of(expression: str, dtype: str, low: float, high: float, order: int = 0) -> Task:
    sides = span_of(dtype, low, high).sides
    return Task(expression, order, sides, tuple(ways(order)), None, ComputeOptions(dtype=dtype))


def counted(task: Task, chunks: tuple[Chunk, ...]) -> tuple[object, ...]:
    total = Counts.of(task)
    for chunk in chunks:
        total.merge(work(task, chunk))
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
