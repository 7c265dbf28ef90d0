"""The transcripts in README.md and docs/ as tests: each command runs, and must answer what the document says."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Generator, Iterator
from importlib.metadata import version

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Tests run side by side, where threads that wait for each other cost more than they save: one each, unless these say
otherwise (`make cpus`). Read when PyTorch is imported, and by every process that a test starts."""
for variable in THREADS:
    os.environ.setdefault(variable, "1")

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
"""What one process has compiled is there for the next one, which is Python's way: a tenth of all the time."""

import pytest
from sybil import Document, Example, Region, Sybil

from gradcli.__main__ import COLLECT_AFTER
from gradcli.gc_paused import gc_paused
from tools import warm
from tools.pytorch_versions import difference
from tools.transcripts import DOCUMENTS, NEEDS, Exchange, agree, answer, blocks, missing, workplace

pytest_plugins = ["tools.many_processes"]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Ctrl-C and a closed terminal count, also where the tests were started with both ignored.

    Tests that run side by side share one server of warm processes, which is started before they are.
    TEST_ONEDNN=off takes PyTorch's own kernels where oneDNN has others (`make cpus`).
    """
    if session.config.getoption("numprocesses", None):
        warm.share()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if os.environ.get("TEST_ONEDNN") == "off":
        import torch  # which the process that only hands out the tests does not need

        torch.backends.mkldnn.set_flags(False)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collecting makes a million objects that stay: no garbage is looked for meanwhile, and none among them later.

    Later it is looked for as seldom as gradcli itself does, else it takes a twentieth of the time of all tests.
    """
    with gc_paused():
        found = yield
        gc.freeze()
    gc.set_threshold(COLLECT_AFTER)
    return found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that state what another PyTorch does need not hold; tools/pytorch_versions.py says which."""
    installed = version("torch")
    for item in items:
        if row := difference(item.nodeid, installed):
            item.add_marker(pytest.mark.xfail(reason=f"PyTorch {installed}: {row.why}", strict=row.strict))


def transcripts(document: Document) -> Iterator[Region]:
    """One region for each block, which is run as a whole."""
    for begin, end, exchanges in blocks(document.text):
        yield Region(begin, end, parsed=exchanges, evaluator=replay)


def replay(example: Example) -> str | None:
    """Run the commands of a block; what is wrong, or None."""
    exchange: Exchange
    with workplace(exchange.command for exchange in example.parsed):
        for exchange in example.parsed:
            if absent := missing(exchange):
                pytest.skip(f"needs {', '.join(f'{name} ({NEEDS[name]})' for name in absent)}: {exchange.command}")
            expected, actual = exchange.output.rstrip("\n"), answer(exchange).rstrip("\n")
            if not agree(expected, actual):
                said = f"the document says:\n{expected}\nthe command says:\n{actual}"
                return f"$ {exchange.command}\n{said}\n(make docs)"
    return None


# a translation has the transcripts of its original, which a test compares
pytest_collect_file = Sybil(parsers=[transcripts], patterns=list(DOCUMENTS), excludes=["*.zh-CN.md"]).pytest()
