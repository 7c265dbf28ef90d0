"""Plant mutants in a room, one at a time, and say which of them no test notices.

    python -m tools.mutants gradcli/findings -n 200 --seed 0
    python -m tools.mutants --only 'gradcli/findings/words.py:15: 48 -> 47'

Everything happens in a copy of the tree. The tests that reach the change run in a process in which gradcli is imported
and the function has been given its changed code; what runs while gradcli is imported is imported anew (--anew does so
always). What was killed is kept in .mutants/, and not run again until the function or the constant changes.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import importlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tools.mutants.collected import Collected
from tools.mutants.equivalent import EQUIVALENT
from tools.mutants.measuring import measured
from tools.mutants.mutant import Mutant
from tools.mutants.mutations import FINER, KINDS, mutants
from tools.mutants.rooms import tests_of
from tools.mutants.running import Outcome, Runner

JOURNAL = ".mutants"
WARM = "torch torch._dynamo numpy hypothesis mpmath jsonschema inline_snapshot sybil typer rich.console orjson"
COPIED = ("gradcli", "tests", "tools", "docs", "benchmarks", "*.py", "*.md", "*.toml", "*.txt", "Makefile", "LICENSE")


def main(argv: Sequence[str] | None = None) -> int:
    """1 if a mutant survived that is not known to be equivalent."""
    options = _options(argv)
    if options.tree is None:
        with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
            tree, copy = Path.cwd(), copied(Path.cwd(), Path(folder))
            words = [*(sys.argv[1:] if argv is None else argv), "--tree", str(tree)]
            again = [sys.executable, "-m", "tools.mutants", *words]
            return subprocess.run(again, cwd=copy, env=_environment(copy), check=False).returncode
    return _run(options)


def copied(root: Path, folder: Path) -> Path:
    """A copy of the tree without environments and caches."""
    for pattern in COPIED:
        for path in root.glob(pattern):
            if path.is_dir():
                shutil.copytree(path, folder / path.name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(path, folder)
    return folder


def found(paths: Iterable[Path], kinds: Iterable[str]) -> list[Mutant]:
    """The mutants of these kinds in these files."""
    return [
        mutant
        for path in paths
        for mutant in mutants(path.as_posix(), path.read_text(encoding="utf-8"))
        if mutant.kind in kinds and mutant.key not in EQUIVALENT
    ]


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.mutants", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("room", nargs="*", help="files or folders of gradcli")
    parser.add_argument("-n", type=int, default=100, help="mutants in all, 0 for every one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", choices=(*KINDS, *FINER), action="append", help="only this kind")
    parser.add_argument("--only", metavar="MUTANT", help="the mutants whose line begins so")
    parser.add_argument("--tests", action="append", help="these tests instead of those of the room")
    parser.add_argument("--patience", type=float, default=5.0, help="times the usual time until a mutant hangs")
    parser.add_argument("--seconds", type=float, default=60.0, help="of tests for each mutant, the quickest first")
    parser.add_argument("--warm", default=WARM, help="what is imported once, before all")
    parser.add_argument("--again", action="store_true", help="run what was killed before too")
    parser.add_argument("--anew", action="store_true", help="import the changed file anew for every mutant")
    parser.add_argument("--tree", type=Path, help=argparse.SUPPRESS)  # of which this folder is a copy
    return parser.parse_args(argv)


def _run(options: argparse.Namespace) -> int:
    rooms = [Path(room) for room in options.room] or [Path(options.only.partition(":")[0])]
    files = [file for room in rooms for file in (sorted(room.rglob("*.py")) if room.is_dir() else [room])]
    chosen = found(files, options.kind or KINDS)
    if options.only:
        chosen = [mutant for mutant in chosen if str(mutant).startswith(options.only)]
    random.Random(options.seed).shuffle(chosen)
    chosen = chosen[: options.n or None]
    journal = _Journal(options.tree / JOURNAL)
    waiting = [mutant for mutant in chosen if options.again or not journal.killed(mutant)]
    print(f"{len(chosen)} mutants, {len(chosen) - len(waiting)} of them killed before", flush=True)
    began = time.monotonic()
    outcomes = _outcomes(options, waiting, journal, rooms) if waiting else []
    rows = {file: [mutant for mutant in chosen if mutant.path == file] for file in sorted({m.path for m in chosen})}
    for file, planted in rows.items():
        counts = Counter(outcome.outcome for outcome in outcomes if outcome.mutant.path == file)
        counts["killed"] += len(planted) - counts.total()
        print(f"{file}: {len(planted)} planted, {_counted(counts)}")
    total = Counter(outcome.outcome for outcome in outcomes)
    total["killed"] += len(chosen) - len(waiting)
    print(f"{_counted(total)}, {time.monotonic() - began:.0f} s")
    left = [outcome.mutant for outcome in outcomes if outcome.outcome != "killed"]
    for mutant in left:
        print(f"  python -m tools.mutants --only {json.dumps(str(mutant))}")
    return int(bool(left))


def _outcomes(
    options: argparse.Namespace, mutants: Iterable[Mutant], journal: _Journal, rooms: Iterable[Path]
) -> list[Outcome]:
    os.environ["HYPOTHESIS_PROFILE"] = "mutants"
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for module in options.warm.split():
        importlib.import_module(module)
    places = options.tests or {test for room in rooms for test in tests_of(room.as_posix())}
    files = {file for place in map(Path, places) for file in (place.rglob("test_*.py") if place.is_dir() else [place])}
    known = measured(sorted(map(str, files)), options.tree / JOURNAL)
    print(f"{len(known)} tests", flush=True)

    def report(outcome: Outcome) -> None:
        journal.add(outcome)
        if outcome.outcome != "killed":
            print(f"{outcome.outcome} ({outcome.by or outcome.tests}): {outcome.mutant}", flush=True)

    with Collected(sorted({name.partition("::")[0] for name in known})) as collected:
        limits = {"patience": options.patience, "seconds": options.seconds}
        return Runner(known, collected, **limits, anew=options.anew).run(mutants, report)


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{counts[outcome]} {outcome}" for outcome in ("killed", "survived", "unmeasured"))


class _Journal:
    """What was killed, by the text of the function or of the constant that it changes."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._path = folder / "killed.txt"
        self._known = set(self._path.read_text().splitlines()) if self._path.exists() else set()
        self._files: dict[str, tuple[list[str], list[ast.stmt]]] = {}

    def killed(self, mutant: Mutant) -> bool:
        return self._line(mutant) in self._known

    def add(self, outcome: Outcome) -> None:
        if outcome.outcome == "killed":
            with self._path.open("a") as file:
                file.write(self._line(outcome.mutant) + "\n")

    def _line(self, mutant: Mutant) -> str:
        if mutant.path not in self._files:
            source = Path(mutant.path).read_text(encoding="utf-8")
            self._files[mutant.path] = source.splitlines(keepends=True), list(_parts(ast.parse(source).body))
        lines, parts = self._files[mutant.path]
        first, last = next(
            (part.lineno - 1, part.end_lineno) for part in parts if mutant.line <= (part.end_lineno or 0)
        )
        text = hashlib.sha256((mutant.path + "".join(lines[first:last])).encode()).hexdigest()[:16]
        return f"{text} {mutant.start - len(''.join(lines[:first]))} {json.dumps(mutant.new)}"


def _parts(statements: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module, and of its classes in their place."""
    for statement in statements:
        if isinstance(statement, ast.ClassDef):
            yield from _parts(statement.body)
        else:
            yield statement


def _environment(copy: Path) -> dict[str, str]:
    path = os.pathsep.join([str(copy), *sys.path])
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


if __name__ == "__main__":
    sys.exit(main())
