"""Training programs of others with a trouble planted at a random call: does watch name its line, and is silent without?

    python benchmarks/planted.py FOLDER/train.py ... [--each 3] [--seed 0] [--python PYTHON]

Each program runs in a copy of its folder in which every call of its file is wrapped, on the same lines. It runs once
as it is: that counts how often each call gives a tensor that takes part in training. It runs once watched: nothing
may be found; `silent*` printed something else, as programs do that print times or draw without a seed. Then a call,
one of its times and a trouble are drawn: a NaN (`log(-1)`) or an infinity (`exp(1e4)`) is added to the value, or a
zero whose slope is infinite (`sqrt(0)`). The row is `found` if there is one error, and at the line of that call. A
trouble that no backward pass meets is `unreached` and counts nowhere.

The programs are installed or fetched by whoever measures; none lies here.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TROUBLES = ("nan", "inf", "slope")
NOT_WRAPPED = {"super", "print", "locals", "globals", "vars"}


def first_statement(tree: ast.Module) -> ast.stmt:
    """The first that may stand behind another statement on its line."""

    def is_heading(one: ast.stmt) -> bool:
        text = isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)
        return text or (isinstance(one, ast.ImportFrom) and one.module == "__future__")

    return next(one for one in tree.body if not is_heading(one))


def untouchable(tree: ast.Module) -> Iterator[ast.AST]:
    """Calls that cannot be wrapped: decorators, bases of classes, f-strings, names that look at their scope."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NOT_WRAPPED:
            yield node
        parts = [*getattr(node, "decorator_list", ()), *(node.bases if isinstance(node, ast.ClassDef) else ())]
        for part in [node] if isinstance(node, ast.JoinedStr) else parts:
            yield from ast.walk(part)


def wrapped(source: str) -> tuple[str, list[int]]:
    """The source with `planted(N, ...)` around every call, on the same lines; the line of each call."""
    tree = ast.parse(source)
    left_alone = set(untouchable(tree))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node not in left_alone]
    marks = []
    for site, call in enumerate(calls):
        end = (call.end_lineno or 0, call.end_col_offset or 0)
        marks.append(((call.lineno, call.col_offset), 1, (-end[0], -end[1]), f"planted({site}, "))
        marks.append((end, 0, (0, 0), ")"))
    start = first_statement(tree)
    marks.append(((start.lineno, start.col_offset), 1, (-sys.maxsize, 0), "import planting; "))
    lines = source.encode().split(b"\n")  # columns of the tree are bytes
    for (line, column), _, _, text in sorted(marks, reverse=True):
        row = lines[line - 1]
        lines[line - 1] = row[:column] + text.encode() + row[column:]
    return b"\n".join(lines).decode(), [call.lineno for call in calls]


@dataclass(frozen=True)
class Planted:
    """A copy of a program with wrapped calls, ready to run."""

    python: str
    file: Path
    lines: list[int]
    seconds: int

    @property
    def scratch(self) -> Path:
        return self.file.parent.parent

    def run(self, *before: str, plant: str = "::") -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join([str(self.scratch / "site-packages"), os.environ.get("PYTHONPATH", "")])
        more = {
            "PYTHONPATH": path,
            "PLANT": plant,
            "TIMES": str(self.scratch / "times"),
            "REACHED": str(self.scratch / "reached"),
        }
        (self.scratch / "reached").unlink(missing_ok=True)
        command = [self.python, *before, self.file.name]
        return subprocess.run(
            command,
            cwd=self.file.parent,
            env=os.environ | more,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=self.seconds,
            check=False,
        )

    def watch(self, plant: str = "::") -> tuple[subprocess.CompletedProcess[str], list[dict[str, Any]]]:
        done = self.run("-m", "gradcli", "watch", "--json", plant=plant)
        told = [json.loads(line) for line in done.stderr.splitlines() if line.startswith('{"schema"')]
        return done, [one for one in (told[-1]["findings"] if told else []) if one["severity"] == "error"]


def prepared(program: Path, scratch: Path, python: str, seconds: int) -> Planted:
    folder, library = scratch / program.parent.name, scratch / "site-packages"
    shutil.copytree(program.parent, folder)
    library.mkdir()
    shutil.copy(Path(__file__).parent / "planting.py", library)
    file = folder / program.name
    source, lines = wrapped(file.read_text())
    file.write_text(source)
    return Planted(python, file, lines, seconds)


def verdict(expected: int, errors: list[dict[str, Any]], reached: bool) -> str:
    lines = [(one.get("place") or {}).get("line") for one in errors]
    if lines == [expected]:
        return "found"
    if expected in lines:
        return "found and more"
    return "elsewhere" if lines else "missed" if reached else "unreached"


def measure(copy: Planted, draw: random.Random, turns: int) -> Iterator[tuple[str, str]]:
    """The verdict of each run, and what is said of it."""
    plain = copy.run()
    if plain.returncode or not (copy.scratch / "times").exists():
        yield "does not run", plain.stderr.strip().splitlines()[-1] if plain.stderr else f"exit code {plain.returncode}"
        return
    times = {int(site): count for site, count in json.loads((copy.scratch / "times").read_text()).items()}
    if not times:
        yield "does not run", "no call of the file gives a tensor that is trained"
        return
    done, errors = copy.watch()
    same = (done.returncode, done.stdout) == (plain.returncode, plain.stdout)  # but for what is random, or a time
    yield "not silent" if errors else "silent" if same else "silent*", str([one["message"] for one in errors] or "")
    for _ in range(turns):
        site, trouble = draw.choice(sorted(times)), draw.choice(TROUBLES)
        time = draw.randint(1, times[site])
        _, errors = copy.watch(f"{site}:{time}:{trouble}")
        said = "; ".join(
            f"{one['code']} {one.get('operation')} line {(one.get('place') or {}).get('line')}" for one in errors
        )
        how = verdict(copy.lines[site], errors, (copy.scratch / "reached").exists())
        yield (
            how,
            f"{trouble} at line {copy.lines[site]}, time {time} of {times[site]} ({site}:{time}:{trouble}): {said}",
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="+", type=Path)
    parser.add_argument("--each", type=int, default=3, help="troubles planted in each program")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--python", default=sys.executable, help="the interpreter that has gradcli and what the programs import"
    )
    parser.add_argument("--seconds", type=int, default=900, help="the longest that a run may take")
    asked = parser.parse_args()
    counted: Counter[str] = Counter()
    python = str(Path(asked.python).absolute())  # not where a link leads: that of an environment is one
    for program in map(Path.resolve, asked.programs):
        with tempfile.TemporaryDirectory() as scratch:
            copy = prepared(program, Path(scratch), python, asked.seconds)
            # each program draws for itself, so that one more or less changes no other
            for how, what in measure(copy, random.Random(f"{asked.seed} {program.name}"), asked.each):
                counted[how] += 1
                print(f"{how:14} {program.name}  {what}", flush=True)
    print(", ".join(f"{count} {how}" for how, count in counted.most_common()))
    sys.exit(any(counted[how] for how in ("found and more", "elsewhere", "missed", "not silent")))


if __name__ == "__main__":
    main()
