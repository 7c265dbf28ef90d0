"""Tasks, chunks and counts as plain data that JSON holds to the bit: for pipes, a cluster, and lines of a file."""

from __future__ import annotations

from dataclasses import asdict
from math import isfinite
from typing import Any

import numpy as np

from gradcli.diagnose.bound_expression import ComputeOptions
from gradcli.inspections.auditing.answers import Way
from gradcli.inspections.auditing.counts import Counts
from gradcli.inspections.auditing.tally import Tally
from gradcli.inspections.auditing.task import Chunk, Task
from gradcli.numerics.proven.formats import Side

Data = dict[str, Any]

_SUMS = ("pieces", "points", "undefined", "kinks", "unproven")


def task_data(task: Task) -> Data:
    return {
        "expression": task.expression,
        "order": task.order,
        "sides": task.sides,
        "ways": [(way.mode, way.path) for way in task.ways],
        "max_ulp": task.most_ulps,
        "compute": asdict(task.compute),
    }


def read_task(data: Data) -> Task:
    return Task(
        expression=data["expression"],
        order=data["order"],
        sides=_sides(data["sides"]),
        ways=tuple(Way(mode, path) for mode, path in data["ways"]),
        most_ulps=data["max_ulp"],
        compute=ComputeOptions(**data["compute"]),
    )


def read_chunk(sides: list[list[int]]) -> Chunk:
    return Chunk(_sides(sides))


def counts_data(counts: Counts) -> Data:
    ways = [{"mode": way.mode, "path": way.path, **_tally_data(tally)} for way, tally in counts.tallies.items()]
    return {**{name: getattr(counts, name) for name in _SUMS}, "ways": ways}


def read_counts(data: Data, task: Task) -> Counts:
    tallies = {Way(one["mode"], one["path"]): one for one in data["ways"]}
    return Counts({way: _read_tally(tallies[way], task, way) for way in task.ways}, *(data[name] for name in _SUMS))


def _sides(data: list[list[int]]) -> tuple[Side, ...]:
    return tuple((sign, first, stop) for sign, first, stop in data)


def _tally_data(tally: Tally | str) -> Data:
    if isinstance(tally, str):
        return {"error": tally}
    return {
        "count": tally.count,
        "differs": tally.differs,
        "histogram": list(tally.shown_histogram),
        "worst": tally.worst,
        "at_worst": [_number(one) for one in tally.at_worst],
        "troubles": {
            name: [count, tally.forgotten.get(name, 0), tally.intervals[name]] for name, count in tally.counts.items()
        },
        "exponents": [[*key, largest] for key, largest in tally.exponents.items()],
    }


def _read_tally(data: Data, task: Task, way: Way) -> Tally | str:
    if "error" in data:
        return str(data["error"])
    tally = Tally(task.format, task.step(way), count=data["count"], differs=data["differs"])
    tally.histogram[: len(data["histogram"])] = np.array(data["histogram"], dtype=np.int64)
    ulps, sign, magnitude = data["worst"]
    tally.worst = (ulps, sign, magnitude)
    x, answer, truth = map(float, data["at_worst"])
    tally.at_worst = (x, answer, truth)
    for name, (count, forgotten, intervals) in data["troubles"].items():
        tally.counts[name], tally.forgotten[name] = count, forgotten
        tally.intervals[name] = [(sign, first, last) for sign, first, last in intervals]
    tally.exponents = {(sign, binade): largest for sign, binade, largest in data["exponents"]}
    return tally


def _number(value: float) -> float | str:
    """A number; those that JSON does not have as words."""
    return value if isfinite(value) else str(value)
