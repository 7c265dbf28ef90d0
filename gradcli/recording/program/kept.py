"""Which tensors a log keeps alive: those that no call of it gives again.

A result is named and not kept, so that the memory of a step is what it is without the log: autograd lets go of a tensor
when nothing needs it any more, and the log does not stand in its way. Small ones that are yet to be named are with the
calls (`calls.MOST_HELD`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch.nn import Parameter

from gradcli.recording.program.entries import AnyTensor, Entry, WeakTensor, mapped, tensors_among, weak
from gradcli.recording.program.surroundings import UNKEPT, GeneratorState, generator_state

ATOMS = frozenset({int, float, bool, str, type(None), torch.dtype, torch.device, torch.Size, torch.layout})
"""Types of arguments that hold no tensor."""
_BY_ROWS, _BY_COLUMNS = ("crow_indices", "col_indices", "values"), ("ccol_indices", "row_indices", "values")
_SPARSE_PARTS = {
    torch.sparse_coo: ("_indices", "_values"),
    torch.sparse_csr: _BY_ROWS,
    torch.sparse_bsr: _BY_ROWS,
    torch.sparse_csc: _BY_COLUMNS,
    torch.sparse_bsc: _BY_COLUMNS,
}
"""The methods that give what a sparse tensor consists of."""
REFERENCES_HERE = 3
"""To a tensor that is looked at: the log's, a name's, and the call's that counts them."""


class Kept:
    """The tensors of a log.

    budget: how many bytes are kept at most; None for any number. bytes: how many are, where there is a budget.
    """

    def __init__(self, budget: int | None = None) -> None:
        self.budget = budget
        self.bytes = 0
        self._known: dict[int, WeakTensor] = {}
        """By their ids, while they live: what is kept, and what a call gives again."""
        self._named: dict[int, WeakTensor] = {}
        """What came up where nothing is differentiated."""

    def clear(self) -> None:
        self.bytes = 0
        self._known.clear()
        self._named.clear()

    def arguments(self, values: Iterable[Any]) -> tuple[Any, ...]:
        """The arguments of a call as the log has them. Parameters live anyway."""
        known = self._known
        held = []
        for value in values:
            kind = type(value)
            if kind is torch.Tensor:
                own = known.get(id(value))
                held.append(self._keep(value) if own is None or own() is not value else own)
            elif kind in ATOMS or kind is Parameter or (kind is tuple and ATOMS.issuperset(map(type, value))):
                held.append(value)
            else:
                held.append(mapped(value, self._argument))
        return tuple(held)

    def keywords(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Arguments that are given by name."""
        return dict(zip(values, self.arguments(values.values()), strict=True))

    def result(self, value: Any) -> Any:
        """What a call gave, and would give again."""
        if type(value) is torch.Tensor:
            return self.name(value)
        return mapped(value, self.name)

    def given(self, value: Any) -> Any:
        """What a call gave, and would not give again, such as random numbers."""
        return mapped(value, self._argument)

    def state(self, args: Iterable[Any], kwargs: Mapping[str, Any] | None) -> GeneratorState:
        """The state of the generator that a call draws from, or nothing of it, where the budget is used up."""
        given = kwargs or {}
        tensor = next(iter(tensors_among((*args, *given.values()))), None)
        state = generator_state(tensor if isinstance(tensor, torch.Tensor) else None, given.get("generator"))
        return state if self._has_room(state.numbers) else UNKEPT

    def named(self, values: Iterable[Any]) -> tuple[Any, ...]:
        """Arguments or results of which nothing is kept but parameters, which live anyway."""
        held = []
        for value in values:
            kind = type(value)
            if kind is torch.Tensor:
                held.append(self._name(value))
            elif kind in ATOMS or kind is Parameter:
                held.append(value)
            else:
                held.append(mapped(value, self._name))
        return tuple(held)

    def before(self, tensor: torch.Tensor) -> torch.Tensor | None:
        """A copy of a tensor that is about to be changed in place, where no call gives it and there is none yet."""
        own = self._own(tensor)
        value, own.value = own.value, None
        return _copied(tensor) if value is tensor else value

    def base(self, tensor: torch.Tensor) -> tuple[WeakTensor, torch.Tensor | None] | None:
        """What a view that is about to be changed is a view of, with a copy of it where `before` would give one."""
        base, view = tensor._base, self._known_as(tensor)
        if base is None or view is None or view.value is not None:
            return None
        own = self._known_as(base)
        if own is None:
            return None
        if own.value is not base:
            return own, None
        own.value = _copied(base)
        return own, own.value

    def keep_only(self, entries: Sequence[Entry]) -> None:
        """Know no more than what these entries give and use."""
        given = {id(tensor) for entry in entries for tensor in entry.made}
        used = {id(tensor) for entry in entries for tensor in entry.tensors}
        alive = {key: own for key, own in self._known.items() if own() is not None}
        self._known = {
            key: own for key, own in alive.items() if id(own) in given or (id(own) in used and own.value is not None)
        }
        self._named = {key: own for key, own in self._named.items() if own() is not None}
        values = [*(own.value for own in self._known.values()), *(entry.before for entry in entries)]
        self.bytes = sum(_size(value) for value in values if value is not None)

    def released(self, entries: Sequence[Entry]) -> list[Entry]:
        """The entries with the names of their tensors alone."""
        names: dict[int, WeakTensor] = {}

        def name(tensor: AnyTensor) -> AnyTensor:
            if not isinstance(tensor, WeakTensor) or tensor.value is None:
                return tensor
            return names.setdefault(id(tensor), weak(tensor.value))

        return [
            entry._replace(
                args=mapped(entry.args, name),
                kwargs=mapped(entry.kwargs, name),
                out=mapped(entry.out, name),
                before=None,
                base=None,
            )
            for entry in entries
        ]

    def _argument(self, tensor: torch.Tensor) -> AnyTensor:
        return tensor if type(tensor) is Parameter else self._own(tensor)

    def _own(self, tensor: torch.Tensor) -> WeakTensor:
        own = self._known_as(tensor)
        return self._keep(tensor) if own is None else own

    def _known_as(self, tensor: torch.Tensor) -> WeakTensor | None:
        """The name that is this tensor's, and no dead one's in whose place it is."""
        own = self._known.get(id(tensor))
        return own if own is not None and own() is tensor else None

    def _keep(self, tensor: torch.Tensor) -> WeakTensor:
        named = self._named.pop(id(tensor), None)
        own = named if named is not None and named() is tensor else weak(tensor)
        self._known[id(tensor)] = own
        if self._has_room(tensor):
            own.value = tensor
        return own

    def name(self, tensor: torch.Tensor) -> WeakTensor:
        """The name of a tensor of which nothing is kept, or that it has already."""
        own = self._known.get(id(tensor))
        if own is None or own() is not tensor:
            own = self._known[id(tensor)] = weak(tensor)
        return own

    def _name(self, tensor: torch.Tensor) -> WeakTensor:
        key = id(tensor)
        own = self._named.get(key)
        if own is None or own() is not tensor:
            own = self._known.get(key)
            if own is None or own() is not tensor:
                own = self._named[key] = weak(tensor)
        return own

    def _has_room(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor may be kept, which counts as keeping it."""
        if self.budget is None:
            return True
        size = _size(tensor)
        has_room = self.bytes + size <= self.budget
        self.bytes += size * has_room
        return has_room


def _copied(tensor: torch.Tensor) -> torch.Tensor:
    """A copy, and whether it is differentiated: what is changed in place may be from then on."""
    return tensor.detach().clone().requires_grad_() if tensor.requires_grad else tensor.clone()


def is_held(tensor: AnyTensor) -> bool:
    """Whether somebody else than a log refers to a tensor, as Python counts references."""
    if not isinstance(tensor, WeakTensor):
        return True
    found = tensor()
    if found is None or tensor.value is not found:
        return found is not None
    # a tensor that a graph saves is kept alive by PyTorch besides
    is_saved: bool = found._use_count() > 1  # type: ignore[attr-defined]
    return sys.getrefcount(found) - is_saved > REFERENCES_HERE


def _size(tensor: torch.Tensor) -> int:
    """The bytes that stay because a tensor does: a view has all of its memory stay."""
    if tensor.layout is torch.strided:
        return tensor.untyped_storage().nbytes()
    with torch._C.DisableTorchFunction():  # no call of the program's
        parts = [getattr(tensor, name)() for name in _SPARSE_PARTS.get(tensor.layout, ())]
    return sum(part.nbytes for part in parts) or tensor.numel() * tensor.element_size()
