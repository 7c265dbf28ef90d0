"""What findings cost: their share of a one-liner, and a trace beside the plain forward and backward pass.

Both are ratios of processor time taken in one process and in turn, so that other work on the machine falls on both
sides. Figures go to benchmarks/README.md, between their own markers.

    .venv/bin/python benchmarks/findings.py [--pairs 9] [--dry-run]
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from report import Figure, asked, finish, table

STEPS = 333
EXPRESSION = "h = x; " + "h = h + sin(h) * 0.001; " * STEPS + "sum(h)"
"""3 sub-expressions a statement: 1,000 in all, and the input."""

ONE_LINER = """
import sys, time
start = time.perf_counter()
from gradcli.cli import main
spent = [0.0]
def timed(function):
    def run(*given, **named):
        begin = time.perf_counter()
        try:
            return function(*given, **named)
        finally:
            spent[0] += time.perf_counter() - begin
    return run
begin = time.perf_counter()
import torch
import gradcli.diagnose.bound_expression
import gradcli.numerics.autodiff
begin = time.perf_counter()
import gradcli.diagnose.findings, gradcli.diagnose.diagnosis, gradcli.diagnose.fixes.attach
spent[0] += time.perf_counter() - begin
import gradcli.inspections.grad as grad
grad.diagnose = timed(grad.diagnose)
main(["grad", "sigmoid", "0", "1", "10"])
print(spent[0] / (time.perf_counter() - start), file=sys.stderr)
"""


@dataclass(frozen=True)
class Share(Figure):
    """A part of the whole, in percent."""

    def row(self) -> str:
        return f"| {self.title} | {' | '.join(f'{value:.1%}' for value in (*self.spread, self.most))} |"


def share_of_a_one_liner(pairs: int) -> Share:
    """Tape, rules and fixes of `gradcli grad sigmoid 0 1 10` with their imports, as a part of the whole process."""
    shares = []
    for _ in range(pairs):
        run = subprocess.run([sys.executable, "-c", ONE_LINER], capture_output=True, check=True, text=True)
        shares.append(float(run.stderr.split()[-1]))
    return Share("findings of `gradcli grad sigmoid 0 1 10`, of the whole process", tuple(shares), 0.03)


def trace_beside_plain(pairs: int) -> Figure:
    """A trace of 1,000 sub-expressions, in plain forward and backward passes."""
    import torch

    from gradcli.diagnose.bound_expression import ComputeOptions, Selection, bind
    from gradcli.inspections.trace import trace
    from gradcli.language.request import read
    from gradcli.numerics import autodiff

    request = read(EXPRESSION, ["x=0.1,0.2,0.3"], command="trace")
    bound = bind(request, ComputeOptions(), Selection())

    def plain() -> None:
        output = bound.evaluate()
        autodiff.gradients(output, bound.differentiated, cotangent=torch.ones_like(output))

    for function in (plain, lambda: trace(request)):
        function()
    ratios = [seconds(lambda: trace(request)) / seconds(plain) for _ in range(pairs)]
    return Figure("`gradcli trace` of 1,000 sub-expressions, in forward and backward passes", tuple(ratios), 5)


def seconds(function: Callable[[], object]) -> float:
    """The least processor time of three runs."""
    times = []
    for _ in range(3):
        begin = time.process_time()
        function()
        times.append(time.process_time() - begin)
    return min(times)


def measured(pairs: int) -> tuple[Figure, ...]:
    return share_of_a_one_liner(pairs), trace_beside_plain(pairs)


def main() -> int:
    options = asked(__doc__).parse_args()
    found = measured(options.pairs)
    text = table(
        "| what | median | smallest | largest | target |",
        [one.row() for one in found],
        how=f"{options.pairs} pairs each",
    )
    return finish(text, [one.title for one in found if one.missed], marker="findings", dry_run=options.dry_run)


if __name__ == "__main__":
    sys.exit(main())
