"""Threads that train beside the one that is watched: their steps are counted, and told of."""

from __future__ import annotations

import threading
from collections import Counter

from gradcli.results.phrasing import listed
from gradcli.results.watch import ProgramFinding

MOST_NAMED = 3


class OtherThreads:
    """Counts the steps that optimizers take in other threads: the modes of PyTorch belong to one thread."""

    def __init__(self) -> None:
        self._steps: Counter[str] = Counter()

    def add_step(self) -> None:
        """A step of an optimizer in the thread that runs now."""
        self._steps[threading.current_thread().name] += 1

    @property
    def finding(self) -> ProgramFinding | None:
        """What is told at the end; None where no other thread trained."""
        if not self._steps:
            return None
        names, steps = list(self._steps), self._steps.total()
        more = len(names) - MOST_NAMED
        named = listed([*names[:MOST_NAMED], *([f"{more} more"] if more > 0 else [])])
        return ProgramFinding(
            code="unwatched-thread",
            severity="note",
            message=f"the thread{'' if len(names) == 1 else 's'} {named} took {steps:,} "
            f"step{'' if steps == 1 else 's'} of an optimizer, and nobody looked at them",
            step=0,
            remark="'with gradcli.watch():' inside of the function that a thread runs looks at its steps",
        )
