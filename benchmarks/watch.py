"""What watching costs: a training step, its memory, and the report of a long step.

A step is timed in one process, plain, watched and under anomaly mode in alternating blocks, as processor time of the
thread; the ratios are of medians of blocks that stand next to each other. Memory is what a process has grown by at the
most since the training was built. Figures go to benchmarks/README.md, between their own markers.

    .venv/bin/python benchmarks/watch.py [--pairs 9] [--dry-run]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import torch
from report import Figure, asked, finish, table
from trainings import TRAININGS, trained

import gradcli

PROGRAM = Path(__file__).with_name("trainings.py")
MOST = {"mlp": 1.20, "cnn": 1.08, "transformer": 1.05}
STEPS = {"mlp": 40, "cnn": 8, "transformer": 4}
"""Steps of a block, some 50 ms each."""
MOST_MEMORY = 1.4
FORWARDS = 10_000
OPERATIONS = 10_000
MOST_SECONDS = 2.0


def times(name: str, pairs: int) -> Iterator[Figure]:
    """The time of a step, watched and under anomaly mode, in plain steps."""
    step = trained(name)
    ways: dict[str, Callable[[], AbstractContextManager[object]]] = {
        "plain": nullcontext,
        "watched": gradcli.watch,
        "anomaly mode": lambda: torch.autograd.set_detect_anomaly(True),
    }
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(pairs):
        for way, manager in ways.items():
            with manager():
                seconds[way].append(statistics.median(timed(step) for _ in range(STEPS[name])))
    for way in ("watched", "anomaly mode"):
        ratios = tuple(one / plain for one, plain in zip(seconds[way], seconds["plain"], strict=True))
        yield Figure(f"a step of the {name}, {way}, in plain steps", ratios, MOST[name] if way == "watched" else None)


def timed(step: Callable[[], None]) -> float:
    begin = time.thread_time()
    step()
    return time.thread_time() - begin


def grown(*words: str, watched: tuple[str, ...] | None) -> int:
    """Bytes by which a training has grown."""
    way = [] if watched is None else ["-m", "gradcli", "watch", *watched]
    run = subprocess.run([sys.executable, *way, str(PROGRAM), *words], capture_output=True, text=True, check=True)
    return int(run.stdout.split()[-1])


def memory(name: str, pairs: int) -> Figure:
    """The memory of a training beyond what it is built of, watched, in that of a plain one."""
    ratios = [grown(name, watched=()) / grown(name, watched=None) for _ in range(pairs)]
    return Figure(f"memory of the {name} at a batch of 64, watched, in that of plain steps", tuple(ratios), MOST_MEMORY)


def forwards(pairs: int) -> Figure:
    """MiB by which forward passes without backward grow, beyond those of a plain process."""
    words = ("forward", "--steps", str(FORWARDS))
    more = [(grown(*words, watched=()) - grown(*words, watched=None)) / 2**20 for _ in range(pairs)]
    return Figure(f"MiB that {FORWARDS:,} forward passes without backward add", tuple(more), 8.0)


def report(pairs: int) -> Figure:
    """Seconds of a run that ends with a report of a long step, beyond the same run unwatched."""
    words = [str(PROGRAM), "deep", "--steps", str(OPERATIONS)]

    def seconds(*way: str) -> float:
        begin = time.perf_counter()
        subprocess.run([sys.executable, *way, *words], capture_output=True, check=False)
        return time.perf_counter() - begin

    more = tuple(seconds("-m", "gradcli", "watch") - seconds() for _ in range(pairs))
    return Figure(
        f"seconds of the report of a step of {OPERATIONS:,} operations, all that is not the program", more, MOST_SECONDS
    )


def main() -> int:
    options = asked(__doc__).parse_args()
    torch.set_num_threads(1)
    few = max(1, options.pairs // 3)
    figures = [figure for name in TRAININGS for figure in times(name, options.pairs)]
    figures += [memory(name, few) for name in ("cnn", "transformer")]  # that of the mlp is too small to be seen
    figures += [forwards(few), report(few)]
    text = table(
        "| what | median | smallest | largest | target |",
        [figure.row() for figure in figures],
        how=f"{options.pairs} alternating blocks each, {few} pairs of processes",
    )
    return finish(text, [figure.title for figure in figures if figure.missed], marker="watch", dry_run=options.dry_run)


if __name__ == "__main__":
    sys.exit(main())
