"""What the tensors of a step were before it changed some of them in place."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from gradcli.model.place import Place
from gradcli.numerics import graph
from gradcli.recording.program.entries import AnyTensor, Entry, GoneError


class Before:
    """The tensors of a step as they were. changes: the calls that changed one."""

    def __init__(self, changes: Iterable[Entry]) -> None:
        self._originals: dict[int, torch.Tensor] = {}
        self._gone: set[int] = set()
        self._changed: dict[int, bool] = {}
        """The memory, and whether it was changed with gradients."""
        for entry in changes:
            self._note(entry)

    def _note(self, entry: Entry) -> None:
        changed = entry.args[0]
        for tensor, before in ((changed, entry.before), *((entry.base,) if entry.base else ())):
            if before is not None:
                self._originals.setdefault(id(tensor), before)
            elif entry.differentiates:
                self._gone.add(id(tensor))  # what it was before is known only where a call gives it again
        for tensor in (changed, *(entry.base or ())[:1]):
            if isinstance(tensor, torch.Tensor):
                memory = graph.storage_of(tensor)
                self._changed[memory] = self._changed.get(memory, False) or entry.differentiates

    def is_known(self, tensor: AnyTensor) -> bool:
        """Whether what a tensor was is there."""
        if id(tensor) in self._originals:
            return True
        return id(tensor) not in self._gone and (isinstance(tensor, torch.Tensor) or tensor.value is not None)

    def value(self, tensor: AnyTensor) -> torch.Tensor | None:
        """What a tensor was; None where that has gone."""
        found = self._originals.get(id(tensor), tensor) if self.is_known(tensor) else None
        return found if found is None or isinstance(found, torch.Tensor) else found.value

    def original(self, tensor: AnyTensor, place: Place) -> torch.Tensor:
        """What a tensor was before the step changed it.  Raises GoneError."""
        found = self.value(tensor)
        if found is None:
            raise GoneError(place)
        return found

    def may_change(self, tensor: AnyTensor) -> bool:
        """Whether it is changed while gradients are on, or nobody knows."""
        return not isinstance(tensor, torch.Tensor) or self._changed.get(graph.storage_of(tensor), False)

    def stays(self, tensor: AnyTensor) -> bool:
        """Whether it is there, and still what it was made to be."""
        return isinstance(tensor, torch.Tensor) and graph.storage_of(tensor) not in self._changed
