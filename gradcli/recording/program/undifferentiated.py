"""What was computed where gradients are off, such as a target under `no_grad`: the calls behind what is not finite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from gradcli.numerics.capture import all_finite
from gradcli.recording.program.bits import same_bits
from gradcli.recording.program.entries import AnyTensor, Entry, mapped, tensors_among
from gradcli.recording.program.kinds import DRAWING, GIVING, kind_of
from gradcli.recording.program.surroundings import autocasting

Chain = Sequence[Entry]


def chains(entries: Sequence[Entry]) -> dict[int, Chain]:
    """The calls that made a tensor that is not finite and that a differentiated one reads, by the id of the last.

    A call that draws random numbers is none of them, as it would draw others.
    """
    found: dict[int, Chain] = {}
    made: set[int] = set()
    for position, entry in enumerate(entries):
        if not entry.differentiates:
            made.update(map(id, entry.made))
            continue
        for tensor in entry.tensors:
            if id(tensor) in made and isinstance(tensor, torch.Tensor) and not _is_sound(tensor):
                made.discard(id(tensor))  # it is looked at once
                chain = _behind(entries[:position], tensor)
                found.update({id(chain[-1]): chain} if chain else {})
        made.difference_update(map(id, entry.made))
    return found


def _behind(entries: Sequence[Entry], tensor: torch.Tensor) -> Chain:
    needed, found = {id(tensor)}, []
    for entry in reversed(entries):
        if not needed.isdisjoint(map(id, entry.made)):
            if entry.differentiates:
                needed.difference_update(map(id, entry.made))  # it is run again by itself
            elif not _draws(entry):
                needed.update(id(one) for one in entry.tensors if not _is_sound(one))
                found.append(entry)
    return found[::-1]


def _is_sound(tensor: AnyTensor) -> bool:
    """Whether a tensor is there, and finite: what made it need not be computed once more."""
    return isinstance(tensor, torch.Tensor) and all_finite(tensor)


def _draws(entry: Entry) -> bool:
    return not entry.tensors or kind_of(entry.function) in (DRAWING, GIVING)


def gives_the_same(chain: Chain, known: Mapping[int, torch.Tensor | None]) -> bool:
    """Whether the calls give what they gave: their tensors may have gone or changed since.

    known: what their tensors were, by their ids.
    """
    values: dict[int, Any] = {}

    def value(tensor: AnyTensor) -> Any:
        if id(tensor) not in values:
            found = known[id(tensor)]
            if found is None:
                raise LookupError
            values[id(tensor)] = found.detach().clone()
        return values[id(tensor)]

    try:
        for entry in chain:
            if entry.changes and id(entry.args[0]) not in values:
                return False  # nobody knows what it was before
            args, kwargs = mapped(entry.args, value), mapped(entry.given_by_name, value)
            with torch.no_grad(), autocasting(entry.autocast):
                out = entry.function(*args, **kwargs)
            if not entry.changes:
                values.update(zip(map(id, tensors_among((entry.out,))), tensors_among((out,)), strict=False))
    except Exception:  # noqa: BLE001 - whatever the user's code raises, the tensor is taken as it is
        return False
    alive = [one for one in chain[-1].made if isinstance(one, torch.Tensor)]
    return bool(alive) and all(id(one) in values and same_bits(one, values[id(one)]) for one in alive)
