"""The calls that a computation is made by."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from gradcli.recording.program.entries import Entry
from gradcli.recording.program.log import Log
from gradcli.recording.program.places import UserCode
from gradcli.recording.program.untold import Untold

Value = TypeVar("Value")


def logged(user: UserCode, compute: Callable[[], Value]) -> tuple[Value, list[Entry]]:
    """What a computation gives, and its calls with their places in the user's code."""
    log = Log(user, {})
    untold = Untold(log)
    untold.put_on()
    log.put_on()
    try:
        value = compute()
        return value, log.calls.recorded()
    finally:
        log.take_off()
        untold.take_off()
