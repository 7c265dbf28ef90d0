"""Gradients that functions of torch.func take: they are looked at as those of a backward pass are.

The function is run once more by plain autograd, on copies of what it is differentiated by: that makes a step which the
rules read as any other, and whose gradients are held against those that torch.func gave.
"""

from __future__ import annotations

import contextlib
import inspect
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch

import torch

from gradcli.inspections.watching.backward_start import BackwardStart
from gradcli.inspections.watching.disconnected import disconnected
from gradcli.inspections.watching.situation import Situation
from gradcli.inspections.watching.sizes import all_finite
from gradcli.inspections.watching.step_findings import not_finite
from gradcli.inspections.watching.telling import lines_around
from gradcli.inspections.watching.zeros import dead
from gradcli.recording.program.bits import same_bits
from gradcli.recording.program.log import Log
from gradcli.recording.program.places import Spot
from gradcli.recording.program.surroundings import generators_kept
from gradcli.recording.program.transforms import Taken, with_paths
from gradcli.recording.program.written import written_at
from gradcli.results.watch import ProgramFinding

_TRIES = (1, 4)
"""After how many times the patience zeros are looked at, as after a backward pass."""


def names_of_leaves(taken: Taken, spot: Spot | None) -> list[str]:
    """What the program calls each tensor that a call differentiates by."""
    called = taken.made_at or spot
    parts = () if called is None else written_at(called.place).parts[taken.made_at is not None :]
    own = _parameter_names(taken)
    found = []
    for at, argument in taken.arguments:
        written = parts[at][1].text if at < len(parts) else ""
        is_name = written.replace(".", "").isidentifier()
        text = written if is_name else own[at] if at < len(own) else f"argument {at + 1}"
        found += [name for _, name in with_paths(argument, text)]
    return found


def taken_of(taken: Taken, spot: Spot | None, patterns: Sequence[str] | None) -> list[int]:
    """The numbers of the gradients that are looked at. patterns: of the names, or of what a dictionary has them by."""
    numbers = [*range(len(taken.gradients))]
    if patterns is None or not taken.is_alike:
        return numbers
    names = [(name, name.partition('["')[2].removesuffix('"]')) for name in names_of_leaves(taken, spot)]
    return [n for n in numbers if any(fnmatch(name, pattern) for name in names[n] for pattern in patterns)]


def _parameter_names(taken: Taken) -> list[str]:
    try:
        return [*inspect.signature(taken.transformed.differentiated).parameters]
    except (TypeError, ValueError):
        return []


@dataclass(frozen=True)
class _Repeated:
    """The value of a call that takes gradients, computed by plain autograd, and its step.

    gradients: by the copies of its leaves; None of one that nothing uses.
    """

    situation: Situation
    copies: list[torch.Tensor]
    gradients: tuple[torch.Tensor | None, ...]


def _repeat(taken: Taken, situation: Situation, log: Log) -> _Repeated:
    """Raises what the user's function raises, and what plain autograd does."""
    spot, names = situation.spot, dict(situation.names)
    devices = {one.device for one in taken.leaves}
    compute, copies = taken.on_copies()
    with generators_kept(devices, [taken.generator]), open(os.devnull, "w") as nowhere:  # noqa: PTH123
        taken.generator.restore()
        with torch.enable_grad(), contextlib.redirect_stdout(nowhere):  # what it prints it has printed
            (value, made), entries = log.repeated(compute)
    names.update(zip(map(id, copies), names_of_leaves(taken, spot), strict=True))
    names[id(value)] = f"{made}{taken.transformed.name_of_value}"
    call = BackwardStart.of(torch.autograd.grad, (value, copies), {"retain_graph": True})
    gradients: tuple[torch.Tensor | None, ...] = (None,) * len(copies)
    if value.requires_grad:  # else the function uses none of them
        gradients = torch.autograd.grad(value, copies, retain_graph=True, allow_unused=True)
    return _Repeated(replace(situation, entries=entries, call=call, names=names, inside=True), copies, gradients)


def broken(taken: Taken, situation: Situation, log: Log) -> list[ProgramFinding]:
    """Where what is not finite in gradients that torch.func has taken is from.  Raises what running it again raises."""
    again = _repeat(taken, situation, log)
    value = again.situation.call.roots[0]
    if all(one is None or all_finite(one) for one in (value, *again.gradients)):
        return [unknown_gradients(taken, situation, "run again by plain autograd, value and gradients are finite")]
    agrees = None
    if taken.transformed.is_plain:
        pairs = zip(again.gradients, taken.gradients, strict=True)
        agrees = all(not own.any() if one is None else same_bits(one, own) for one, own in pairs)
    return [replace(one, agrees=agrees) for one in not_finite(again.situation)]


def unknown_gradients(taken: Taken, situation: Situation, said: Exception | str) -> ProgramFinding:
    """What is known where the function could not be run again, or where that gives something else."""
    spot = situation.spot
    if isinstance(said, Exception):
        first = str(said).partition("\n")[0][:120]
        said = f"it could not be run again by plain autograd: {type(said).__name__}: {first}"
    pairs = zip(names_of_leaves(taken, spot), taken.gradients, strict=False)
    is_finite = all(map(all_finite, taken.values))
    place = None if spot is None else spot.place
    return ProgramFinding(
        code="nan-backward" if is_finite else "nan-forward",
        severity="error",
        message=f"{taken.transformed.name} gives {'a gradient' if is_finite else 'a value'} that is not finite",
        step=situation.number,
        operation=taken.transformed.name,
        place=None if place is None else place.in_file,
        label="torch.func takes it here",
        lines=lines_around([] if place is None else [place]),
        spoils=tuple(name for name, one in pairs if not all_finite(one)) if taken.is_alike else (),
        remark=said,
    )


class ZeroGradients:
    """How many calls in a row at one place have given a gradient of nothing but zeros."""

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self._zero: dict[object, dict[int, int]] = {}

    def due(self, taken: Taken, spot: Spot | None, zero: list[int]) -> list[int]:
        """The numbers of the leaves whose patience ends with this call. zero: those whose gradients' norm is 0."""
        key = None if spot is None else (id(spot.code), spot.instruction)
        if not taken.transformed.has_gradients or not taken.is_alike:
            return []
        zero = [number for number in zero if taken.gradients[number].numel() and not taken.gradients[number].any()]
        before = self._zero.get(key, {})
        self._zero[key] = now = {number: before.get(number, 0) + 1 for number in zero}
        return [number for number, times in now.items() if times in [self._patience * tries for tries in _TRIES]]


def zeros(taken: Taken, due: list[int], situation: Situation, log: Log, patience: int) -> Iterator[ProgramFinding]:
    """Why gradients that torch.func has taken are zero: nothing uses what they are of, or nothing lets them through."""
    again = _repeat(taken, situation, log)
    wanted = [again.copies[number] for number in due]
    call = again.situation.call
    reached = set(map(id, call.reached(wanted)))
    lost = [one for one in wanted if id(one) not in reached]
    if lost:
        first = _repeat(taken.of_first, situation, log)  # of a batch no operation tells what it reads
        numbers = [number for number in due if id(again.copies[number]) not in reached]
        own, of_one = [first.copies[number] for number in numbers], first.situation
        yield from disconnected(of_one.entries, own, of_one.names, situation.number, of_one.call.roots[0])
    if reached:
        yield from dead(again.situation, [one for one in wanted if id(one) in reached], patience)
