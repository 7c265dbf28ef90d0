"""A process that has imported gradcli and collected the tests once: it forks for each mutant, and runs some of them."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from multiprocessing.connection import Connection
from typing import Self

import pytest

from tools.mutants.forks import be_quiet, end_after, in_a_fork, limit_memory
from tools.mutants.measuring import OPTIONS
from tools.mutants.mutant import Change
from tools.mutants.reach import Lines, import_everything, watched
from tools.mutants.swapping import Alive, alive, swap


class Collected:
    """The process.

    at_import, while_collecting: the lines of functions that ran while gradcli was imported, and while the tests were
    collected. What came of them stays, whatever a mutant changes there.
    """

    def __init__(self, files: Sequence[str]) -> None:
        self._process, asker = multiprocessing.Pipe()
        self._child = os.fork()
        if not self._child:
            self._process.close()
            be_quiet()
            try:
                _Answering(asker).run(files)
            finally:
                os._exit(0)
        asker.close()
        try:
            self.at_import: Lines = self._process.recv()
            self.while_collecting: Lines = self._process.recv()
        except EOFError:
            sys.exit(f"the tests cannot be collected: python -m pytest --collect-only {' '.join(files)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.close()
        os.waitpid(self._child, 0)

    def failing(self, change: Change | None, seconds: Mapping[str, float], limit: float) -> str | None:
        """The first of these tests that fails; empty where all pass; None where the change cannot be made there.

        seconds: how long each test may compute.  Raises TimeoutError if all take longer than the limit, or if they end
        the process.
        """
        self._process.send((change, seconds, limit))
        answer = self._process.recv()
        if isinstance(answer, TimeoutError):
            raise answer
        assert answer is None or isinstance(answer, str)
        return answer


class _Answering:
    """A pytest plugin: instead of all tests it runs those that it is asked for."""

    def __init__(self, asker: Connection) -> None:
        self._asker = asker
        self._failed: list[str] = []

    def run(self, files: Sequence[str]) -> None:
        with watched() as ran:
            import_everything()
        self._asker.send(dict(ran))
        with contextlib.ExitStack() as self._collecting:
            self._ran = self._collecting.enter_context(watched())
            pytest.main([*OPTIONS, "--continue-on-collection-errors", *files], plugins=[self])

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._collecting.close()
        items = {item.nodeid: item for item in session.items}
        living = alive()
        self._asker.send(dict(self._ran))
        with contextlib.suppress(EOFError):
            while True:
                change, seconds, limit = self._asker.recv()
                tests = {items[name]: seconds[name] for name in seconds}
                self._asker.send(self._answer(change, tests, living, limit))
        return True

    def _answer(
        self, change: Change | None, tests: Mapping[pytest.Item, float], living: Alive, limit: float
    ) -> str | TimeoutError | None:
        def run() -> str | None:
            if change and not swap(*change, living):
                return None
            limit_memory()
            return self._failing(tests)

        try:
            answer = in_a_fork(run, limit)
        except TimeoutError as error:
            return error
        return None if answer is None else str(answer)

    def _failing(self, tests: Mapping[pytest.Item, float]) -> str:
        for item, following in pairwise([*tests, None]):
            assert item is not None
            end_after(tests[item])
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._failed:
                return self._failed[0]
        return ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.append(report.nodeid)
