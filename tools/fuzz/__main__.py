"""Run N cases and say what was run and what failed, each failure as a line that does it again."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence

from tools.fuzz.pool import Ran, run_all
from tools.fuzz.worker import MAKERS, made

SHOWN = 5
"""Failures of one kind that are printed; the others are counted."""
KINDS = (
    "exit 70", "crash", "hang", "invalid JSON", "schema", "silent exit", "traceback", "program", "temporary file",
    "odd exit code",
)  # fmt: skip
"""What is looked for."""
PLAIN = ["-m", "tools.fuzz.worker"]


def main(argv: Sequence[str] | None = None, program: Sequence[str] = PLAIN) -> int:
    """1 if anything failed."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("-n", type=int, default=1000, help="cases in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--patience", type=float, default=30.0, help="seconds until a case counts as hanging")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="this case alone")
    options = parser.parse_args(argv)
    numbers = range(options.n) if options.only is None else [options.only]
    began = time.monotonic()
    results: list[Ran] = []
    for ran in run_all(numbers, options.jobs, [*program, str(options.seed)], options.patience):
        results.append(ran)
        if ran.faults or len(results) % 5000 == 0:
            _progress(len(results), len(numbers), began, ran)
    return _report(results, options.seed, time.monotonic() - began)


def _progress(done: int, total: int, began: float, ran: Ran) -> None:
    failed = "; ".join(f"{kind} in case {ran.number}" for kind, _ in ran.faults)
    print(f"[{done:,} of {total:,}, {time.monotonic() - began:,.0f} s] {failed}", file=sys.stderr, flush=True)


def _report(results: Sequence[Ran], seed: int, seconds: float) -> int:
    kinds = {ran.number: ran.kind or made(seed, ran.number).kind for ran in results}
    codes = Counter((kinds[ran.number], ran.code) for ran in results)
    print(f"{len(results):,} cases of seed {seed} in {seconds:,.0f} s\n")
    print(f"{'kind':<10}{'cases':>9}{'exit 0':>9}{'exit 1':>9}{'exit 2':>9}{'failures':>10}")
    for kind in MAKERS:
        counts = [codes[kind, code] for code in (0, 1, 2)]
        total = sum(count for (name, _), count in codes.items() if name == kind)
        failed = sum(bool(ran.faults) for ran in results if kinds[ran.number] == kind)
        print(f"{kind:<10}{total:>9,}" + "".join(f"{count:>9,}" for count in counts) + f"{failed:>10,}")
    slowest = max(results, key=lambda ran: ran.seconds)
    print(f"\nslowest: case {slowest.number}, {slowest.seconds:.1f} s")
    by_fault: dict[str, list[tuple[Ran, str]]] = defaultdict(list)
    for ran in sorted(results, key=lambda ran: ran.number):
        for fault, text in ran.faults:
            by_fault[fault].append((ran, text))
    for fault in (*KINDS, *sorted(set(by_fault) - set(KINDS))):
        _print_fault(fault, by_fault.get(fault, []), seed)
    return 1 if by_fault else 0


def _print_fault(fault: str, found: Sequence[tuple[Ran, str]], seed: int) -> None:
    print(f"{fault}: {len(found) or 'none'}")
    for ran, text in found[:SHOWN]:
        print(f"  case {ran.number}: {' '.join(text.split())}\n    {made(seed, ran.number).command()}")
    if len(found) > SHOWN:
        print(f"  and cases {', '.join(str(ran.number) for ran, _ in found[SHOWN:40])}")


if __name__ == "__main__":
    sys.exit(main())
