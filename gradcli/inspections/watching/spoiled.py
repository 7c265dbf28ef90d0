"""Which parameters a step spoils, which it leaves alone, and which module runs an operation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import takewhile

import torch

from gradcli.inspections.watching.backward_start import BackwardStart
from gradcli.numerics.capture import all_finite
from gradcli.recording.program.again import Repeated
from gradcli.recording.program.operations import CallOperation
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


def module_of(step: Step | None, again: Repeated) -> str | None:
    """The module that runs an operation: `model.blocks.3.attn`; None where that is not known.

    It is the one whose parameters the operation reads. An operation without parameters is inside of the module that has
    both the operation before it and the one behind it that read some: at the same line, where that calls a library, or
    in the same `forward`, which says enough by itself where its module is no part of another one.
    """
    if step is None or step.is_leaf:
        return None
    own = _modules_read(step, again)
    if own or not isinstance(step.operation, CallOperation):
        return own.pop() or None if len(own) == 1 else None
    is_inside = step.operation.inside
    least = 1 if is_inside else 2
    if not is_inside and not (step.place.function or "").endswith(".forward"):
        return None
    near = [
        one
        for one in again.tape.steps
        if (one.place == step.place if is_inside else one.place.function == step.place.function)
    ]
    before = _first_module((one for one in reversed(near) if one.index < step.index), again)
    after = _first_module((one for one in near if one.index > step.index), again)
    shared = [part for part, _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False))]
    return ".".join(shared) if len(shared) >= least else None


def _first_module(steps: Iterable[Step], again: Repeated) -> list[str]:
    """The parts of the name of the module whose parameters are read first."""
    read = next(filter(None, (_modules_read(one, again) for one in steps if not one.is_leaf)), set())
    return read.pop().split(".") if len(read) == 1 else []


def _modules_read(step: Step, again: Repeated) -> set[str]:
    """The modules whose parameters an operation reads."""
    names = [one.variable for one in again.tape.inputs(step) if one.variable is not None]
    parameters = [name for name in names if isinstance(again.leaves.get(name), torch.nn.Parameter)]
    return {_module_in(plain(name)) for name in parameters}


def _module_in(name: str) -> str:
    """The module that a parameter's qualified name begins with: a list of parameters runs nothing itself."""
    module, _, last = name.rpartition(".")
    return module.rpartition(".")[0] if last.isdigit() else module


def plain(name: str) -> str:
    """The name of a leaf without the line by which a step tells two of one name apart."""
    return name.partition(", line ")[0]
