"""Non-finite values: a walk from the output back to the first step that made them out of finite ones."""

from __future__ import annotations

import cmath
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch

from gradcli.compute.tape import ITEM, LEAF, Step, Tape
from gradcli.findings.births import Birth
from gradcli.findings.elements import at, bad, first, has_nan, is_bad

MAX_ELEMENTS = 16
"""So many elements of an output are followed back one by one."""


def births(tape: Tape) -> Iterator[Birth]:
    """The causes of what is not finite in the output, NaN first."""
    results = [tape.result] if tape.result is not None else [step for step in tape.steps if _is_last(tape, step)]
    seen: set[str] = set()
    for step in results:
        for birth in _births_of(tape, step):
            if birth.step.text not in seen:  # the same words at another place are the same cause
                seen.add(birth.step.text)
                yield birth


def _is_last(tape: Tape, step: Step) -> bool:
    return not tape.consumers[step.index]


def _births_of(tape: Tape, last: Step) -> Iterator[Birth]:
    value = last.value
    if value is None or not is_bad(value):
        return
    nan = torch.isnan(value)
    places = [*torch.nonzero(nan)[:MAX_ELEMENTS], *torch.nonzero(bad(value) & ~nan)[:MAX_ELEMENTS]]
    for place in places:
        focus = torch.zeros(value.shape, dtype=torch.bool, device=value.device)
        focus[tuple(place)] = True
        yield from _walk(tape, _Stop(last, value, focus, has_nan(value[focus])))


@dataclass(frozen=True)
class _Stop:
    """A step on the way back, its value, and the elements in question.

    nan: whether NaN is looked for. later: the step that made NaN of the infinities that are looked for now.
    """

    step: Step
    value: torch.Tensor
    focus: torch.Tensor
    nan: bool
    later: _Stop | None = None


def _walk(tape: Tape, start: _Stop) -> Iterator[Birth]:
    """The first steps that made the non-finite elements in focus; none if the user gave them.

    Where the user gave infinities, it is the step that made NaN of them.
    """
    waiting = [start]
    seen: set[int] = set()
    while waiting:
        stop = waiting.pop()
        if stop.step.operation == LEAF:
            if stop.later is not None:
                yield _birth(stop.later)
            continue
        sources = _sources(tape, stop)
        if not sources:
            if not _is_given(stop):
                yield _birth(stop)
            elif stop.later is not None:
                yield _birth(stop.later)
            continue
        for source in reversed(sources):
            made = stop.nan and not has_nan(source.value[source.focus])
            if source.step.operation == LEAF and made:
                yield _birth(stop)
            elif source.step.index not in seen:
                seen.add(source.step.index)
                waiting.append(replace(source, nan=stop.nan and not made, later=stop if made else stop.later))


def _birth(stop: _Stop) -> Birth:
    step, value, later = stop.step, stop.value, stop.later
    index = first(stop.focus)
    born = at(value, index)
    number = float("nan") if born is None else born
    return Birth(
        kind="forward",
        step=step,
        index=index,
        value=number,
        count=int((torch.isnan(value) if number != number else bad(value)).sum()),
        node=step.edges[0][0] if step.edges else None,
        later=None if later is None else later.step,
        later_index=() if later is None else first(later.focus),
    )


def _sources(tape: Tape, stop: _Stop) -> list[_Stop]:
    """The operands that the elements in focus came from: all with NaN if they are NaN, else the first with Inf."""
    step = stop.step
    with_nan: list[_Stop] = []
    with_infinity: list[_Stop] = []
    for source in tape.inputs(step):
        if step.operation == ITEM:
            return [replace(stop, step=source)]
        for own in source.values:
            fed = bad(own) & _aligned(step, stop.focus, own)
            nan = fed & torch.isnan(own) if bool(fed.any()) else fed
            if stop.nan and bool(nan.any()):
                with_nan.append(_Stop(source, own, nan, nan=True))
            elif bool(fed.any()):
                with_infinity.append(_Stop(source, own, fed, nan=False))
    computed = [found for found in with_infinity if found.step.operation != LEAF]
    return with_nan or (computed or with_infinity)[:1]


def _aligned(step: Step, focus: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
    """The elements of an operand that the elements in focus were made of; all, where that cannot be told."""
    everything = torch.ones(own.shape, dtype=torch.bool, device=own.device)
    if not step.pointwise or own.ndim > focus.ndim:
        return everything
    reduced = focus.reshape(-1, *focus.shape[focus.ndim - own.ndim :]).any(dim=0)
    for dim, (size, target) in enumerate(zip(reduced.shape, own.shape, strict=True)):
        if size != target:
            if target != 1:
                return everything
            reduced = reduced.any(dim=dim, keepdim=True)
    return reduced


def _is_given(stop: _Stop) -> bool:
    """Whether the user wrote the number as an argument. A NaN out of an infinity is made, not given."""
    numbers = [number for number in _numbers(stop.step.arguments) if not cmath.isfinite(number)]
    return any(map(cmath.isnan, numbers)) if stop.nan else bool(numbers)


def _numbers(values: tuple[object, ...] | list[object]) -> Iterator[complex]:
    for value in values:
        if isinstance(value, list | tuple):
            yield from _numbers(tuple(value))
        elif isinstance(value, float | complex):
            yield value
