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
from gradcli.diagnose.origins.elements import first, has_nan
from gradcli.diagnose.origins.gates import gates, masked_rows
from gradcli.diagnose.origins.kinks import on_kink
from gradcli.diagnose.origins.parts import at, more, name, texts_of, variable_of
from gradcli.diagnose.origins.zeros import ZeroOrigin, is_doubtful, position_of
from gradcli.recording.tape import Tape
from gradcli.results.findings import Finding
from gradcli.results.parts import At, Part, Phrase, phrase


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
    for _, group in groupby(
        found, key=lambda one: (one.step.index, one.why, on_kink(one.step, position_of(tape, one)))
    ):
        origins = list(group)
        origin = origins[0]
        inputs = tuple(origin.variable for origin in origins)
        yield finding_at(
            origin.step,
            "dead",
            _phrase(origin, inputs, tape).so(_contradiction(origin, evidence, tape)),
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


def _phrase(origin: ZeroOrigin, inputs: tuple[str, ...], tape: Tape) -> Phrase:
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
    kink = " (on a kink, where PyTorch takes 0)" if on_kink(origin.step, position_of(tape, origin)) else None
    return phrase("{step} lets no gradient through{kink}", step=text, kink=kink).because(stopped)


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
    if place is None or true[place] == 0:
        return None
    index = tuple(int(i) for i in np.unravel_index(place, leaf.shape))
    element = At(origin.variable, index, float(leaf.reshape(-1)[place]))
    return phrase("but the derivative at {at} is {true}", at=element, true=true[place])
