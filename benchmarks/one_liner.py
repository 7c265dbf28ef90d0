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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from report import asked, finish, table
from start import ENVIRONMENT

GRADCLI = str(Path(sys.executable).parent / "gradcli")
IMPORT_TORCH = (sys.executable, "-c", "import torch")


@dataclass(frozen=True)
class Race:
    """A process that is measured against `python -c "import torch"`, and the share it may take at most.

    given: variables that are set for it.
    """

    title: str
    argv: tuple[str, ...]
    exit_code: int = 0
    most: float | None = None
    given: Mapping[str, str] = field(default_factory=dict)


COMPLETION = {"_GRADCLI_COMPLETE": "bash"}

RACES = (
    Race("`gradcli grad sigmoid 0 1 10`", (GRADCLI, "grad", "sigmoid", "0", "1", "10"), most=0.60),
    Race("the same with `GRADCLI_LEAN=0`", (GRADCLI, "grad", "sigmoid", "0", "1", "10"), given={"GRADCLI_LEAN": "0"}),
    Race(
        "`gradcli grad 'softmax(x, 0)' 1 2 3 --jacobian`",
        (GRADCLI, "grad", "softmax(x, 0)", "1", "2", "3", "--jacobian"),
        most=0.60,
    ),
    Race(
        "`gradcli trace 'log(sigmoid(x))' -200`, with a fix", (GRADCLI, "trace", "log(sigmoid(x))", "-200"), most=0.75
    ),
    Race("`gradcli check sigmoid 0 1 2`", (GRADCLI, "check", "sigmoid", "0", "1", "2"), most=0.80),
    Race(
        "`gradcli grad 'sum(linalg.matrix_exp(x * ones(60, 60)))' 0`, whose shape PyTorch knows in Python alone",
        (GRADCLI, "grad", "sum(linalg.matrix_exp(x * ones(60, 60)))", "0"),
    ),
    Race("`gradcli retain-demo`", (GRADCLI, "retain-demo")),
    Race("`gradcli --help`", (GRADCLI, "--help"), most=0.12),
    Race("`gradcli gr` and TAB", (GRADCLI, "gradcli gr"), most=0.12, given=COMPLETION),
    Race("`gradcli grad sigmod 0` (a usage error)", (GRADCLI, "grad", "sigmod", "0"), exit_code=2, most=0.12),
    Race("`gradcli functions gelu`", (GRADCLI, "functions", "gelu"), most=0.12),
    Race("`gradcli errors`", (GRADCLI, "errors"), most=0.12),
    Race("`gradcli schema grad`", (GRADCLI, "schema", "grad"), most=0.12),
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


def duration(argv: Sequence[str], exit_code: int = 0, given: Mapping[str, str] | None = None) -> float:
    """Seconds from the start of a process to its end.  Raises RuntimeError if it ends with another exit code."""
    begin = time.perf_counter()
    run = subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**ENVIRONMENT, **(given or {})},
        check=False,
    )
    seconds = time.perf_counter() - begin
    if run.returncode != exit_code:
        raise RuntimeError(f"{' '.join(argv)} exits with {run.returncode}:\n{run.stderr.decode()}")
    return seconds


def run(race: Race, pairs: int) -> Outcome:
    """The race, pair by pair, after one pair that warms the disk's cache."""
    shares = []
    for _ in range(pairs + 1):
        ours = duration(race.argv, race.exit_code, race.given)
        shares.append(ours / duration(IMPORT_TORCH))
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
