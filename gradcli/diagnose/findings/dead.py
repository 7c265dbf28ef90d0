"""`dead` and `flat`: a gradient is exactly zero where a gradient that is not zero arrived.

`flat` at an operation that is piecewise constant: its derivative is zero wherever it exists. `dead` at others: a
warning where it is the whole gradient of an input, a note where a smooth function is level at this very point (x**2 at
0), for that zero is right and moves on; and a note for the single elements that a relu or a clamp stops.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import groupby
from math import isfinite

import numpy as np
import torch

from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.findings.finding import finding_at
from gradcli.diagnose.findings.kink import ZERO_TO_ZERO
from gradcli.diagnose.origins.elements import first, has_nan
from gradcli.diagnose.origins.gates import gates, masked_rows
from gradcli.diagnose.origins.kinks import on_kink, zero_to_zero
from gradcli.diagnose.origins.measured import differ, may_differ
from gradcli.diagnose.origins.parts import at, more, name, number_at, texts_of, variable_of
from gradcli.diagnose.origins.sides import JUMPS, one_sided
from gradcli.diagnose.origins.zeros import ZeroOrigin, is_doubtful, position_of
from gradcli.recording.tape import Tape
from gradcli.results.findings import Finding
from gradcli.results.parts import At, Part, Phrase, phrase

_ON_KINK = "on a kink, where PyTorch takes 0"
_LITTLE = 1e-3
"""Of what arrives: a smaller slope is left to what measures slopes better than differences."""


def flat(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each input whose gradient ends at such an operation."""
    for origin in evidence.zeros:
        if origin.why == "flat":
            said = phrase("{step} is piecewise constant, its derivative is 0", step=name(origin.step))
            said = said.because(_stopped(origin, origin.variable))
            yield finding_at(origin.step, "flat", said, variable=origin.variable, node=origin.node)


def dead(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each place that makes such zeros; flat and saturated operations have findings of their own."""
    assert evidence.tape is not None
    yield from _whole(evidence, evidence.tape)
    yield from _elements(evidence.tape, {origin.step.index for origin in evidence.zeros})
    yield from _masked_rows(evidence.tape)


def _whole(evidence: Evidence, tape: Tape) -> Iterator[Finding]:
    found = [origin for origin in evidence.zeros if origin.why not in ("flat", "saturated")]
    if evidence.origins:  # what makes zero of an infinity is not what is wrong then
        found = [origin for origin in found if isfinite(origin.reached) and not _sees_nan(origin)]
    lies = [(origin, _lies_on(origin, evidence, tape)) for origin in found]
    for _, group in groupby(lies, key=lambda pair: (pair[0].step.index, pair[0].why, pair[1])):
        pairs = list(group)
        (origin, kink), origins = pairs[0], [one for one, _ in pairs]
        inputs = tuple(origin.variable for origin in origins)
        yield finding_at(
            origin.step,
            "dead",
            _phrase(origin, inputs, tape, kink).so(_contradiction(origin, evidence, tape)),
            "note" if origin.why == "stationary" else None,
            variable=origin.variable if len(origins) == 1 else None,
            node=origin.node,
        )


def _elements(tape: Tape, dead: Collection[int]) -> Iterator[Finding]:
    """One note for each operation that stops the gradient at some elements."""
    for gate in gates(tape, dead):
        element = At(name(gate.step)) if gate.operand is None else at(gate.operand, gate.index)
        said = phrase(
            "{step} lets no gradient through at {count} of {of} elements, first at {at}",
            step=name(gate.step),
            count=gate.count,
            of=gate.of,
            at=replace(element, value=gate.value),
        ).because(phrase("{reached} arrives, 0 goes on", reached=gate.reached))
        variable = variable_of(gate.operand)
        yield finding_at(gate.step, "dead", said, "note", variable=variable, index=gate.index, node=gate.node)


def _masked_rows(tape: Tape) -> Iterator[Finding]:
    """One note for each attention with a row that may look at nothing."""
    for step in tape.steps:
        rows = masked_rows(step)
        if rows is None or not bool(rows.any()) or has_nan(step.value) or tape.arriving(step) is None:
            continue
        index = first(rows)
        position, _ = step.operation.named(step.arguments)["attn_mask"]
        mask = texts_of(step)[position]
        why = phrase("the mask leaves no key in the row {row}{more}", row=At(mask, index), more=more(int(rows.sum())))
        why = why.because("its output is 0, and no gradient goes through")
        said = phrase("{step}", step=name(step)).because(why)
        variable = variable_of(tape.argument(step, position))
        yield finding_at(step, "dead", said, "note", variable=variable, index=index or None)


def _sees_nan(origin: ZeroOrigin) -> bool:
    """Whether an operand holds NaN: every comparison with it is false."""
    return any(has_nan(value) for value in origin.step.arguments if isinstance(value, torch.Tensor))


def _lies_on(origin: ZeroOrigin, evidence: Evidence, tape: Tape) -> str | None:
    """What an operation has at the very point, where PyTorch takes a zero, and not the slope of either side."""
    step, position = origin.step, position_of(tape, origin)
    if on_kink(step, position):
        return _ON_KINK
    if position is None:
        return None
    if (where := zero_to_zero(step, position)) is not None and bool(where.any()):
        return ZERO_TO_ZERO
    if not may_differ(step.operation):
        return None
    weights = None if step.elementwise else tape.arriving(step)
    where = differ(step, position, weights, evidence.context)
    if where is None or not bool(where.any()):
        return None
    sides = one_sided(step, first(where), weights, evidence.context, position)
    jumps = sides is not None and JUMPS in sides
    return "where it jumps, and PyTorch takes 0" if jumps else _ON_KINK


def _phrase(origin: ZeroOrigin, inputs: tuple[str, ...], tape: Tape, kink: str | None) -> Phrase:
    text, stopped = name(origin.step), _stopped(origin, inputs)
    if origin.why == "met":
        output = "the output" if tape.result is None else name(tape.result)
        there: Part = inputs if origin.edge in origin.leaf.edges else _named(origin, tape)
        return phrase(
            "the gradients {parts} meet at {there} and cancel", parts=origin.cancelled[:4], there=there
        ).because(phrase("{output} does not depend on it here", output=output))
    if origin.why == "inside":
        constant = phrase("{stopped}. This combination of its values is constant", stopped=stopped)
        return phrase("what arrives at {step} cancels inside it", step=text).because(constant)
    if origin.part is not None:
        beside = phrase("{stopped}. Beside it there is a slope", stopped=stopped)
        without = phrase("what arrives at {step} has no {part} part", step=text, part=origin.part)
        return without.because(beside if origin.why == "stationary" else stopped)
    if origin.why == "stationary":
        level = phrase("{stopped}. Beside it there is a slope", stopped=stopped)
        return phrase("{step} is level at this very point", step=text).because(level)
    there = None if kink is None else phrase(f" ({kink})")
    return phrase("{step} lets no gradient through{there}", step=text, there=there).because(stopped)


def _named(origin: ZeroOrigin, tape: Tape) -> str | None:
    """The sub-expression at which contributions meet."""
    return next((name(step) for step in tape.steps if origin.edge in step.edges), origin.variable)


def _stopped(origin: ZeroOrigin, inputs: Part) -> Phrase:
    return phrase("{reached} arrives, 0 goes on to {inputs}", reached=origin.reached, inputs=inputs)


def _contradiction(origin: ZeroOrigin, evidence: Evidence, tape: Tape) -> Phrase | None:
    """What the reference has to say against the zero of a smooth function."""
    leaf = origin.leaf.value
    assert leaf is not None
    if not is_doubtful(tape, origin):
        return None
    true = evidence.exact_slopes(origin.variable, range(leaf.numel()))
    place = max(true, key=lambda element: abs(true[element]), default=None)
    if place is None:
        return _measured(origin, evidence, tape)
    if true[place] == 0:
        return None
    index = tuple(int(i) for i in np.unravel_index(place, leaf.shape))
    element = At(origin.variable, index, float(leaf.reshape(-1)[place]))
    return phrase("but the derivative at {at} is {true}", at=element, true=true[place])


def _measured(origin: ZeroOrigin, evidence: Evidence, tape: Tape) -> Phrase | None:
    """What differences have to say against the zero of an operation without a reference: one slope on both sides."""
    step, position, arriving = origin.step, position_of(tape, origin), tape.arriving(origin.step)
    own = None if position is None else step.arguments[position]
    if position is None or arriving is None or not isinstance(own, torch.Tensor) or own.shape != arriving.shape:
        return None
    if not step.elementwise or not bool((arriving != 0).any()):
        return None
    index = first(arriving != 0)
    sides = one_sided(step, index, arriving, evidence.context, position)
    operand = tape.argument(step, position)
    if sides is None or operand is None or sides[0] != sides[1] or abs(sides[0]) <= _LITTLE * origin.reached:
        return None
    return phrase("but by differences its slope at {at} is {slope}", at=number_at(operand, index), slope=sides[0])
