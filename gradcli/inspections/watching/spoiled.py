"""Which parameters a step spoils, which it leaves alone, and which an operation reads."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from gradcli.inspections.watching.backward_start import BackwardStart
from gradcli.numerics.capture import all_finite
from gradcli.recording.program.again import Repeated
from gradcli.recording.tape import Step

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


def spoiled_in_program(call: BackwardStart, names: Mapping[int, str]) -> Names:
    """The leaves whose gradients in the program are not finite, where the step was not run again."""
    broken = {id(leaf) for leaf in call.leaves() if not all_finite(leaf.grad)}
    return tuple(dict.fromkeys(name for key, name in names.items() if key in broken))


def module_read(step: Step | None, again: Repeated) -> str | None:
    """The module whose parameters an operation reads, `model.blocks.3.attn`; None where there is no single one."""
    read = () if step is None else again.tape.inputs(step)
    names = [one.variable for one in read if one.variable is not None]
    parameters = [name for name in names if isinstance(again.leaves.get(name), torch.nn.Parameter)]
    modules = {plain(name).rpartition(".")[0] for name in parameters}
    return modules.pop() or None if len(modules) == 1 else None


def plain(name: str) -> str:
    """The name of a leaf without the line by which a step tells two of one name apart."""
    return name.partition(", line ")[0]
