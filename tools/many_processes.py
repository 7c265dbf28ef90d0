"""A plugin for pytest: thousands of short tests in several processes (pytest-xdist), with a third of its messages.

For each test, a worker sends six messages to the process that hands out the tests, and that counts anew after each test
what is left of all files that a worker was ever given.  Nobody hears of four of the six: they say that a test starts
and ends, and that its setup and its teardown had nothing to tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from _pytest.runner import runtestprotocol

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadFileScheduling

SHOWN = 0.005
"""Seconds from which on `--durations` shows a setup or a teardown."""
WANT_ALL = ("maxfail", "xmlpath", "setupshow", "setuponly")
"""Options that read more than the outcomes, or that act while a test is not yet over."""


def pytest_configure(config: pytest.Config) -> None:
    told_all = config.getoption("verbose") > 0 or any(config.getoption(name) for name in WANT_ALL)
    if hasattr(config, "workerinput") and not told_all:
        config.pluginmanager.register(Outcomes())


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
    """The scheduler of `--dist loadfile`, without the files that are done."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class UndoneFiles(LoadFileScheduling):
        def mark_test_complete(self, node, item_index, duration=0.0):  # type: ignore[no-untyped-def]
            super().mark_test_complete(node, item_index, duration)
            files = self.assigned_work[node]
            for done in [name for name, tests in files.items() if all(tests.values())]:
                del files[done]

    return UndoneFiles(config, log)
