"""A plugin for pytest: thousands of short tests in several processes (pytest-xdist), with a third of its messages.

For each test, a worker sends six messages to the process that hands out the tests, and that counts anew after each test
what is left of all files that a worker was ever given.  Nobody hears of four of the six: they say that a test starts
and ends, and that its setup and its teardown had nothing to tell.

Each worker collects every test.  Where nothing is compiled yet, in a fresh clone, each one compiles its share of the
files first, and finds the others compiled: the assertions of a test file take pytest longer than all else in it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest
from _pytest.assertion import rewrite
from _pytest.runner import runtestprotocol

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadFileScheduling

Thing = TypeVar("Thing")
SHOWN = 0.005
"""Seconds from which on `--durations` shows a setup or a teardown."""
LONG = (
    "tests/devices/test_every_device.py",
    "tests/inspections/test_audit_slow_way.py",
    "tests/numerics/test_bounds_of_catalogue.py",
    "tests/sinks/test_pdf.py",
    "tests/watch/test_programs_are_true.py",
)
"""Files of few tests that take seconds.  The files with the most tests are begun first: at the end, one process would
be at work on one of these while the others have nothing to do."""
WANT_ALL = ("maxfail", "xmlpath", "setupshow", "setuponly")
"""Options that read more than the outcomes, or that act while a test is not yet over."""


def pytest_configure(config: pytest.Config) -> None:
    worker: Mapping[str, str | int] | None = getattr(config, "workerinput", None)
    if worker is None:
        return
    config.pluginmanager.register(Share(int(str(worker["workerid"]).removeprefix("gw")), int(worker["workercount"])))
    if not (config.getoption("verbose") > 0 or any(config.getoption(name) for name in WANT_ALL)):
        config.pluginmanager.register(Outcomes())


class Share:
    """In a worker: of what all workers would compile and read alike, this one's part before the rest."""

    def __init__(self, number: int, workers: int) -> None:
        self._number, self._workers = number, workers

    def _of(self, things: Sequence[Thing]) -> Sequence[Thing]:
        return things[self._number % self._workers :: self._workers]

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        if session.config.getoption("assertmode") == "rewrite" and not sys.dont_write_bytecode:
            for path in self._of(sorted(set(_test_files(session.config.args)))):
                _compile(path, session.config)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self) -> None:
        """Hypothesis tries the constants of the tested code, which it reads, and keeps in a folder."""
        if reading := sys.modules.get("hypothesis.internal.constants_ast"):
            files = {getattr(module, "__file__", None): module for module in list(sys.modules.values())}
            for file in self._of([file for file in files if file and reading.is_local_module_file(file)]):
                reading.constants_from_module(files[file])


def _test_files(args: Iterable[str]) -> Iterator[Path]:
    for arg in args:
        path = Path(arg.partition("::")[0]).absolute()
        below = path.rglob("test_*.py") if path.is_dir() else [path] if path.suffix == ".py" else []
        yield from (file for file in below if not any(part.startswith(".") for part in file.relative_to(path).parts))


def _compile(path: Path, config: pytest.Config) -> None:
    """Leave beside a test file what pytest looks for when it imports that file; an old one is left to pytest."""
    compiled = rewrite.get_cache_dir(path) / (path.stem + rewrite.PYC_TAIL)
    if not compiled.exists():
        with suppress(OSError, SyntaxError, ValueError):  # which the import will tell of
            compiled.parent.mkdir(exist_ok=True)
            source, code = rewrite._rewrite_test(path, config)
            rewrite._write_pyc(config.stash[rewrite.assertstate_key], code, source, compiled)


class Outcomes:
    """In a worker: of a test that passes, only that, and what took long or printed something."""

    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
        for report in reports:
            if report.when == "call" or not all(other.passed for other in reports) or _tells(report):
                item.ihook.pytest_runtest_logreport(report=report)
        return True


def _tells(report: pytest.TestReport) -> bool:
    return report.duration >= SHOWN or bool(report.sections)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """The scheduler of `--dist loadfile`, without the files that are done, and with long ones first."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class UndoneFiles(LoadFileScheduling):
        def _assign_work_unit(self, node):  # type: ignore[no-untyped-def]
            for name in LONG:
                if name in self.workqueue:
                    self.workqueue.move_to_end(name, last=False)
            super()._assign_work_unit(node)

        def mark_test_complete(self, node, item_index, duration=0.0):  # type: ignore[no-untyped-def]
            super().mark_test_complete(node, item_index, duration)
            files = self.assigned_work[node]
            for done in [name for name, tests in files.items() if all(tests.values())]:
                del files[done]

    return UndoneFiles(config, log)
