"""`saturated`: every element sits where the local derivative is below a thousandth of its largest possible value."""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.findings.finding import finding_at
from gradcli.diagnose.origins.elements import largest
from gradcli.diagnose.origins.local import local_derivative
from gradcli.diagnose.origins.parts import name, number_at, variable_of
from gradcli.diagnose.origins.zeros import ZeroOrigin
from gradcli.language.catalogue.rows import Activation
from gradcli.recording.operation import Operation
from gradcli.recording.tape import Step, Tape
from gradcli.results.findings import Finding
from gradcli.results.parts import Phrase, phrase

SHARE = 1e-3
"""Of the largest possible slope: below it the operation is called saturated."""


def saturated(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each saturated operation on the way of a gradient."""
    tape = evidence.tape
    assert tape is not None
    for step in tape.steps:
        rounded = [origin for origin in evidence.zeros if origin.why == "saturated" and origin.step is step]
        if rounded:
            rounds = phrase("its slope has rounded to 0").so(_derivative(rounded[0], evidence))
            yield _finding(step, rounded[0].variable if len(rounded) == 1 else None, rounds, tape)
            continue
        slope = _largest_slope(step, evidence)
        if slope is not None:
            small = phrase("its slope is {slope}, or less, at every element", slope=slope)
            yield _finding(step, None, small, tape)


def _derivative(origin: ZeroOrigin, evidence: Evidence) -> Phrase | None:
    """`the derivative at x[0] = 30 is 3.5e-26`, where the reference knows a number other than zero."""
    leaf = origin.leaf
    assert leaf.value is not None
    true = evidence.exact_slopes(origin.variable, [0]).get(0, 0.0)
    if true == 0:
        return None
    return phrase("the derivative at {at} is {true}", at=number_at(leaf, (0,) * leaf.value.ndim), true=true)


def _finding(step: Step, variable: str | None, why: Phrase, tape: Tape) -> Finding:
    said = phrase("{step} is saturated", step=name(step)).because(why)
    variable = variable or variable_of(tape.argument(step, 0))
    return finding_at(step, "saturated", said, variable=variable)


def _largest_slope(step: Step, evidence: Evidence) -> float | None:
    """The largest slope at the step's elements if all of them are saturated, else None."""
    possible = possible_slope(step.operation)
    if possible is None or not step.edges:
        return None
    local = local_derivative(step, 0, evidence.context)
    slope = 0.0 if local is None else largest(local)
    return slope if 0 < slope < SHARE * possible else None


def possible_slope(operation: Operation) -> float | None:
    """The largest slope that an operation which saturates can have, where the catalogue knows it as a number."""
    row = operation.row
    if not isinstance(row, Activation) or not row.elementwise:
        return None
    if row.saturation is None or row.largest_slope is None:
        return None
    try:
        return float(row.largest_slope)
    except ValueError:  # an expression in the parameters
        return None
