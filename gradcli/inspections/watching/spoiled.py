"""Which parameters a step spoils, and which it leaves alone."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from gradcli.inspections.watching.backward_start import BackwardStart
from gradcli.numerics.capture import all_finite
from gradcli.recording.program.again import Repeated

Names = tuple[str, ...]


def spoiled_and_untouched(again: Repeated, call: BackwardStart, names: Mapping[int, str]) -> tuple[Names, Names]:
    """The leaves whose gradients are not finite, and the parameters that have finite ones.

    A call that says by what it differentiates leaves the gradients of all others as they were before.
    names: what the program calls its tensors, by their ids.
    """
    asked = set(map(id, call.inputs)) & set(map(id, again.leaves.values()))
    gradients = {
        name: again.tape.gradients.get(name) if not asked or id(tensor) in asked else getattr(tensor, "grad", None)
        for name, tensor in again.leaves.items()
    }
    spoiled = tuple(dict.fromkeys(plain(name) for name, gradient in gradients.items() if not all_finite(gradient)))
    trained = [name for name, tensor in again.leaves.items() if isinstance(tensor, torch.nn.Parameter)]
    named = [name for name, tensor in again.leaves.items() if id(tensor) in names]
    found = dict.fromkeys(plain(name) for name in trained or named if gradients[name] is not None)
    return spoiled, tuple(name for name in found if name not in spoiled)


def plain(name: str) -> str:
    """The name of a leaf without the line by which a step tells two of one name apart."""
    return name.partition(", line ")[0]
