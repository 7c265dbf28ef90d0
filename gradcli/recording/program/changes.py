"""Changes in place: where the memory of a tensor was changed."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from gradcli.numerics.graph import storage_of
from gradcli.recording.program.entries import Entry, tensors_among
from gradcli.recording.program.places import Spot, UserCode

_sequence_number = torch._C._autograd._get_sequence_nr

LATEST_CHANGES = 256
"""Changes in place without a gradient that are remembered."""


class Change(NamedTuple):
    """A change in place: the autograd sequence number, the address of the memory, where it was made, and by what."""

    number: int
    memory: int
    spot: Spot
    name: str | None = None
    by_optimizer: bool = False


class Changes:
    """The latest changes that no entry of a log tells of.

    recent: of all changes those since they are asked for; None while nobody asks.
    """

    def __init__(self, user: UserCode) -> None:
        self._user = user
        self._latest: deque[Change] = deque(maxlen=LATEST_CHANGES)
        self._stepped: deque[tuple[int, Sequence[torch.Tensor], Spot]] = deque(maxlen=2)
        self.recent: deque[Change] | None = None

    def ask(self) -> None:
        """Remember what is changed from now on."""
        self.recent = deque(maxlen=LATEST_CHANGES)

    def note(self, function: Any, values: tuple[Any, ...], *, has_entry: bool = False) -> None:
        """Note that a call changes the tensors among these values. has_entry: an entry tells it, if somebody asks it.

        An entry does not tell what was changed by another name, such as `x.data`, once that is gone.
        """
        if (has_entry and self.recent is None) or (spot := self._user.here()) is None:
            return
        number, name = _sequence_number(), getattr(function, "__name__", None)
        changed = [one for one in tensors_among(values) if isinstance(one, torch.Tensor)]
        new = [Change(number, storage_of(one), spot, name) for one in changed]
        if self.recent is not None:
            self.recent.extend(new)
        if not has_entry:
            self._latest.extend(new)

    def note_step(self, parameters: Sequence[torch.Tensor]) -> Spot | None:
        """Note that an optimizer is about to change its parameters; the answer: where."""
        if (spot := self._user.here()) is not None:
            self._stepped.append((_sequence_number(), parameters, spot))
        return spot

    def made(self, tensor: torch.Tensor | None, entries: Sequence[Entry]) -> list[Change]:
        """The recent changes of a tensor, the last one first, or else the call that gave it, where that is known.

        entries: of the log, with the tensors that are alive.
        """
        memory = 0 if tensor is None else storage_of(tensor)
        found = [one for one in self.recent or () if one.memory == memory != 0]
        if not found:
            gave = [one for one in entries if any(made is tensor for made in one.made)]
            found = [Change(one.number, memory, one.spot, getattr(one.function, "__name__", None)) for one in gave]
        return list(dict.fromkeys(reversed(found)))

    def latest(self) -> list[Change]:
        """The latest ones, those that optimizers made among them."""
        stepped = [Change(number, storage_of(one), at, None, True) for number, own, at in self._stepped for one in own]
        return [*self._latest, *stepped]
