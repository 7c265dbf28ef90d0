"""What a process does, as Linux tells it: a test acts when it is so, instead of after a guess at the time it takes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 120
_OFTEN = 0.02
_TICK = 1 / os.sysconf("SC_CLK_TCK")


def until_it_computes(process: int, seconds: float) -> None:
    """Wait until a process has computed for so many seconds more than it has now."""
    before = _computed(process)
    _until(lambda: _computed(process) - before >= seconds, f"it has not computed for {seconds} seconds")


def until_it_waits(process: int) -> None:
    """Wait until a process sleeps whenever one looks, and computes nothing in between."""
    seen: list[tuple[str, float]] = []

    def waits() -> bool:
        seen.append((_stat(process)[0], _computed(process)))
        return len(seen) > 10 and {*seen[-10:]} == {("S", seen[-1][1])}

    _until(waits, "it does not wait")


def until_it_ends(process: int) -> None:
    """Wait for the end of a process that need not be a child of this one."""
    _until(lambda: not _stat(process)[0].strip("ZX"), "it goes on")


def _until(holds: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, otherwise
        time.sleep(_OFTEN)


def _computed(process: int) -> float:
    """Seconds of all threads, in ticks of the clock."""
    return sum(map(int, _stat(process)[11:13])) * _TICK


def _stat(process: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; Z and zeros where there is no such process."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ["Z", *["0"] * 20]
    return text.rpartition(") ")[2].split()
