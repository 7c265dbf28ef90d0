"""Threads that train beside the one that is watched: their steps are counted, and told of."""

from __future__ import annotations

import functools
import threading
from collections import Counter
from typing import Any

import torch

from gradcli.recording.program.log import Log
from gradcli.results.phrasing import counted, few
from gradcli.results.watch import ProgramFinding


class OtherThreads:
    """Counts what other threads train: the modes of PyTorch belong to one thread.

    The engine is called for every backward pass; its own threads, which Python did not start, belong to one of those.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._steps: Counter[str] = Counter()
        self._passes: Counter[str] = Counter()
        self._run = torch.autograd._engine_run_backward  # type: ignore[attr-defined]

    def put_on(self) -> None:
        log, run, passes = self._log, self._run, self._passes

        @functools.wraps(run)
        def noted(*args: Any, **kwargs: Any) -> Any:
            if not log.is_here and not isinstance(thread := threading.current_thread(), threading._DummyThread):
                passes[thread.name] += 1
            return run(*args, **kwargs)

        torch.autograd._engine_run_backward = noted  # type: ignore[attr-defined]

    def take_off(self) -> None:
        torch.autograd._engine_run_backward = self._run  # type: ignore[attr-defined]

    def add_step(self) -> None:
        """A step of an optimizer in the thread that runs now."""
        self._steps[threading.current_thread().name] += 1

    @property
    def finding(self) -> ProgramFinding | None:
        """What is told at the end; None where no other thread trained."""
        names = list(self._steps | self._passes)
        if not names:
            return None
        if set(names) == set(self._steps):
            said = f"took {counted(self._steps.total(), 'step')} of an optimizer"
        else:  # one of them changes its parameters by hand
            said = f"made {counted(self._passes.total(), 'backward pass', 'es')}"
        return ProgramFinding(
            code="unwatched-thread",
            severity="note",
            message=f"the thread{'' if len(names) == 1 else 's'} {few(names)} {said}, and nobody looked at them",
            step=0,
            remark="'with gradcli.watch():' inside of the function that a thread runs looks at its steps",
        )
