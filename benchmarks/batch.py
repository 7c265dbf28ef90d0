"""How many requests a second `gradcli batch` answers, and what one of them costs beside a process of its own.

Processor time, so that waiting for other work on the machine does not count: that of a batch of many requests, less
that of a batch of a few, which has imported and warmed all the same. Rounds run in turn. Only what a second process
gains is measured by the clock on the wall. Figures go to benchmarks/README.md, between their own markers.

    .venv/bin/python benchmarks/batch.py [--pairs 3] [--requests 1000] [--dry-run]
"""

from __future__ import annotations

import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from report import asked, finish, table

GRADCLI = str(Path(sys.executable).parent / "gradcli")

ONE = ("grad", "sigmoid", "0", "1", "10")
MIXED = (
    "grad sigmoid 0 1 10",
    "grad 'x**2 * sin(x)' 1 2",
    "softmax 2 1 0.1",
    "loss mse '[2.5, 0, 2]' '[3, -0.5, 2]'",
)
LEAST_RATE = 1000
LEAST_RATIO = 100


@dataclass(frozen=True)
class Measured:
    """A figure of each pair, and the least that its median should be."""

    title: str
    values: tuple[float, ...]
    least: float | None

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def missed(self) -> bool:
        return self.least is not None and self.median < self.least

    def row(self) -> str:
        shown = [f"{value:,.2f}" if value < 10 else f"{value:,.0f}" for value in (self.median, *self._ends())]
        return f"| {self.title} | {' | '.join(shown)} | {'-' if self.least is None else f'{self.least:,}'} |"

    def _ends(self) -> tuple[float, float]:
        return min(self.values), max(self.values)


@dataclass(frozen=True)
class Spent:
    """Seconds of a process, from its start to its end."""

    processor: float
    wall: float

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.processor - other.processor, self.wall - other.wall)


def spent(*argv: str, **options: Any) -> Spent:
    """What a process takes; it must succeed. options: those of `Popen`, beside which it reads and shows nothing."""
    begin = time.perf_counter()
    process = subprocess.Popen(argv, **{"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, **options})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(argv)} exits with {process.returncode}")
    return Spent(usage.ru_utime + usage.ru_stime, time.perf_counter() - begin)


def batch(requests: Sequence[str], folder: Path, *, jobs: int = 1) -> Spent:
    """What many requests take beyond a few of each kind."""

    def whole(lines: Sequence[str]) -> Spent:
        (folder / "requests").write_text("".join(f"{line}\n" for line in lines))
        return spent(GRADCLI, "batch", "--jobs", str(jobs), str(folder / "requests"))

    few = [request for request in MIXED for _ in range(5 * jobs)]
    return whole([*few, *requests]) - whole(few)


def measured(pairs: int, count: int) -> list[Measured]:
    mixed = list(itertools.islice(itertools.cycle(MIXED), count))
    rates, ratios, gains = [], [], []
    with tempfile.TemporaryDirectory() as name:
        for _ in range(pairs):
            one = batch(mixed, Path(name))
            rates.append(count / one.processor)
            same = batch([" ".join(ONE)] * count, Path(name))
            ratios.append(spent(GRADCLI, *ONE, "--json").processor * count / same.processor)
            gains.append(one.wall / batch(mixed, Path(name), jobs=2).wall)
    return [
        Measured("requests a second of one core, four kinds mixed", tuple(rates), LEAST_RATE),
        Measured("`gradcli grad sigmoid 0 1 10` by itself, in such requests of a batch", tuple(ratios), LEAST_RATIO),
        Measured("how many times as fast `--jobs 2` is, by the clock", tuple(gains), None),
    ]


def main() -> int:
    parser = asked(__doc__, pairs=3)
    parser.add_argument("--requests", type=int, default=1000)
    options = parser.parse_args()
    rows = measured(options.pairs, options.requests)
    text = table(
        "| what | median | smallest | largest | at least |",
        [row.row() for row in rows],
        how=f"{options.pairs} rounds of {options.requests:,} requests",
    )
    return finish(text, [row.title for row in rows if row.missed], marker="batch", dry_run=options.dry_run)


if __name__ == "__main__":
    sys.exit(main())
