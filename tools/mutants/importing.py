"""A process that imports a changed file anew, with all that needs it, and collects the tests then."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Mapping

import pytest

from tools.mutants.forks import be_quiet, end_after, in_a_fork, limit_memory
from tools.mutants.measuring import OPTIONS
from tools.mutants.mutant import Change
from tools.mutants.reach import independent

FIRST = 4
"""So many tests are tried before those of other files are collected."""


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
        end_after(self._seconds[item.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)


def import_independent(path: str) -> None:
    """Import what does not need a file, so that the processes which are forked from this one need not do it."""
    for module in independent(path):
        importlib.import_module(module)
    gc.freeze()


def failing(_change: Change | None, seconds: Mapping[str, float], limit: float) -> str:
    """The first of these tests that fails with the file as it is now; empty where all pass.

    seconds: how long each test may compute.  Raises TimeoutError as `in_a_fork` does.
    """
    names = list(seconds)

    def run() -> str:
        be_quiet()
        end_after(60)
        limit_memory()
        return any_failing(names[:FIRST]) or (any_failing(names[FIRST:]) if names[FIRST:] else "")

    def any_failing(tests: list[str]) -> str:
        files = list(dict.fromkeys(name.partition("::")[0] for name in tests))
        chosen = _Chosen({name: seconds[name] for name in tests})
        code = pytest.main([*OPTIONS, *files], plugins=[chosen])
        return (chosen.failed or ["importing it"])[0] if code else ""

    return str(in_a_fork(run, limit))
