"""What is counted by blocks is what a slow way counts that looks at each number for everything."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from each import each
from flint import arb
from proven_numbers import decoded

from gradcli.diagnose.bound_expression import ComputeOptions
from gradcli.inspections.auditing.answers import Way, answers, numbers_of, ways
from gradcli.inspections.auditing.audited import AT_ONCE
from gradcli.inspections.auditing.counts import Counts
from gradcli.inspections.auditing.judging import BINS
from gradcli.inspections.auditing.running.work import bound_function, work
from gradcli.inspections.auditing.span import span_of
from gradcli.inspections.auditing.task import Chunk, Task, parts_of
from gradcli.language.parser import parse
from gradcli.numerics.proven.expressions import enclosure
from gradcli.numerics.proven.formats import Floats, Format, Magnitudes
from gradcli.numerics.proven.truth import SLACK, Status, Truth
from gradcli.results.audit import AuditWorst

CASES = [
    ("gelu(x, approximate='tanh')", 1, "bfloat16", 2.0**62, 2.0**66),
    ("gelu(x, approximate='tanh')", 1, "bfloat16", 2.0**65, 2.0**66),
    ("softsign(x)", 1, "bfloat16", -3.4e38, -100),
    ("softsign(x)", 2, "float16", -300, 300),
    ("mish(x)", 1, "bfloat16", -105, -80),
    ("erf(x)", 0, "bfloat16", -1e-6, 1e-36),
    ("erf(x)", 0, "float16", 5e-8, 4e-7),
    ("nan_to_num(exp(x))", 0, "float16", 11, 12),
    ("sinc(x)", 1, "float16", 20_000, 21_000),
    ("log(x)", 0, "bfloat16", -1, 1),
    ("log(x)", 1, "bfloat16", 0, 1e-37),
    ("hardswish(x)", 0, "bfloat16", 5e37, 3.4e38),
    ("lgamma(x)", 0, "float16", -20, 0),
    ("exp(x)", 0, "float32", 88.5, 89),
    ("exp(x)", 1, "float32", -104, -103.7),
    ("gelu(x)", 0, "float32", 1.5e-38, 1.506e-38),
    ("gelu(x)", 1, "float32", -5.6, -5.58),
    ("relu(x)", 1, "float32", 1, 1.008),
    ("sin(x)", 0, "float32", 3.14, 3.15),
    ("x + 1 - 1", 0, "float32", 1e-7, 1.002e-7),
    ("x * x / x", 0, "float32", 1.8446e19, 1.8448e19),
    ("sigmoid(x)", 1, "float32", 16, 16.06),
]


class Part(NamedTuple):
    """Numbers with the answers of one way, and those of the first one."""

    sign: int
    magnitudes: Magnitudes
    given: torch.Tensor
    reference: torch.Tensor


@each("case", CASES)
def test_what_is_counted_by_blocks_is_what_is_counted_number_by_number(
    case: tuple[str, int, str, float, float],
) -> None:
    expression, order, dtype, low, high = case
    span = span_of(dtype, low, high)
    most = 1.5 if dtype == "float32" else None
    task = Task(expression, order, span.sides, tuple(ways(order)), most, ComputeOptions(dtype=dtype))
    assert shown(work(task, Chunk(span.sides)), order) == slowly(task)


def shown(counts: Counts, order: int) -> list[object]:
    return [
        (row.count, row.histogram, row.worst, {one.trouble: one.count for one in row.troubles}, row.differs)
        for row in counts.rows(order)
    ]


def slowly(task: Task) -> list[object]:
    """For each way: numbers, histogram, the worst case, what is wrong in kind, and other bits."""
    bound = bound_function(parse(task.expression), task.compute)
    (name,) = bound.program.free_names
    truth = Truth(enclosure(bound.program, name), task.order, task.format, task.sides)
    found: dict[Way, list[Part]] = {way: [] for way in task.ways}
    for sign, first, stop in (part for side in task.sides for part in parts_of(side, AT_ONCE)):
        magnitudes = np.arange(first, stop)
        numbers = numbers_of(task.format, sign, magnitudes)
        for way in task.ways:
            some = np.flatnonzero(magnitudes % task.step(way) == 0)
            if len(some):
                given = answers(lambda x: bound.evaluate({name: x}), task.order, way, numbers[some])
                assert isinstance(given, torch.Tensor)
                reference = given if way == task.ways[0] else found[task.ways[0]][-1].given[some]
                found[way].append(Part(sign, magnitudes[some], given, reference))
    return [row(task, truth, found[way]) for way in task.ways]


def row(task: Task, truth: Truth, parts: list[Part]) -> object:
    dtype, count, differs = task.format, 0, 0
    worst = (-1.0, 0, 0), AuditWorst(-1.0, 0.0, 0.0, 0.0)
    histogram, kinds = np.zeros(BINS, dtype=np.int64), Counter[str]()
    for sign, magnitudes, tensor, reference in parts:
        differs += int(((tensor != reference) & ~(tensor.isnan() & reference.isnan())).sum())
        given, x = tensor.double().numpy(), sign * decoded(dtype, magnitudes)
        values, statuses, exact = truth.over(sign, magnitudes, x)
        errors, proven = ulps(dtype, given, values), statuses == Status.PROVEN
        for place in np.flatnonzero(proven & near_an_edge(task, errors, values, exact)):
            ball = truth.ball(sign, int(magnitudes[place]))
            assert ball is not None
            values[place] = float(ball.mid())
            errors[place] = ulps(dtype, given[place : place + 1], values[place : place + 1])[0]
            if np.isfinite(given[place]) and abs(ball) < dtype.overflow:
                digits, exponent = ball.mid().man_exp()
                unit = dtype.unit(int(digits).bit_length() - 1 + int(exponent) if digits else dtype.lowest)
                errors[place] = float((abs(ball - arb(float(given[place]))) / arb(unit)).mid())
        size = np.abs(values)
        masks = {
            "nan": np.isnan(given),
            "overflow": np.isinf(given) & (size < dtype.overflow),
            "dead": (given == 0) & (size >= dtype.smallest_normal),
            "flushed": (given == 0) & (size < dtype.smallest_normal) & (size >= dtype.smallest),
            "wrong sign": (np.sign(given) * np.sign(values) < 0) & (size >= dtype.smallest / 2),
            "not zero": (np.abs(given) > dtype.smallest) & (size < dtype.smallest / 2),
        }
        kinds.update({kind: int((mask & proven).sum()) for kind, mask in masks.items()})
        has_ulps = proven & ~masks["nan"] & ~masks["overflow"]
        edges = [-1.0, *(2.0 ** np.arange(-1, BINS - 2)), np.inf]
        counted = errors[has_ulps]
        histogram += [((counted > low) & (counted <= high)).sum() for low, high in pairwise(edges)]
        count += int(proven.sum())
        place = int(np.where(has_ulps, errors, -1.0).argmax())
        case = AuditWorst(float(errors[place]), float(x[place]), float(given[place]), float(values[place]))
        if has_ulps[place]:
            worst = max(worst, ((case.ulps, -sign, -int(magnitudes[place])), case), key=lambda pair: pair[0])
    last = max(np.flatnonzero(histogram), default=-1)
    found = {kind: number for kind, number in kinds.items() if number}
    return count, tuple(histogram[: last + 1].tolist()), worst[1] if worst[1].ulps >= 0 else None, found, differs


def ulps(dtype: Format, given: Floats, values: Floats) -> Floats:
    top = 2.0 ** (dtype.highest + 1)
    bounded = np.clip(values, -dtype.overflow, dtype.overflow)
    found: Floats = np.abs(np.clip(given, -top, top) - np.clip(values, -top, top)) / dtype.ulp(bounded)
    found[(given == np.copysign(np.inf, values)) & (np.abs(values) >= dtype.overflow)] = 0.0
    return np.nan_to_num(found, nan=np.inf)


def near_an_edge(task: Task, errors: Floats, values: Floats, exact: np.ndarray) -> np.ndarray:
    dtype, narrow = task.format, 2 * SLACK[task.format.name]
    edges = [*(2.0 ** np.arange(-1, BINS)), *([] if task.most_ulps is None else [task.most_ulps])]
    near = np.any([np.abs(errors - edge) <= narrow + errors * 2.0**-50 for edge in edges], axis=0) & ~exact
    size = np.abs(values)
    mantissas = np.frexp(size)[0]
    near |= (np.minimum(mantissas - 0.5, 1 - mantissas) * 2.0**dtype.precision <= 2 * narrow) & (errors > narrow)
    for edge in (dtype.overflow, dtype.smallest_normal, dtype.smallest / 2):
        near |= np.abs(size - edge) <= narrow * dtype.ulp(np.array([edge]))
    found: np.ndarray = near & np.isfinite(errors) & (values != 0)
    return found
