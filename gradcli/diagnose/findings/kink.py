"""`kink`: an element lies on a kink or a tie: the one-sided derivatives, and which value PyTorch picks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch

from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.findings.finding import finding_at
from gradcli.diagnose.origins.elements import Index, first
from gradcli.diagnose.origins.kinks import has_kinks, kinks, raises, zero_to_zero
from gradcli.diagnose.origins.local import argument_position, differentiated, local_derivative
from gradcli.diagnose.origins.measured import differ, may_differ, measured
from gradcli.diagnose.origins.parts import at, more, name, variable_of
from gradcli.diagnose.origins.sides import JUMPS, one_sided
from gradcli.diagnose.origins.ties import may_tie, spectral_tie, ties
from gradcli.recording.tape import Step
from gradcli.results.findings import Finding
from gradcli.results.parts import Phrase, phrase

_MAY = (has_kinks, may_tie, may_differ, raises)
"""What an operation is asked first: each answers without its numbers."""
ZERO_TO_ZERO = "0**p is 1 at p = 0 and 0 above, PyTorch takes the slope 0"


def kink(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each operation that a gradient reaches at a kink; its first element there."""
    tape = evidence.tape
    assert tape is not None
    for step in tape.steps:
        arriving = tape.arriving(step) if any(asked(step.operation) for asked in _MAY) else None
        if arriving is None:
            continue
        positions = differentiated(tape, step)
        position = min(positions, default=0)
        if (where := zero_to_zero(step, max(positions, default=0))) is not None:
            yield from _zero_to_zero(step, where, arriving, evidence)
            continue
        where = kinks(step, position)
        if where is not None and bool(where.any()):
            yield from _known(_Kink(step, where, position=position), arriving, evidence)
        elif (equal := ties(step, arriving)) is not None and bool(equal.any()):
            yield _finding(_Kink(step, equal, arriving), evidence)
        elif (why := spectral_tie(step, arriving)) is not None:
            operand = tape.inputs(step)[0]
            said = phrase("{step} has a kink at {at}", step=name(step), at=at(operand, ())).because(phrase(why))
            yield finding_at(step, "kink", said, variable=variable_of(operand))
        elif may_differ(step.operation) and (sides := measured(tape, step, evidence.context)) is not None:
            yield _finding(_Kink(step, sides.where, sides.weights, sides.position, sides.which), evidence)


@dataclass(frozen=True)
class _Kink:
    """Elements of an argument of a step, or of all its arguments together, at which there is a kink.

    weights: of the elements of the value, where these and not the value decide whether there is one.
    """

    step: Step
    where: torch.Tensor
    weights: torch.Tensor | None = None
    position: int = 0
    which: int = 0


def _known(kink: _Kink, arriving: torch.Tensor, evidence: Evidence) -> Iterator[Finding]:
    """The finding of what a rule knows, if a gradient reaches these elements."""
    step, where, weights = kink.step, kink.where, None
    if step.elementwise:
        where = where & (arriving != 0)
    twice = sum(one is step.arguments[kink.position] for one in step.arguments) > 1
    if twice or not (step.elementwise or bool((arriving != 0).all())):
        weights = None if step.elementwise else arriving
        seen = differ(step, kink.position, weights, evidence.context)
        if seen is not None:
            where = where & seen
        elif twice:  # of too many elements: what moves together may stay level
            return
    if bool(where.any()):
        yield _finding(replace(kink, where=where, weights=weights), evidence)


def _zero_to_zero(step: Step, where: torch.Tensor, arriving: torch.Tensor, evidence: Evidence) -> Iterator[Finding]:
    """The finding of 0**p at p = 0, if a gradient reaches it."""
    assert evidence.tape is not None
    where = where & (arriving != 0)
    if not bool(where.any()):
        return
    own = step.arguments[1]
    assert isinstance(own, torch.Tensor)
    index, exponent = _own_index(own, first(where)), evidence.tape.argument(step, 1)
    at_zero = None if exponent is None else at(exponent, index)
    said = phrase(
        "{step} has no slope by its exponent at {at}{more}", step=name(step), at=at_zero, more=more(int(where.sum()))
    )
    said = said.because(phrase(ZERO_TO_ZERO))
    yield finding_at(step, "kink", said, variable=variable_of(exponent), index=index or None)


def _finding(kink: _Kink, evidence: Evidence) -> Finding:
    tape, step, where, weights = evidence.tape, kink.step, kink.where, kink.weights
    assert tape is not None
    own = step.arguments[kink.position]
    assert isinstance(own, torch.Tensor)
    index = _own_index(own, first(where))
    operands, others = tape.inputs(step), more(int(where.sum()))
    operand = next((one for one in operands if argument_position(step, one) == kink.position), operands[0])
    taken = _taken(kink, index, evidence)
    sides = one_sided(step, index, weights, evidence.context, kink.position, kink.which)
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
    elements = frozenset(_own_index(own, tuple(place)) for place in places)
    return replace(found, elements=elements, inputs=tape.inputs_behind[step.index])


def _taken(kink: _Kink, index: Index, evidence: Evidence) -> float:
    """The slope that PyTorch takes at an element: over all arguments that are the same tensor."""
    arguments = kink.step.arguments
    slope: complex = 0
    for position, argument in enumerate(arguments):
        if argument is arguments[kink.position]:
            local = local_derivative(kink.step, position, evidence.context, which=kink.which, cotangent=kink.weights)
            assert local is not None
            slope += local[index].item()
    return abs(slope) if isinstance(slope, complex) else slope


def _own_index(own: torch.Tensor, index: Index) -> Index:
    """The element of an argument that an element of the broadcast arguments comes from."""
    inner = index[len(index) - own.ndim :]
    return tuple(0 if size == 1 else place for place, size in zip(inner, own.shape, strict=True))


def _slopes(left: float, right: float, taken: float) -> Phrase:
    """`slope 0 to the left and 1 to the right, PyTorch takes 0`."""
    return phrase(
        "slope {left} to the left and {right} to the right, PyTorch takes {taken}", left=left, right=right, taken=taken
    )
