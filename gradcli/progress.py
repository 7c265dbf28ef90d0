"""How far a long loop has come: told to whoever listens, and counted for nobody else.

A loop says `for row in steps(range(rows), "rows of the Jacobian")`; the command line listens, a program need not.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

Item = TypeVar("Item")


@dataclass(eq=False)
class Loop:
    """A loop that is running: how many of its items are done, of how many (None if nobody knows), and since when."""

    what: str
    total: int | None
    done: int = 0
    began: float = field(default_factory=time.monotonic)


class Listener(Protocol):
    """Hears of the loops that begin and end; how far they are is theirs to ask, from another thread if they like."""

    def begins(self, loop: Loop) -> None: ...

    def ends(self, loop: Loop) -> None: ...


_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener | None) -> Iterator[None]:
    """Tell this listener of the loops inside; None: tell nobody."""
    before = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(before)


def steps(items: Iterable[Item], what: str, total: int | None = None) -> Iterable[Item]:
    """The items, counted while they are worked on; the items themselves, at no cost, where nobody listens.

    what: the items in the plural. total: where it is not the length of the items, or they have none.
    """
    listener = _listener.get()
    if listener is None:
        return items
    if total is None and isinstance(items, Sized):
        total = len(items)
    return _told(items, Loop(what, total), listener)


def _told(items: Iterable[Item], loop: Loop, listener: Listener) -> Iterator[Item]:
    listener.begins(loop)
    try:
        for item in items:
            yield item
            loop.done += 1
    finally:
        listener.ends(loop)
