"""The calls of a log since the last step, each with no more than what it takes to make it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from gradcli.recording.program.entries import Entry, WeakTensor, resolved, tensors_among
from gradcli.recording.program.kept import ATOMS, Kept, is_held
from gradcli.recording.program.kinds import GIVING, PLAIN

FEWEST = 256
"""Entries before one looks which of them still lead to a tensor that the program holds."""
MOST_HELD = 2**20
"""Bytes of results that may be held until their step is over, which is faster than to name them one by one."""

_PLAIN = ATOMS | {torch.Tensor, torch.nn.Parameter}
ARE_PLAIN = _PLAIN.issuperset
"""Whether types of arguments are all of those that the program cannot change but by an operation."""


class Calls:
    """Entries, of which the latest may hold their tensors as the program called with them, while these are small.

    unsettled: how many of them do. room: bytes that results of this step may yet have for that; below 0 none does.
    budget: how many bytes are kept at most; None for any number.
    """

    def __init__(self, budget: int | None = None) -> None:
        self.entries: list[Entry] = []
        self.kept = Kept(budget)
        self.unsettled = 0
        self._most_room = MOST_HELD if budget is None else -1
        self.room = self._most_room
        self._most = FEWEST

    def add_held(self, entry: tuple[Any, ...], out: Any) -> None:
        """A plain call with all of its tensors: number, code, instruction, function, args, kwargs, out, autocast."""
        self.entries.append(entry)  # type: ignore[arg-type]
        self.unsettled += 1
        self.count(out)
        if self.room < 0 or self.unsettled == FEWEST:
            self.settle()

    def count(self, out: Any) -> None:
        """Leave so much less room as a result takes."""
        if type(out) is not torch.Tensor:
            self.room = -1
            return
        try:
            self.room -= out.nbytes
        except RuntimeError:  # a sparse one
            self.room = -1

    def add(self, entry: tuple[Any, ...]) -> None:
        """A call with its tensors named, after all others were settled."""
        self.entries.append(entry)  # type: ignore[arg-type]
        if len(self.entries) > self._most:
            self._forget_what_nobody_holds()

    def named(self, kind: int, args: tuple[Any, ...], kwargs: Mapping[str, Any] | None, out: Any) -> tuple[Any, ...]:
        """The arguments and the result of a call as an entry has them."""
        kept = self.kept
        held, named = kept.arguments(args), kept.keywords(kwargs) if kwargs else None
        is_given = kind == GIVING or (isinstance(out, torch.Tensor) and out.is_leaf and not _has_tensor(args, kwargs))
        return held, named, kept.given(out) if is_given else kept.result(out)

    def settle(self) -> None:
        """Name the tensors of the latest calls, and let go of them: before anything that changes or asks for one."""
        if not self.unsettled:
            return
        entries: list[Any] = self.entries
        for index in range(len(entries) - self.unsettled, len(entries)):
            *called, args, kwargs, out, autocast = entries[index]
            entries[index] = (*called, *self.named(PLAIN, args, kwargs, out), False, None, autocast, None)
        self.unsettled = 0
        if len(self.entries) > self._most:
            self._forget_what_nobody_holds()

    def recorded(self) -> list[Entry]:
        """The entries, with the tensors that are alive."""
        self.settle()
        return [resolved(Entry(*entry)) for entry in self.entries]

    def names(self) -> list[Entry]:
        """The entries, of whose tensors nothing is kept."""
        self.settle()
        return self.kept.released([Entry(*entry) for entry in self.entries])

    def clear(self) -> None:
        self._most = max(FEWEST, 2 * len(self.entries))
        self.entries.clear()
        self.kept.clear()
        self.unsettled = 0
        self.room = self._most_room

    def drop_behind(self, roots: Sequence[torch.Tensor]) -> None:
        """Drop what these tensors were made of, and what leads to no tensor that the program holds."""
        self.settle()
        used = set(map(id, roots))
        needed = set()
        for entry, alive in zip(reversed(self.entries), reversed(self.recorded()), strict=True):
            if any(id(tensor) in used for tensor in alive.made):
                used.update(id(tensor) for tensor in alive.tensors if tensor.requires_grad)
            else:
                needed.add(id(entry))
        self.entries[:] = [entry for entry in self.entries if id(entry) in needed]
        self._forget_what_nobody_holds()

    def _forget_what_nobody_holds(self) -> None:
        """Drop what leads to no tensor that the program holds: forward passes that nobody differentiates."""
        needed: set[int] = set()
        kept = []
        for raw in reversed(self.entries):
            out, changes = raw[6:8]
            if type(out) is WeakTensor and not changes and out() is None and id(out) not in needed:
                continue
            entry = Entry(*raw)
            if any(id(tensor) in needed or is_held(tensor) for tensor in entry.made):
                kept.append(entry)
                needed.update(map(id, entry.tensors))
            elif entry.before is not None and isinstance(changed := entry.args[0], WeakTensor):
                changed.value = entry.before
        kept.reverse()
        self.entries[:] = kept
        self.kept.keep_only(kept)
        self._most = max(FEWEST, 2 * len(kept))


def _has_tensor(args: tuple[Any, ...], kwargs: Mapping[str, Any] | None) -> bool:
    return bool(tensors_among((*args, *(kwargs or {}).values())))


def stay(args: tuple[Any, ...]) -> bool:
    """Whether arguments stay what they are until an operation changes one: lists may be another's later."""
    return all(type(one) in _PLAIN or (type(one) is tuple and ARE_PLAIN(map(type, one))) for one in args)


def stay_by_name(kwargs: Mapping[str, Any]) -> bool:
    """Whether arguments given by name stay what they are, also in this call."""
    return "out" not in kwargs and kwargs.get("inplace") is not True and stay(tuple(kwargs.values()))
