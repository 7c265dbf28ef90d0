"""What an audit costs, beside the passes of PyTorch's that it holds against the truth.

Processor time of one process, with everything imported before: all of bfloat16, value and derivative by every way, with
the proof of the truth; and numbers of float32 by one way, from every 33rd binary exponent of both signs, with the truth
proven before, as it is once for 2^24 numbers. Figures go to benchmarks/README.md, between their own markers.

    .venv/bin/python benchmarks/audit.py [--pairs 5] [--dry-run]
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from report import Figure, asked, finish, table

from gradcli.diagnose.bound_expression import ComputeOptions
from gradcli.inspections.auditing.answers import Function, Way, answers, numbers_of, ways
from gradcli.inspections.auditing.audited import AT_ONCE, audited
from gradcli.inspections.auditing.running.work import bound_function
from gradcli.inspections.auditing.span import Side, span_of
from gradcli.inspections.auditing.task import Chunk, Task, parts_of
from gradcli.language.parser import parse
from gradcli.numerics.proven.expressions import enclosure
from gradcli.numerics.proven.truth import Truth

SERIES, SWINGING = 0.5, 3.0
"""Seconds for all of bfloat16: of functions with power series, and of those that swing between its numbers."""
BFLOAT16 = {
    "sigmoid(x)": SERIES,
    "gelu(x)": SERIES,
    "softsign(x)": SERIES,
    "erf(x)": SERIES,
    "sin(x)": SWINGING,
    "lgamma(x)": SWINGING,
}
NANOSECONDS = 120.0
"""For each number of float32 by one way."""
FLOAT32 = (("sigmoid(x)", 0), ("sigmoid(x)", 1), ("gelu(x)", 1), ("exp(x)", 0))
EXPONENTS, NUMBERS = range(1, 255, 33), 2**17


@dataclass(frozen=True, kw_only=True)
class Cost(Figure):
    """Each with PyTorch's own passes beside it."""

    passes: tuple[float, ...]
    unit: str

    def row(self) -> str:
        ratio = statistics.median(one / other for one, other in zip(self.values, self.passes, strict=True))
        shown = [f"{value:.3g}" for value in self.spread]
        return f"| {self.title} | {' | '.join(shown)} | {ratio:.1f} | {self.most:g} {self.unit} |"


@dataclass(frozen=True)
class Subject:
    """One derivative of a function at numbers of a dtype."""

    task: Task
    function: Function

    @classmethod
    def of(
        cls, expression: str, order: int, dtype: str, sides: tuple[Side, ...], asked_ways: tuple[Way, ...]
    ) -> Subject:
        task = Task(expression, order, sides, asked_ways, None, ComputeOptions(dtype=dtype))
        bound = bound_function(parse(expression), task.compute)
        return cls(task, lambda x: bound.evaluate({"x": x}))

    def truth(self, side: Side) -> Truth:
        return Truth(enclosure(parse(self.task.expression), "x"), self.task.order, self.task.format, (side,))

    def passes(self) -> float:
        """Processor time of PyTorch's answers alone."""
        parts = [part for side in self.task.sides for part in parts_of(side, AT_ONCE)]
        total = 0.0
        for sign, first, stop in parts:
            numbers = numbers_of(self.task.format, sign, np.arange(first, stop))
            for way in self.task.ways:
                step = self.task.step(way)
                some = numbers[-first % step :: step]
                if len(some):
                    total += spent(lambda way=way, some=some: answers(self.function, self.task.order, way, some))
        return total


def spent(action: Callable[[], object]) -> float:
    start = time.thread_time()
    action()
    return time.thread_time() - start


def all_of_bfloat16(expression: str, most: float, rounds: int) -> Cost:
    sides = span_of("bfloat16", None, None).sides
    subjects = [Subject.of(expression, order, "bfloat16", sides, tuple(ways(order))) for order in (0, 1)]
    values, passes = [], []
    for _ in range(rounds):
        values.append(
            sum(spent(lambda one=one: audited(one.task, Chunk(sides), one.function, one.truth)) for one in subjects)
        )
        passes.append(sum(one.passes() for one in subjects))
    title = f"`gradcli audit {expression.removesuffix('(x)')}`, all of bfloat16, seconds"
    return Cost(title, tuple(values), most, passes=tuple(passes), unit="s")


def a_number_of_float32(expression: str, order: int, rounds: int) -> Cost:
    sides = tuple((sign, at << 23, (at << 23) + NUMBERS) for sign in (1, -1) for at in EXPONENTS)
    way = next(ways(order))
    subject = Subject.of(expression, order, "float32", sides, (way,))
    truths = {side: subject.truth(side) for side in sides}
    count = NUMBERS * len(sides)
    values, passes = [], []
    for _ in range(rounds):
        values.append(
            spent(lambda: audited(subject.task, Chunk(sides), subject.function, truths.__getitem__)) / count * 1e9
        )
        passes.append(subject.passes() / count * 1e9)
    title = f"a number of float32, {expression.removesuffix('(x)')}{chr(39) * order}, nanoseconds"
    return Cost(title, tuple(values), NANOSECONDS, passes=tuple(passes), unit="ns")


def main() -> int:
    options = asked(__doc__, pairs=5).parse_args()
    torch.set_num_threads(1)
    sides = span_of("bfloat16", 1.0, 2.0).sides
    for order in (0, 1):  # imports what the first answers need
        warm = Subject.of("softsign(x)", order, "bfloat16", sides, tuple(ways(order)))
        audited(warm.task, Chunk(sides), warm.function, warm.truth)
    found = [all_of_bfloat16(expression, most, options.pairs) for expression, most in BFLOAT16.items()]
    found += [a_number_of_float32(expression, order, options.pairs) for expression, order in FLOAT32]
    columns = "| what | median | smallest | largest | in PyTorch's own passes | target |"
    text = table(columns, [one.row() for one in found], how=f"{options.pairs} rounds each", packages=("python-flint",))
    return finish(text, [one.title for one in found if one.missed], marker="audit", dry_run=options.dry_run)


if __name__ == "__main__":
    sys.exit(main())
