"""How long a whole gradcli process takes, as a share of what `python -c "import torch"` takes.

A share of something measured in the same breath says more than seconds: the two processes run in turn (A B A B ...),
so that whatever else the machine does falls on both. Figures go to benchmarks/README.md, between its markers.

    .venv/bin/python benchmarks/one_liner.py [--pairs 9] [--dry-run]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from report import asked, finish, table

GRADCLI = str(Path(sys.executable).parent / "gradcli")
IMPORT_TORCH = (sys.executable, "-c", "import torch")


@dataclass(frozen=True)
class Race:
    """A process that is measured against `python -c "import torch"`, and the share it may take at most."""

    title: str
    argv: tuple[str, ...]
    exit_code: int = 0
    most: float | None = None


RACES = (
    Race("`gradcli grad sigmoid 0 1 10`", (GRADCLI, "grad", "sigmoid", "0", "1", "10"), most=0.80),
    Race("`gradcli --help`", (GRADCLI, "--help"), most=0.20),
    Race("`gradcli grad sigmod 0` (a usage error)", (GRADCLI, "grad", "sigmod", "0"), exit_code=2, most=0.20),
    Race("`gradcli functions gelu`", (GRADCLI, "functions", "gelu"), most=0.20),
    Race('`python -c "import torch"` (against itself: the noise)', IMPORT_TORCH),
)


@dataclass(frozen=True)
class Outcome:
    """The share of each pair."""

    race: Race
    shares: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.shares)

    @property
    def missed(self) -> bool:
        return self.race.most is not None and self.median > self.race.most

    def row(self) -> str:
        most = "-" if self.race.most is None else f"{self.race.most:.2f}"
        return f"| {self.race.title} | {self.median:.2f} | {min(self.shares):.2f} | {max(self.shares):.2f} | {most} |"


def duration(argv: Sequence[str], exit_code: int) -> float:
    """Seconds from the start of a process to its end.  Raises RuntimeError if it ends with another exit code."""
    begin = time.perf_counter()
    run = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    seconds = time.perf_counter() - begin
    if run.returncode != exit_code:
        raise RuntimeError(f"{' '.join(argv)} exits with {run.returncode}:\n{run.stderr.decode()}")
    return seconds


def run(race: Race, pairs: int) -> Outcome:
    """The race, pair by pair, after one pair that warms the disk's cache."""
    shares = []
    for _ in range(pairs + 1):
        ours = duration(race.argv, race.exit_code)
        shares.append(ours / duration(IMPORT_TORCH, 0))
    return Outcome(race, tuple(shares[1:]))


def main() -> int:
    parser = asked(__doc__)
    options = parser.parse_args()
    outcomes = [run(race, options.pairs) for race in RACES]
    text = table(
        '| process | median share of `python -c "import torch"` | smallest | largest | target |',
        [outcome.row() for outcome in outcomes],
        how=f"{options.pairs} pairs each, after a warm-up",
    )
    return finish(
        text, [outcome.race.title for outcome in outcomes if outcome.missed], marker="figures", dry_run=options.dry_run
    )


if __name__ == "__main__":
    sys.exit(main())
