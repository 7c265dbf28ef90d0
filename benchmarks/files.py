"""Large files in and out: gradcli beside the same few lines written by hand, in time and in memory.

Whole processes run in turn (A B A B ...), so that whatever else the machine does falls on both. Time is that of a clock
on the wall, memory the most that a process had at once, as the system counts it. Both must write the same numbers.
Figures go to benchmarks/README.md, between their own markers.

    .venv/bin/python benchmarks/files.py [--pairs 9] [--dry-run]
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
from report import asked, finish, table

GRADCLI = str(Path(sys.executable).parent / "gradcli")

NPY_BY_HAND = """
import sys
import numpy as np
import torch
x = torch.from_numpy(np.load(sys.argv[1])).requires_grad_()
torch.sigmoid(x).sum().backward()
np.save(sys.argv[2], x.grad.numpy())
"""

JSON_BY_HAND = """
import sys
import numpy as np
import orjson
import torch
x = torch.from_numpy(np.load(sys.argv[1])).requires_grad_()
y = torch.sigmoid(x)
y.sum().backward()
arrays = {"x": x.detach().numpy(), "y": y.detach().numpy(), "g": x.grad.numpy()}
with open(sys.argv[2], "wb") as file:
    file.write(orjson.dumps(arrays, option=orjson.OPT_SERIALIZE_NUMPY))
"""


STARTER = """
import os, sys, time
begin = time.perf_counter()
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
print(time.perf_counter() - begin, usage.ru_maxrss, status)
"""
"""A small process that starts the one to be measured: memory is counted from that of whoever started it."""


@dataclass(frozen=True)
class Cost:
    """Of one run: seconds, and mebibytes where they were counted."""

    seconds: float
    memory: float | None = None


@dataclass(frozen=True)
class Race:
    """Two ways to the same result. at_most: of time, then of memory; None where it is not counted."""

    title: str
    ours: Callable[[], Cost]
    theirs: Callable[[], Cost]
    at_most: tuple[float, float | None]


@dataclass(frozen=True)
class Outcome:
    """The costs of each pair."""

    race: Race
    pairs: tuple[tuple[Cost, Cost], ...]

    def rows(self) -> list[str]:
        return [
            f"| {self.race.title}: {what} | {statistics.median(ratios):.2f} | {min(ratios):.2f} | {max(ratios):.2f} "
            f"| {most:.2f} |"
            for what, ratios, most in self._ratios()
        ]

    @property
    def missed(self) -> list[str]:
        return [
            f"{self.race.title}: {what}" for what, ratios, most in self._ratios() if statistics.median(ratios) > most
        ]

    def _ratios(self) -> list[tuple[str, list[float], float]]:
        time_most, memory_most = self.race.at_most
        found = [("time", [ours.seconds / theirs.seconds for ours, theirs in self.pairs], time_most)]
        if memory_most is not None:
            memory = [ours.memory / theirs.memory for ours, theirs in self.pairs if ours.memory and theirs.memory]
            found.append(("memory", memory, memory_most))
        return found


def process(*argv: str) -> Callable[[], Cost]:
    """A process from its start to its end; it must succeed."""

    def run() -> Cost:
        told = subprocess.run([sys.executable, "-S", "-E", "-c", STARTER, *argv], stdout=subprocess.PIPE, check=True)
        seconds, most, status = told.stdout.split()
        if int(status):
            raise RuntimeError(f"{' '.join(argv)} ends with {int(status)}")
        unit = 2**20 if sys.platform == "darwin" else 2**10  # bytes there, kibibytes elsewhere
        return Cost(float(seconds), int(most) / unit)

    return run


def timed(function: Callable[[], object]) -> Callable[[], Cost]:
    """A function within this process."""

    def run() -> Cost:
        begin = time.perf_counter()
        function()
        return Cost(time.perf_counter() - begin)

    return run


def numbers(path: Path, count: int) -> str:
    """A file of float32 numbers such as activations are."""
    values = np.random.default_rng(0).standard_normal(count, dtype=np.float32) * 4
    np.save(path, values)
    return str(path)


def races(folder: Path) -> list[Race]:
    many, some = numbers(folder / "many.npy", 10_000_000), numbers(folder / "some.npy", 1_000_000)
    ours, theirs = [folder / "ours.npy", folder / "ours.json"], [folder / "theirs.npy", folder / "theirs.json"]
    found = [
        Race(
            "`gradcli grad sigmoid @x.npy -o g.npy`, 10,000,000 float32, against five lines of PyTorch",
            process(GRADCLI, "grad", "sigmoid", f"@{many}", "-o", str(ours[0])),
            process(sys.executable, "-c", NPY_BY_HAND, many, str(theirs[0])),
            (1.05, 1.3),
        ),
        Race(
            "`gradcli grad sigmoid @x.npy -o g.json`, 1,000,000 float32, against PyTorch and `orjson` by hand",
            process(GRADCLI, "grad", "sigmoid", f"@{some}", "-o", str(ours[1])),
            process(sys.executable, "-c", JSON_BY_HAND, some, str(theirs[1])),
            (1.3, None),
        ),
        *documents(some),
    ]
    for race in found[:2]:
        race.ours()
        race.theirs()
    assert np.array_equal(np.load(ours[0]), np.load(theirs[0]))
    assert orjson.loads(ours[1].read_bytes())["gradients"]["x"]["values"] == orjson.loads(theirs[1].read_bytes())["g"]
    return found


def documents(path: str) -> list[Race]:
    """Turning a result into the text of its JSON, within this process."""
    from gradcli.inspections.grad import grad
    from gradcli.language.parser import parse
    from gradcli.language.request import Binding, Request, Value
    from gradcli.render import View
    from gradcli.results import GradResult
    from gradcli.sinks.text import write

    binding = Binding("x", Value("x", numbers=np.load(path)))
    result = grad(Request(parse("sigmoid(x)"), (binding,), (), None))
    assert isinstance(result, GradResult)
    gradient = result.gradients["x"]
    assert gradient is not None
    arrays = {"x": result.inputs["x"].values, "y": result.output.values, "g": gradient.values}

    def ours() -> None:
        with Path(os.devnull).open("wb") as stream:
            write(result, View(format="json"), stream)

    def by_orjson() -> None:
        with Path(os.devnull).open("wb") as stream:
            stream.write(orjson.dumps(arrays, option=orjson.OPT_SERIALIZE_NUMPY))

    def by_json() -> None:
        with Path(os.devnull).open("w", encoding="utf-8") as stream:
            stream.write(json.dumps({name: array.tolist() for name, array in arrays.items()}))

    return [
        Race(
            "the same result as JSON within one process, against `orjson`", timed(ours), timed(by_orjson), (1.3, None)
        ),
        Race("the same, against `json.dumps` of `tolist()`", timed(ours), timed(by_json), (0.1, None)),
    ]


def run(race: Race, pairs: int) -> Outcome:
    """The race, pair by pair, after one pair that warms the caches."""
    costs = [(race.ours(), race.theirs()) for _ in range(pairs + 1)]
    return Outcome(race, tuple(costs[1:]))


def main() -> int:
    parser = asked(__doc__)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcomes = [run(race, options.pairs) for race in races(Path(folder))]
    text = table(
        "| pair | median ratio | smallest | largest | target |",
        [row for outcome in outcomes for row in outcome.rows()],
        how=f"{options.pairs} pairs each, after a warm-up",
        packages=("numpy", "orjson"),
    )
    return finish(
        text, [title for outcome in outcomes for title in outcome.missed], marker="files", dry_run=options.dry_run
    )


if __name__ == "__main__":
    sys.exit(main())
