"""What answers cost beside those of an earlier commit: processor time of whole processes, taken in turn.

    .venv/bin/python benchmarks/against.py [--commit 2aa4ce9] [--pairs 7] [--dry-run]

Both trees are run by this interpreter, so that libraries are the same, and from bytecode, as what is installed is.
The answers of both must be the same too.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from batch import MIXED, spent
from report import asked, finish, table

HERE = Path(__file__).parent.parent
BEFORE_THE_ROOMS = "2aa4ce9"
"""The last commit on which the tape knew the syntax tree, and every inspection ran its own recordings."""
NEW = b',"place":null'
"""What findings have had since then."""
TRACE = ("trace", "where(x > 0, sqrt(x), 0 * x)", "x=0,1")


@dataclass(frozen=True)
class Task:
    """title: how the row begins. argv, lines: the command, and what it reads. most: the share that is wanted.

    less, few: a command, and what it reads, that imports and warms all the same; its cost does not count.
    """

    title: str
    argv: tuple[str, ...]
    most: float
    lines: int = 0
    less: tuple[str, ...] = ()
    few: int = 0

    def text(self, count: int) -> str:
        return "".join(f"{MIXED[number % len(MIXED)]}\n" for number in range(count))


TASKS = (
    Task("`gradcli grad sigmoid 0 1 10`", ("grad", "sigmoid", "0", "1", "10"), 1.0),
    Task("a `trace` with a fix", TRACE, 1.0),
    Task("a `trace` with a fix, less one that finds nothing", TRACE, 0.5, less=("trace", "sqrt(x)", "x=0.5,1")),
    Task("`check sigmoid` at 100 points", ("check", "sigmoid", *(str(n / 10) for n in range(-50, 50))), 0.7),
    Task("`batch` of 400 requests, less one of 20", ("batch",), 0.5, 400, ("batch",), 20),
)


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """The tree of a commit, for as long as this lasts."""
    with tempfile.TemporaryDirectory() as name:
        tree = subprocess.run(["git", "archive", commit], cwd=HERE, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-xf", "-", "-C", name], input=tree, check=True)
        yield Path(name)


def compiled(tree: Path) -> None:
    """Write the bytecode of a tree, where the environment may forbid that Python does so by itself."""
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(tree / "gradcli")], check=True)


def run(tree: Path, argv: tuple[str, ...], text: str = "") -> tuple[float, bytes]:
    """Seconds of a processor, and what was written."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "100"}
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as written:
        given.write(text.encode())
        given.seek(0)
        argv = (sys.executable, "-m", "gradcli", *argv)
        whole = spent(*argv, cwd=tree, env=environment, stdin=given, stdout=written)
        written.seek(0)
        return whole.processor, written.read()


def seconds(tree: Path, task: Task) -> tuple[float, bytes]:
    """What a task takes, and what it answers."""
    whole, answer = run(tree, task.argv, task.text(task.lines))
    return (whole - run(tree, task.less, task.text(task.few))[0] if task.less else whole), answer


def shares(task: Task, now: Path, before: Path, pairs: int) -> list[float]:
    """Of each pair: what the task costs now, as a share of what it cost."""
    found = []
    for _ in range(pairs):
        (mine, answer), (theirs, expected) = seconds(now, task), seconds(before, task)
        if answer.replace(NEW, b"") != expected:
            raise RuntimeError(f"{task.title} is answered otherwise than before")
        found.append(mine / theirs)
    return found


def main() -> int:
    parser = asked(__doc__, pairs=7)
    parser.add_argument("--commit", default=BEFORE_THE_ROOMS)
    options = parser.parse_args()
    rows, missed = [], []
    compiled(HERE)
    with checked_out(options.commit) as before:
        compiled(before)
        for task in TASKS:
            found = shares(task, HERE, before, options.pairs)
            median = statistics.median(found)
            rows.append(f"| {task.title} | {median:.2f} | {min(found):.2f} | {max(found):.2f} | {task.most:.2f} |")
            if median > task.most:
                missed.append(task.title)
    how = f"{options.pairs} pairs each, against {options.commit}"
    text = table("| what | median share of the processor time | smallest | largest | target |", rows, how=how)
    return finish(text, missed, marker="against", dry_run=options.dry_run)


if __name__ == "__main__":
    sys.exit(main())
