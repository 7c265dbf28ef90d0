"""`kink`: an element lies on a kink or a tie: the one-sided derivatives, and which value PyTorch picks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import inf

import torch

from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.findings.finding import finding_at
from gradcli.diagnose.origins.elements import largest
from gradcli.diagnose.origins.kinks import has_kinks, kinks
from gradcli.diagnose.origins.local import REFUSALS, argument_position, differentiated, local_derivative
from gradcli.diagnose.origins.parts import at, more, name, variable_of
from gradcli.diagnose.origins.ties import may_tie, spectral_tie, ties
from gradcli.numerics.literals import Context
from gradcli.recording.tape import Step, Tape
from gradcli.results.findings import Finding
from gradcli.results.parts import Phrase, phrase

_STEP = 1e-7
"""Of the size of the numbers at the kink: the longer one of two steps to its sides."""
_SMALL = 1e-6
"""Of a value: less is no jump to speak of."""
JUMPS = inf
"""In the place of a slope: the value itself is another one, however close."""


def kink(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each operation that a gradient reaches at a kink; its first element there."""
    tape = evidence.tape
    assert tape is not None
    for step in tape.steps:
        arriving = tape.arriving(step) if may_tie(step.operation) or has_kinks(step.operation) else None
        if arriving is None or not bool((arriving != 0).any()):
            continue
        position = min(differentiated(tape, step), default=0)
        where = kinks(step, position)
        if where is not None and bool(where.any()):
            yield _finding(step, position, where, None, evidence, tape)
        elif (equal := ties(step, arriving)) is not None and bool(equal.any()):
            yield _finding(step, 0, equal, arriving, evidence, tape)
        elif (why := spectral_tie(step, arriving)) is not None:
            operand = tape.inputs(step)[0]
            said = phrase("{step} has a kink at {at}", step=name(step), at=at(operand, ())).because(phrase(why))
            yield finding_at(step, "kink", said, variable=variable_of(operand))


def _finding(
    step: Step, position: int, where: torch.Tensor, weights: torch.Tensor | None, evidence: Evidence, tape: Tape
) -> Finding:
    """position: of the argument that lies on the kink.

    weights: of the elements of the value, where these and not the value decide whether there is a kink.
    """
    index = _own_index(step, position, tuple(map(int, torch.nonzero(where)[0])) if where.ndim else ())
    operands, others = tape.inputs(step), more(int(where.sum()))
    operand = next((one for one in operands if argument_position(step, one) == position), operands[0])
    local = local_derivative(step, position, evidence.context, cotangent=weights)
    assert local is not None
    slope = local[index]
    taken = float(slope.abs() if slope.is_complex() else slope)
    sides = _one_sided(step, position, index, weights, replace(evidence.context, dtype=torch.float64))
    at_kink, told = at(operand, index), phrase("PyTorch takes {taken}", taken=taken)
    if sides is not None and JUMPS in sides:
        said = phrase("{step} jumps at {at}{more}", step=name(step), at=at_kink, more=others)
        told = phrase("PyTorch takes the slope {taken}", taken=taken)
    else:
        alone = weights is not None and sides is not None and sides[0] == sides[1]
        what = "tie" if alone else "kink"  # such as the median of 1, 1, 1: no element moves it alone
        said = phrase("{step} has a {what} at {at}{more}", step=name(step), what=what, at=at_kink, more=others)
        told = told if sides is None else _slopes(*sides, taken)
        if weights is not None and bool((weights != 1).any()):
            told = phrase("weighted by what arrives, {slopes}", slopes=told)
    found = finding_at(step, "kink", said.because(told), variable=variable_of(operand), index=index or None)
    places = torch.nonzero(where).tolist()
    return replace(found, elements=frozenset(_own_index(step, position, tuple(place)) for place in places))


def _own_index(step: Step, position: int, index: tuple[int, ...]) -> tuple[int, ...]:
    """The element of an argument that an element of the broadcast arguments comes from."""
    own = step.arguments[position]
    assert isinstance(own, torch.Tensor)
    places = index[len(index) - own.ndim :]
    return tuple(0 if size == 1 else place for place, size in zip(places, own.shape, strict=True))


def _slopes(left: float, right: float, taken: float) -> Phrase:
    """`slope 0 to the left and 1 to the right, PyTorch takes 0`."""
    return phrase(
        "slope {left} to the left and {right} to the right, PyTorch takes {taken}", left=left, right=right, taken=taken
    )


def _one_sided(
    step: Step, position: int, index: tuple[int, ...], weights: torch.Tensor | None, double: Context
) -> tuple[float, float] | None:
    """The slopes of the two sides; JUMPS for one on which the value itself jumps. None where nothing tells."""
    own = step.arguments[position]
    assert isinstance(own, torch.Tensor)
    if own.is_complex():  # which has no two sides
        return None
    others = [_as_double(one, own.dtype) for one in (*step.arguments[:position], *step.arguments[position + 1 :])]
    own = own.double()
    length = _STEP * _size(own[index] if step.elementwise else own, others)
    found = []
    for move in (-length, -length / 10, 0.0, length / 10, length):
        moved = own.clone()
        moved[index] += move
        try:
            result = step.operation.apply([*others[:position], moved, *others[position:]], double)
        except REFUSALS:
            return None
        value = result[0] if isinstance(result, tuple) else result
        assert isinstance(value, torch.Tensor)
        found.append(value.double() if weights is None else value.double() * weights)
    far_below, below, here, above, far_above = found
    left = _slope(here - far_below, here - below, length, here)
    right = _slope(far_above - here, above - here, length, here)
    return None if left is None or right is None else (left, right)


def _size(own: torch.Tensor, others: Sequence[object]) -> float:
    """The largest of the numbers that decide where the kink is; 1 where all of them are zero."""
    numbers = [own, *(one for one in others if isinstance(one, torch.Tensor) and one.is_floating_point())]
    sizes = [largest(one[torch.isfinite(one)]) for one in numbers]
    sizes += [abs(one) for one in others if isinstance(one, int | float) and not isinstance(one, bool)]
    return max((size for size in sizes if 0 < size < inf), default=1.0)


def _slope(far: torch.Tensor, near: torch.Tensor, length: float, here: torch.Tensor) -> float | None:
    """The slope of a side by what the value rises over a step, and over the tenth part of it; None where it overflows.

    Elements that are no numbers count for nothing.
    """
    known = torch.isfinite(far) & torch.isfinite(near)
    if not bool(known.any()):
        return None
    rise, start = float(far[known].sum()), float(near[known].sum())
    slope = (rise - start) / (0.9 * length)
    jump = abs(start - slope * length / 10)
    moved = largest(here[known & (near != 0)])
    is_seen = jump > max(_SMALL * moved, abs(start) / 2)  # softplus jumps by 2e-9 at 20
    return JUMPS if is_seen else round(slope, 5) + 0.0


def _as_double(value: object, dtype: torch.dtype) -> object:
    """The value that an argument has in a dtype, in float64."""
    if isinstance(value, torch.Tensor):
        return value.double() if value.is_floating_point() else value
    return float(torch.tensor(value, dtype=dtype)) if isinstance(value, float) else value
