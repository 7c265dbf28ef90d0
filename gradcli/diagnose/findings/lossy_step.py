"""The sub-expression at which a gradient lost its digits: the tape beside the same tape in float64."""

from __future__ import annotations

from itertools import repeat

import numpy as np
import torch

from gradcli.diagnose.evidence import Evidence
from gradcli.numerics.capture import array
from gradcli.numerics.precision import is_lost
from gradcli.recording.tape import Step, Tape


def lossy_step(evidence: Evidence, name: str, dtype: torch.dtype) -> Step | None:
    """The step nearest to the output at which digits were lost: in its gradient, or in a value that went into it."""
    tape = evidence.tape
    if tape is None:
        return None
    if (only := _only_step(tape)) is not None:
        return only
    wide = evidence.wide_tape
    leaf = tape.leaf(name)
    if wide is None or leaf is None or len(tape.steps) != len(wide.steps):
        return None
    current, sender = leaf, None
    while _differ(tape.arriving(current), wide.arriving(wide.steps[current.index]), dtype):
        sender = _worst_sender(tape, wide, current, dtype)
        if sender is None:
            return None
        current = sender
    return None if sender is None else _origin(tape, wide, sender, dtype)


def _only_step(tape: Tape) -> Step | None:
    """The one sub-expression besides the inputs, which then lost whatever was lost; None where there are more."""
    steps = [step for step in tape.steps if not step.is_leaf]
    return steps[0] if len(steps) == 1 else None


def _worst_sender(tape: Tape, wide: Tape, step: Step, dtype: torch.dtype) -> Step | None:
    """Of the steps that use a value, one whose own gradient is wrong already, else the last one."""
    users = [user for user in tape.consumers[step.index] if tape.arriving(user) is not None]
    wrong = [u for u in users if _differ(tape.arriving(u), wide.arriving(wide.steps[u.index]), dtype)]
    return next(iter(wrong or users[-1:]), None)


def _origin(tape: Tape, wide: Tape, step: Step, dtype: torch.dtype) -> Step:
    """The step itself, or the one that first computed a wrong value for it."""
    while True:
        wrong = (
            source
            for source in tape.inputs(step)
            if any(map(_differ, source.values, wide.steps[source.index].values, repeat(dtype)))
        )
        source = next(wrong, None)
        if source is None:
            return step
        step = source


def _differ(one: torch.Tensor | None, other: torch.Tensor | None, dtype: torch.dtype) -> bool:
    if one is None or other is None:
        return False
    if one.shape != other.shape:  # a mask selects other elements
        return True
    if one.is_complex():
        one, other = torch.view_as_real(one), torch.view_as_real(other)
    return bool(is_lost(array(one).astype(np.float64), array(other).astype(np.float64), dtype).any())
