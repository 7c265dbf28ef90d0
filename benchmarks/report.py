"""What the benchmarks share: how they are asked, what a figure stands beside, and where their tables go."""

from __future__ import annotations

import argparse
import os
import platform
import re
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

REPORT = Path(__file__).parent / "README.md"


@dataclass(frozen=True)
class Figure:
    """Measured several times; `most` is what the median may be, None where nothing is asked."""

    title: str
    values: tuple[float, ...]
    most: float | None = None

    @property
    def spread(self) -> tuple[float, float, float]:
        """The median, the smallest and the largest value."""
        return statistics.median(self.values), min(self.values), max(self.values)

    @property
    def missed(self) -> bool:
        return self.most is not None and self.spread[0] > self.most

    def row(self) -> str:
        shown = [f"{value:.2f}" for value in self.spread]
        return f"| {self.title} | {' | '.join(shown)} | {'' if self.most is None else f'{self.most:.2f}'} |"


def asked(description: str | None, *, pairs: int = 9) -> argparse.ArgumentParser:
    """The options that every benchmark has."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=pairs)
    parser.add_argument("--dry-run", action="store_true", help="print the figures only")
    return parser


def table(columns: str, rows: Iterable[str], *, how: str, packages: Sequence[str] = ()) -> str:
    """Rows under a line that says on what they were measured, and how."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", *packages, "gradcli"))
    head = f"Python {platform.python_version()}, {versions}, {os.cpu_count()} cores; {how}."
    return "\n".join([head, "", columns, "|" + " --- |" * (columns.count("|") - 1), *rows]) + "\n"


def finish(text: str, missed: Sequence[str], *, marker: str, dry_run: bool) -> int:
    """Print the table, write it between its markers, and say which targets were missed; the exit code."""
    print(text, end="")
    if not dry_run:
        place = re.compile(rf"(?<=<!-- {marker} -->\n).*?(?=<!-- /{marker} -->)", re.DOTALL)
        REPORT.write_text(place.sub(lambda _: text, REPORT.read_text(encoding="utf-8")), encoding="utf-8")
    for title in missed:
        print(f"missed its target: {title}", file=sys.stderr)
    return 1 if missed else 0
