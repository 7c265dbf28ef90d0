"""`dead`: the whole gradient of an input is exactly zero, born where a non-zero gradient arrived.

A note where a smooth function is level at this very point (x**2 at 0): that zero is right, and it moves on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from math import isfinite

import numpy as np
import torch

from gradcli.compute.tape import node_name
from gradcli.findings.elements import has_nan
from gradcli.findings.evidence import Evidence
from gradcli.findings.kink import on_kink
from gradcli.findings.words import listed, name, number
from gradcli.findings.zeros import ZeroBirth, is_doubtful
from gradcli.results.findings import Finding


def find(result: object, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each place that makes such zeros; flat and saturated operations have findings of their own."""
    found = [birth for birth in evidence.zeros if birth.why not in ("flat", "saturated")]
    if evidence.births:  # what makes zero of an infinity is not what is wrong then
        found = [birth for birth in found if isfinite(birth.reached) and not _sees_nan(birth)]
    for _, group in groupby(found, key=lambda birth: (birth.step.index, birth.why)):
        births = list(group)
        birth = births[0]
        yield Finding(
            code="dead",
            severity="note" if birth.why == "stationary" else "warning",
            variable=birth.variable if len(births) == 1 else None,
            expression=birth.step.text,
            span=birth.step.span,
            operation=birth.step.operation,
            node=None if birth.node is None else node_name(birth.node),
            message=_message(birth, [birth.variable for birth in births]) + _contradiction(birth, evidence),
        )


def _sees_nan(birth: ZeroBirth) -> bool:
    """Whether an operand holds NaN: every comparison with it is false."""
    return any(has_nan(value) for value in birth.step.arguments if isinstance(value, torch.Tensor))


def _message(birth: ZeroBirth, variables: Sequence[str]) -> str:
    text, inputs = name(birth.step), listed(variables)
    if birth.why == "met":
        parts = listed(list(map(number, birth.cancelled[:4])))
        return f"the gradients {parts} meet at {inputs} and cancel: {text} does not depend on it here"
    arrives = f"{number(birth.reached)} arrives, 0 goes on to {inputs}"
    if birth.why == "inside":
        return f"what arrives at {text} cancels inside it: {arrives}. This combination of its values is constant"
    if birth.why == "stationary":
        return f"{text} is level at this very point: {arrives}. Beside it there is a slope"
    kink = " (on a kink, where PyTorch takes 0)" if on_kink(birth.step) else ""
    return f"{text} lets no gradient through{kink}: {arrives}"


def _contradiction(birth: ZeroBirth, evidence: Evidence) -> str:
    """What the reference has to say against the zero of a smooth function."""
    tape = evidence.tape
    leaf = None if tape is None else tape.leaves[birth.variable].value
    if tape is None or leaf is None or not is_doubtful(tape, birth):
        return ""
    true = evidence.exact_slopes(birth.variable, range(leaf.numel()))
    place = max(true, key=lambda element: abs(true[element]), default=None)
    if place is None or true[place] == 0:
        return ""
    index = [int(i) for i in np.unravel_index(place, leaf.shape)]
    at = f"{birth.variable}{index}" if index else birth.variable
    return f"; but the derivative at {at} = {number(float(leaf.reshape(-1)[place]))} is {number(true[place])}"
