"""Run the tests against mutants: all are collected once, and each mutant is planted in a forked process of its own.

Which tests matter is measured first: those that enter the function which a mutant changes, or one that reads the
constant. Those that killed the mutants before it in the same file run first, then the others from the quickest to the
slowest, up to the first that fails.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import hashlib
import os
import pickle
import resource
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from tools.mutants.mutations import Mutant
from tools.mutants.planting import Function, Planter

MEMORY = 16 * 2**30


@dataclass(frozen=True)
class Outcome:
    """outcome: killed, survived or timed out. by: the test that failed. tests: the ids of those that could.

    whole: nothing was computed before the mutant was planted that would be another with it.
    """

    mutant: Mutant
    outcome: str
    tests: tuple[str, ...] = ()
    by: str = ""
    whole: bool = True


@dataclass(frozen=True)
class Known:
    """What a test did without a mutant: processor seconds, and the functions that it entered."""

    seconds: float
    entered: frozenset[Function]


class Session:
    """A pytest plugin whose loop runs mutants instead of tests.

    cache: a folder for what was measured. patience: how many times their usual processor time the tests may take, and
    so many seconds on top of it. seconds: of processor time that the tests of one mutant may usually take.
    """

    def __init__(
        self,
        mutants: Iterable[Mutant],
        report: Callable[[Outcome], None],
        cache: Path,
        *,
        patience: float,
        seconds: float,
    ) -> None:
        self._mutants = mutants
        self._report = report
        self._cache = cache
        self._patience = patience
        self._seconds = seconds
        self._failed: list[str] = []
        self._at_import: frozenset[Function] = frozenset()
        self.left_out: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Iterator[None]:
        with _watched() as entered:
            result = yield
        self._at_import = _ours(entered)
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.append(report.nodeid)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            return False
        known = self._known(session)
        self.left_out = [item.nodeid for item in session.items if item.nodeid not in known]
        planter = Planter(Path.cwd())
        _empty_caches()
        gc.freeze()
        items = {item.nodeid: item for item in session.items}
        killers: dict[tuple[str, str], int] = {}  # the file and the test, and which of all mutants it killed last
        for number, mutant in enumerate(self._mutants, 1):
            readers = planter.readers(mutant)
            files = planter.mentioning(mutant)
            tests = [name for name in known if known[name].entered & readers or name.partition("::")[0] in files]
            if not tests:  # what runs in a process of its own, which is not watched
                tests = [name for name in known if not known[name].entered]
            tests = list(_quickest(tests, known, self._seconds))
            tests.sort(key=lambda name: -killers.get((mutant.path, name), 0))
            plant = planter.plant(mutant)
            if plant is None:
                outcome = Outcome(mutant, "survived", tuple(tests), whole=False)
            else:
                limit = self._patience * (1 + sum(known[name].seconds for name in tests))
                computed = readers & self._at_import or planter.is_used_at_import(mutant)
                whole = not computed and any(known[name].entered for name in tests)
                outcome = self._against(mutant, plant, [items[name] for name in tests], limit)
                outcome = replace(outcome, whole=whole)
            killers[mutant.path, outcome.by] = number
            self._report(outcome)
        return True

    def _known(self, session: pytest.Session) -> dict[str, Known]:
        names = "\n".join(item.nodeid for item in session.items)
        files = (path.read_bytes() for room in ("gradcli", "tests") for path in sorted(Path(room).rglob("*.py")))
        key = hashlib.sha256(names.encode() + b"".join(files)).hexdigest()[:16]
        path = self._cache / f"{key}.pickle"
        if path.exists():
            return pickle.loads(path.read_bytes())  # type: ignore[no-any-return]
        known: dict[str, Known] = _in_a_fork(lambda: self._measured(session.items))
        path.write_bytes(pickle.dumps(known))
        return known

    def _measured(self, items: Sequence[pytest.Item]) -> dict[str, Known]:
        """Every test that passes, run once and watched."""
        known = {}
        for item in items:
            _empty_caches()
            self._failed.clear()
            began = time.process_time()
            with _watched() as entered:
                item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
            if not self._failed:
                known[item.nodeid] = Known(time.process_time() - began, _ours(entered))
        return known

    def _against(self, mutant: Mutant, plant: Callable[[], None], items: list[pytest.Item], limit: float) -> Outcome:
        """Run these tests with the mutant planted, until one fails."""

        def run() -> str:
            resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit) + 5))
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            try:
                plant()
            except Exception as error:  # noqa: BLE001 - a table that cannot be built is noticed by whoever imports it
                return f"importing it: {type(error).__name__}"
            for item, following in zip(items, [*items[1:], None], strict=False):
                item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
                if self._failed:
                    return self._failed[0]
            return ""

        self._failed.clear()
        tests = tuple(item.nodeid for item in items)
        try:
            by = _in_a_fork(run, 6 * limit)
        except TimeoutError:
            return Outcome(mutant, "timed out", tests)
        return Outcome(mutant, "killed" if by else "survived", tests, by)


def _quickest(tests: list[str], known: Mapping[str, Known], seconds: float) -> Iterator[str]:
    """The quickest tests that fit into so many seconds, and at least one."""
    taken = 0.0
    for name in sorted(tests, key=lambda name: known[name].seconds):
        if taken and taken + known[name].seconds > seconds:
            break
        taken += known[name].seconds
        yield name


@contextlib.contextmanager
def _watched() -> Iterator[set[CodeType]]:
    """The code that is entered meanwhile."""
    entered: set[CodeType] = set()

    def enter(frame: FrameType, _event: str, _argument: object) -> None:
        entered.add(frame.f_code)

    threading.settrace(enter)
    sys.settrace(enter)
    try:
        yield entered
    finally:
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]


def _ours(entered: Iterable[CodeType]) -> frozenset[Function]:
    root = str(Path.cwd()) + os.sep
    inside = f"{root}gradcli{os.sep}"
    codes = (code for code in entered if code.co_filename.startswith(inside))
    return frozenset((code.co_filename.removeprefix(root), code.co_qualname) for code in codes)


def _in_a_fork(work: Callable[[], Any], limit: float = 1e6) -> Any:
    """What `work` gives in a forked process.  Raises TimeoutError where it takes longer, or the process is killed."""
    with tempfile.TemporaryFile() as answer:
        child = os.fork()
        if not child:
            try:
                os.setsid()
                for stream in (0, 1):
                    os.dup2(os.open(os.devnull, os.O_RDWR), stream)
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


def _empty_caches() -> None:
    """What a test finds in a cache of gradcli was computed by the code as it is."""
    for name, module in list(sys.modules.items()):
        if name.startswith("gradcli"):
            for thing in vars(module).values():
                if type(thing) is functools._lru_cache_wrapper:
                    thing.cache_clear()
