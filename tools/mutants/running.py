"""Run the tests that reach a mutant, each time in a forked process, up to the first that fails.

A function is given its changed code in a process that has imported gradcli and collected the tests before. Where that
cannot be done soundly, the changed file is imported anew, which takes longer: at module level, in what runs while
gradcli is imported or tests are collected, and where a function is held by something that keeps its old code.

The tests run from the quickest to the slowest, those first that have killed other mutants of the file. A test that
fails counts if it passes in the same way without the mutant.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tools.mutants import importing
from tools.mutants.collected import Collected
from tools.mutants.forks import in_a_fork
from tools.mutants.mutant import Change, Mutant
from tools.mutants.reach import Known, Reach

KILLER = 0.1
"""A test that has killed in the same file is run before what takes more than a tenth of its time."""


@dataclass(frozen=True)
class Outcome:
    """outcome: killed, survived or unmeasured. by: the test that failed. tests: how many were run, of how many."""

    mutant: Mutant
    outcome: str
    by: str = ""
    tests: str = ""


Failing = Callable[[Change | None, Mapping[str, float], float], str | None]
"""The first of some tests that fails with a change; empty where all pass; None where it cannot be told in this way.

The tests come with the seconds that each may compute, and with a limit for all. Raises TimeoutError where they do not
end.
"""


class Runner:
    """patience: how many times their usual processor time, and so many seconds on top, tests may take with a mutant.

    seconds: of usual processor time that the tests of one mutant may take. anew: every changed file is imported anew.
    """

    def __init__(
        self, known: Mapping[str, Known], collected: Collected, *, patience: float, seconds: float, anew: bool
    ) -> None:
        self._known = known
        self._collected = collected
        self._reach = Reach(known, collected.at_import, collected.while_collecting)
        self._patience = patience
        self._seconds = seconds
        self._anew = anew
        self._killers: set[str] = set()
        self._sound: set[str] = set()  # what fails with a mutant, and passes without
        self._broken: set[str] = set()
        self._written = 0

    def run(self, mutants: Iterable[Mutant], report: Callable[[Outcome], None]) -> list[Outcome]:
        """What became of every mutant, file by file; `report` is called meanwhile, here or in a process of its own."""
        by_path = sorted(mutants, key=lambda mutant: (mutant.path, mutant.start))
        groups = [list(group) for _, group in groupby(by_path, key=lambda mutant: mutant.path)]
        return [outcome for group in groups for outcome in self._file(group, report)]

    def _file(self, mutants: list[Mutant], report: Callable[[Outcome], None]) -> list[Outcome]:
        self._killers.clear()
        later = [mutant for mutant in mutants if not self._anew and self._reach.is_later(mutant)]
        found = self._outcomes(later, self._collected.failing, report)
        known = {outcome.mutant for outcome in found}
        rest = [mutant for mutant in mutants if mutant not in known]
        return [*found, *(in_a_fork(functools.partial(self._imported, rest, report)) if rest else ())]

    def _imported(self, mutants: list[Mutant], report: Callable[[Outcome], None]) -> list[Outcome]:
        importing.import_independent(mutants[0].path)
        return self._outcomes(mutants, importing.failing, report)

    def _outcomes(
        self, mutants: Iterable[Mutant], failing: Failing, report: Callable[[Outcome], None]
    ) -> list[Outcome]:
        """Of those mutants of which this way can tell it."""
        found = []
        for mutant in mutants:
            if outcome := self._outcome(mutant, failing):
                report(outcome)
                found.append(outcome)
        return found

    def _outcome(self, mutant: Mutant, failing: Failing) -> Outcome | None:
        """None where it cannot be told in this way.  A test that also fails without the mutant is not run again."""
        source = Path(mutant.path).read_text(encoding="utf-8")
        while True:
            reaching = [name for name in self._reach.tests(mutant) if name not in self._broken]
            tests = self._within(sorted(reaching, key=lambda name: self._known[name].seconds))
            self._write(mutant.path, mutant.applied(source))
            try:
                by = self._failing(failing, (mutant, source), tests)
            finally:
                self._write(mutant.path, source)
            if by is None:
                return None
            sound = not by or by in self._sound
            without = "" if sound else self._failing(failing, None, [by] if by in self._known else tests)
            if without not in self._known:
                break
            self._broken.add(without)
        if by and not without:
            self._sound.add(by)
            self._killers.add(by)
        outcome = "unmeasured" if without else "killed" if by else "survived"
        return Outcome(mutant, outcome, by, f"{len(tests)} of {len(reaching)} tests")

    def _write(self, path: str, text: str) -> None:
        """For processes that tests start too.

        Each text has a time of its own, so that none is taken for one which Python has compiled before.
        """
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

    def _failing(self, failing: Failing, change: Change | None, tests: Sequence[str]) -> str | None:
        """The first test that fails, in the best order, or that they do not end."""
        if not tests:
            return ""
        usual = {name: self._known[name].seconds for name in tests}
        order = sorted(tests, key=lambda name: usual[name] * (KILLER if name in self._killers else 1))
        seconds = {name: self._patience * (1 + usual[name]) for name in order}
        try:
            return failing(change, seconds, 120 + 2 * self._patience * sum(usual.values()))
        except TimeoutError:
            return "it does not end"
