"""What each test does without a mutant: how long it takes, and which lines it runs."""

from __future__ import annotations

import functools
import hashlib
import pickle
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tools.mutants.forks import be_quiet, in_a_fork
from tools.mutants.reach import Known, watched

OPTIONS = ("-q", "-x", "--tb=no", "--assert=plain", "-p", "no:cacheprovider", "-o", "addopts=")
"""What pyproject.toml adds needs plugins, which are not loaded here."""


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
        be_quiet()
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


def _empty_caches() -> None:
    """A line that a cache of gradcli spares a test is one that this test reaches."""
    for name, module in list(sys.modules.items()):
        if name.startswith("gradcli"):
            for thing in vars(module).values():
                if type(thing) is functools._lru_cache_wrapper:
                    thing.cache_clear()
