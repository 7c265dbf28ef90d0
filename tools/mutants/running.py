"""Run tests against mutants: each in a forked process that imports the changed file anew.

The process that is forked has imported PyTorch and the like, and of gradcli what does not import the file. The tests
that killed the mutants before it in the same file run first, then the others from the quickest to the slowest, up to
the first that fails. A test that fails counts if it passes in the same way without the mutant.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import hashlib
import importlib
import math
import os
import pickle
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tools.mutants.mutations import Mutant
from tools.mutants.reach import Known, Reach, independent, run_at_import, watched

MEMORY = 16 * 2**30
FIRST = 4
"""So many tests are tried before those of other files are collected."""
OPTIONS = ("-q", "-x", "--tb=no", "--assert=plain", "-p", "no:cacheprovider", "-o", "addopts=")
"""What pyproject.toml adds needs plugins, which are not loaded here."""


@dataclass(frozen=True)
class Outcome:
    """outcome: killed, survived or unmeasured. by: the test that failed. tests: how many were run, of how many."""

    mutant: Mutant
    outcome: str
    by: str = ""
    tests: str = ""


class _Chosen:
    """A pytest plugin: only these tests, in this order; `failed` has those that did not pass.

    seconds: how long the process may compute for each test; it is ended by then.
    """

    def __init__(self, seconds: Mapping[str, float]) -> None:
        self._seconds = seconds
        self.failed: list[str] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        found = {item.nodeid: item for item in items}
        items[:] = [found[name] for name in self._seconds if name in found]

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        _end_after(self._seconds[item.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)


class _Watching:
    """A pytest plugin: measures every test."""

    def __init__(self) -> None:
        self.known: dict[str, Known] = {}
        self.failed: set[str] = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        _empty_caches()
        began = time.process_time()
        with watched() as ran:
            result = yield
        self.known[item.nodeid] = Known(time.process_time() - began, dict(ran))
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)


class Runner:
    """patience: how many times their usual processor time, and so many seconds on top, tests may take with a mutant.

    seconds: of usual processor time that the tests of one mutant may take.
    """

    def __init__(self, known: Mapping[str, Known], *, patience: float, seconds: float) -> None:
        self._known = known
        self._reach = Reach(known, in_a_fork(run_at_import))
        self._patience = patience
        self._seconds = seconds
        self._killers: dict[str, int] = {}  # where in its file the mutant stands that a test killed last
        self._sound: set[str] = set()  # what fails with a mutant, and passes without
        self._broken: set[str] = set()
        self._written = 0

    def run(self, mutants: Iterable[Mutant], report: Callable[[Outcome], None]) -> list[Outcome]:
        """What became of every mutant, file by file; `report` is called meanwhile, in a process of its own."""
        by_path = sorted(mutants, key=lambda mutant: (mutant.path, mutant.start))
        groups = [list(group) for _, group in groupby(by_path, key=lambda mutant: mutant.path)]
        return [outcome for group in groups for outcome in in_a_fork(functools.partial(self._file, group, report))]

    def _file(self, mutants: list[Mutant], report: Callable[[Outcome], None]) -> list[Outcome]:
        path = mutants[0].path
        for module in independent(path):
            importlib.import_module(module)
        gc.freeze()
        source = Path(path).read_text(encoding="utf-8")
        outcomes = []
        for mutant in mutants:
            while (outcome := self._outcome(mutant, source)) is None:
                pass
            report(outcome)
            outcomes.append(outcome)
        return outcomes

    def _outcome(self, mutant: Mutant, source: str) -> Outcome | None:
        """None where a test fails that also fails alone, without the mutant: it is not run again."""
        reaching = [name for name in self._reach.tests(mutant) if name not in self._broken]
        tests = self._within(sorted(reaching, key=lambda name: self._known[name].seconds))
        tests.sort(key=lambda name: -self._killers.get(name, -1))
        self._write(mutant.path, mutant.applied(source))
        try:
            by = self._failing(tests)
        finally:
            self._write(mutant.path, source)
        outcome = "killed" if by else "survived"
        if by and by not in self._sound:
            without = self._failing([by] if by in self._known else tests)
            if without in self._known:
                self._broken.add(without)
                return None
            if without:
                outcome = "unmeasured"
            else:
                self._sound.add(by)
        self._killers[by] = mutant.start
        return Outcome(mutant, outcome, by, f"{len(tests)} of {len(reaching)} tests")

    def _write(self, path: str, text: str) -> None:
        """Each text has a time of its own, so that none is taken for one which Python has compiled before."""
        Path(path).write_text(text, encoding="utf-8")
        self._written += 1
        os.utime(path, (self._written, self._written))

    def _within(self, names: Sequence[str]) -> list[str]:
        """The first of these tests that fit into the seconds, and at least one."""
        taken, found = 0.0, []
        for name in names:
            taken += self._known[name].seconds
            if found and taken > self._seconds:
                break
            found.append(name)
        return found

    def _failing(self, tests: Sequence[str]) -> str:
        """The first test that fails, or what ended the process; empty where all pass."""
        if not tests:
            return ""
        seconds = {name: self._patience * (1 + self._known[name].seconds) for name in tests}

        def run() -> str:
            _be_quiet()
            _end_after(60)
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            return failing(seconds, tests[:FIRST]) or (failing(seconds, tests[FIRST:]) if tests[FIRST:] else "")

        try:
            return str(in_a_fork(run, 300 + sum(seconds.values())))
        except TimeoutError:
            return "it does not end"


def failing(seconds: Mapping[str, float], tests: Sequence[str]) -> str:
    """The first of these tests that fails in this process."""
    files = list(dict.fromkeys(name.partition("::")[0] for name in tests))
    chosen = _Chosen({name: seconds[name] for name in tests})
    code = pytest.main([*OPTIONS, *files], plugins=[chosen])
    return (chosen.failed or ["importing it"])[0] if code else ""


def _end_after(seconds: float) -> None:
    """End this process when it has computed for so long from now on."""
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time() + seconds), resource.RLIM_INFINITY))


def measured(files: Sequence[str], cache: Path) -> dict[str, Known]:
    """The tests of these files that pass, each run once and watched; from the cache where nothing has changed."""
    others = sorted({*Path("gradcli").rglob("*.py"), *Path("tests").rglob("*.py")} - set(Path("tests").rglob("test_*")))
    state = hashlib.sha256(b"".join(path.read_bytes() for path in others))
    entries = {}
    for file in files:
        of_file = state.copy()
        of_file.update(file.encode() + Path(file).read_bytes())
        entries[file] = cache / f"{of_file.hexdigest()[:16]}.pickle"
    missing = [file for file, entry in entries.items() if not entry.exists()]

    def measure() -> dict[str, Known | None]:
        _be_quiet()
        watching = _Watching()
        options = [option for option in OPTIONS if option != "-x"]
        pytest.main([*options, "--continue-on-collection-errors", *missing], plugins=[watching])
        return {name: None if name in watching.failed else known for name, known in watching.known.items()}

    if missing:
        found = in_a_fork(measure)
        for file in missing:
            own = {name: known for name, known in found.items() if name.partition("::")[0] == file}
            if not own:
                sys.exit(f"no test of {file} can be run")
            entries[file].write_bytes(pickle.dumps(own))
    tests = {name: known for entry in entries.values() for name, known in pickle.loads(entry.read_bytes()).items()}
    for name, known in tests.items():
        if known is None:
            print(f"it fails without a mutant, and is left out: {name}")
    return {name: known for name, known in tests.items() if known is not None}


def in_a_fork(work: Callable[[], Any], limit: float = 1e6) -> Any:
    """What `work` gives in a forked process.  Raises TimeoutError where it takes longer, or the process is killed."""
    sys.stdout.flush()
    with tempfile.TemporaryFile() as answer:
        child = os.fork()
        if not child:
            try:
                os.setsid()
                pickle.dump(work(), answer)
                answer.flush()
            except BaseException:  # noqa: BLE001 - shown; this process ends here whatever it is
                traceback.print_exc()
            finally:
                os._exit(0)
        ends = time.monotonic() + limit
        while not (ended := os.waitpid(child, os.WNOHANG)[0]) and time.monotonic() < ends:
            time.sleep(0.005)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # what the tests have started too
        if not ended:
            os.waitpid(child, 0)
        answer.seek(0)
        content = answer.read()
    if not ended or not content:
        raise TimeoutError
    return pickle.loads(content)


def _be_quiet() -> None:
    for stream in (0, 1, 2):
        os.dup2(os.open(os.devnull, os.O_RDWR), stream)


def _empty_caches() -> None:
    """A line that a cache of gradcli spares a test is one that this test reaches."""
    for name, module in list(sys.modules.items()):
        if name.startswith("gradcli"):
            for thing in vars(module).values():
                if type(thing) is functools._lru_cache_wrapper:
                    thing.cache_clear()
