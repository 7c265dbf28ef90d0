"""What is done at something wrong in a run: the situation is taken down, its findings are added, and the run stops."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from gradcli.gc_paused import gc_paused
from gradcli.inspections.options import WatchOptions
from gradcli.inspections.watching.alone import Saving
from gradcli.inspections.watching.backward_start import BackwardStart
from gradcli.inspections.watching.broken_off import (
    broken_value,
    frames_of,
    is_raised_by_program,
    refused_value,
    speaks_of_it,
    summed,
)
from gradcli.inspections.watching.hooks import GradientHooks
from gradcli.inspections.watching.naming import names_of_tensors
from gradcli.inspections.watching.raised import Pass, raised, raised_elsewhere
from gradcli.inspections.watching.situation import Situation
from gradcli.inspections.watching.step_findings import not_finite
from gradcli.inspections.watching.stop import Stop
from gradcli.inspections.watching.unexplained import unknown
from gradcli.inspections.watching.updates import Updates
from gradcli.recording.program.changes import Change
from gradcli.recording.program.log import Log
from gradcli.recording.program.places import Spot, UserCode
from gradcli.results.watch import ProgramFinding, Stopped

MOST_WITHOUT_NEWS = 3
"""Steps in a row that are run again and show nothing new: after them no further one is."""


class Investigation:
    """What a run under watch has found so far.

    steps: how many backward passes began. seconds: what finding out took. stopped: where the program was ended.
    """

    def __init__(self, options: WatchOptions, user: UserCode, hooks: GradientHooks, log: Log) -> None:
        self.options = options
        self.user = user
        self.log = log
        self.steps = 0
        self._number = 0
        self.seconds = 0.0
        self.findings: list[ProgramFinding] = []
        self.stopped: Stopped | None = None
        self._saving = None if options.save is None else Saving(options.save, Path(options.save).absolute())
        self._gradient_hooks = hooks
        self._known: set[object] = set()
        self._without_news = 0
        self._error: BaseException | None = None
        self._updates = Updates()
        self._passes: deque[Pass] = deque(maxlen=2)

    def _look(self, call: BackwardStart, spot: Spot | None, when: Stopped, *, as_warnings: bool = False) -> None:
        """Find out where it is from, and stop unless the user wants to go on."""
        self._stop_for(
            call,
            spot,
            lambda situation: not_finite(situation, as_warnings=as_warnings),
            lambda situation, error: unknown(situation, error=error),
            when,
            as_warnings=as_warnings,
        )

    def _stop_for(
        self,
        call: BackwardStart,
        spot: Spot | None,
        found: Callable[[Situation], Iterable[ProgramFinding]],
        otherwise: Callable[[Situation, Exception], ProgramFinding],
        when: Stopped,
        *,
        as_warnings: bool = False,
    ) -> None:
        """Add what is found in the situation, and stop for an error unless the user wants to go on."""
        if self._without_news >= MOST_WITHOUT_NEWS:
            return
        with gc_paused():
            situation = self._situation(call, spot)
        before = len(self.findings)
        self._find(lambda: found(situation), lambda error: otherwise(situation, error))
        self._without_news = 0 if len(self.findings) > before else self._without_news + 1
        if not self.options.goes_on and not as_warnings and any(one.severity == "error" for one in self.findings):
            self.stopped = when
            self.steps = self._number
            raise Stop

    def _at_end(self, error: BaseException, traceback: TracebackType | None) -> list[ProgramFinding]:
        """Where a value is from that the program ends over; nothing, where no operation can be blamed."""
        frames, entries = [*frames_of(traceback, self.user)], self.log.calls.recorded()
        names = names_of_tensors(frame for frame, _ in reversed(frames))
        if not frames or self._error is error:
            return []
        is_said = speaks_of_it(error, traceback, self.user)
        value = broken_value(entries, names, is_said=is_said)
        if value is None:
            value = refused_value(traceback, self.user, names, error)
        if value is None:
            return self._of_catalogue(error, traceback, frames[-1][1])
        self._number, spot = self.steps + 1, frames[-1][1]
        added, call = summed(value, spot, names)
        situation = replace(self._situation(call, spot, names), entries=[*entries, *added])
        found = [one for one in not_finite(situation) if one.operation is not None]
        return found or self._of_catalogue(error, traceback, spot)

    def _of_catalogue(self, error: BaseException, traceback: TracebackType | None, spot: Spot) -> list[ProgramFinding]:
        if is_raised_by_program(traceback, self.user):
            return []
        found = raised_elsewhere(error, spot)
        return [] if found is None else [found]

    def _situation(self, call: BackwardStart, spot: Spot | None, names: dict[int, str] | None = None) -> Situation:
        names = names_of_tensors(self.user.frames()) if names is None else names
        entries = self.log.calls.recorded()
        made_by: list[Change] = []
        if call.changed is not None:
            names[id(call.changed.grad)] = f"the gradient of {names.get(id(call.changed), 'a parameter')}"
            made_by = self.log.changes.made(call.changed.grad, entries)
        return Situation(
            self._number,
            entries,
            call,
            spot,
            names,
            self.user,
            self._updates,
            self._gradient_hooks,
            known=self._known,
            saving=self._saving,
            is_bounded=self.options.memory is not None,
            made_by=made_by,
        )

    def _tell_raised(self, error: RuntimeError, call: BackwardStart, spot: Spot | None) -> None:
        self._error = error
        entries, changes = self.log.calls.recorded(), self.log.changes.latest()
        names = names_of_tensors(self.user.frames())
        self._find(lambda: [raised(error, call, spot, self._number, entries, changes, self._passes, names)])

    def _find(
        self,
        found: Callable[[], Iterable[ProgramFinding]],
        otherwise: Callable[[Exception], ProgramFinding] | None = None,
    ) -> None:
        """Add what is found, each origin once, however many steps it comes back in."""
        started = time.perf_counter()
        try:
            with gc_paused():
                findings = list(found())
        except Exception as error:  # noqa: BLE001 - whatever goes wrong here must not end the user's program
            findings = [] if otherwise is None else [otherwise(error)]
        for finding in findings:
            if finding.cause not in self._known:
                self._known.add(finding.cause)
                self.findings.append(finding)
        self.seconds += time.perf_counter() - started
