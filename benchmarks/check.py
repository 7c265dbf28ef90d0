"""How long `gradcli check` takes beside `gradcli grad`, a Jacobian beside one by hand, a reference beside another.

Both are pairs that run in turn (A B A B ...), so that whatever else the machine does falls on both. Figures go to
benchmarks/README.md, between their own markers.

    .venv/bin/python benchmarks/check.py [--pairs 9] [--dry-run]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from report import asked, finish, table

GRADCLI = str(Path(sys.executable).parent / "gradcli")

POINTS = tuple(f"{-10 + 20 * place / 99:.4f}" for place in range(100))

MATRIX = """
import torch
x = torch.linspace(-2, 2, 1000)
print(torch.autograd.functional.jacobian(lambda x: torch.tanh(x) * (x**2).sum(), x))
"""


@dataclass(frozen=True)
class Race:
    """Two ways to run, each a function that gives its seconds, and the ratio that the first may have at most."""

    title: str
    ours: Callable[[], float]
    theirs: Callable[[], float]
    most: float


@dataclass(frozen=True)
class Outcome:
    """The ratio of each pair."""

    race: Race
    ratios: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.ratios)

    def row(self) -> str:
        ends = f"{min(self.ratios):.2f} | {max(self.ratios):.2f}"
        return f"| {self.race.title} | {self.median:.2f} | {ends} | {self.race.most:.2f} |"


def process(*argv: str) -> Callable[[], float]:
    """Seconds from the start of a process to its end; it must succeed."""

    def run() -> float:
        begin = time.perf_counter()
        subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - begin

    return run


def jacobians() -> tuple[Callable[[], float], Callable[[], float]]:
    """The Jacobian of 1,000 outputs by 1,000 inputs within this process: by gradcli, and by hand."""
    import torch

    from gradcli.numerics import autodiff

    x = torch.linspace(-2, 2, 1000, requires_grad=True)

    def function(x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x) * (x**2).sum()

    def ours() -> torch.Tensor | None:
        return autodiff.jacobians(function(x), {"x": x})["x"]

    def by_hand() -> torch.Tensor:
        found = torch.autograd.functional.jacobian(function, x)
        assert isinstance(found, torch.Tensor)
        return found

    same = ours()
    assert same is not None
    assert torch.equal(same, by_hand())
    return timed(ours), timed(by_hand)


def references() -> tuple[Callable[[], float], Callable[[], float]]:
    """The slopes of a function at 500 points within this process: proven by Arb, and to 50 digits."""
    import numpy as np

    from gradcli.language.parser import parse
    from gradcli.numerics import reference
    from gradcli.numerics.proven.slopes import slopes

    program, inputs = parse("gelu(x)"), {"x": np.linspace(-4, 4, 500)}
    proven = timed(lambda: slopes(program, inputs, ["x"]))
    return proven, timed(lambda: reference.slopes(program, inputs, ["x"], elementwise=True))


def timed(function: Callable[[], object]) -> Callable[[], float]:
    def run() -> float:
        begin = time.perf_counter()
        function()
        return time.perf_counter() - begin

    return run


def races() -> list[Race]:
    matrix = "x = linspace(-2, 2, 1000); tanh(x + e) * sum((x + e)**2)"
    return [
        Race(
            "`gradcli check sigmoid`, 100 points, four dtypes, against `gradcli grad sigmoid` on the same points",
            process(GRADCLI, "check", "sigmoid", *POINTS),
            process(GRADCLI, "grad", "sigmoid", *POINTS),
            most=3.0,
        ),
        Race(
            "`gradcli grad ... --jacobian`, 1,000 by 1,000, against a script with `torch.autograd.functional.jacobian`",
            process(GRADCLI, "grad", matrix, "e=zeros(1000)", "--jacobian"),
            process(sys.executable, "-c", MATRIX),
            most=1.2,
        ),
        Race("the same two Jacobians within one process", *jacobians(), most=1.2),
        Race("slopes of `gelu` at 500 points, proven by Arb, against those to 50 digits", *references(), most=0.2),
    ]


def run(race: Race, pairs: int) -> Outcome:
    """The race, pair by pair, after one pair that warms the caches."""
    ratios = [race.ours() / race.theirs() for _ in range(pairs + 1)]
    return Outcome(race, tuple(ratios[1:]))


def main() -> int:
    parser = asked(__doc__)
    options = parser.parse_args()
    outcomes = [run(race, options.pairs) for race in races()]
    text = table(
        "| pair | median ratio | smallest | largest | target |",
        [outcome.row() for outcome in outcomes],
        how=f"{options.pairs} pairs each, after a warm-up",
    )
    return finish(
        text,
        [outcome.race.title for outcome in outcomes if outcome.median > outcome.race.most],
        marker="check",
        dry_run=options.dry_run,
    )


if __name__ == "__main__":
    sys.exit(main())
