"""Where a gradient lost more than half of its digits: shared by `cancellation` and `underflow`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from gradcli.compute.capture import array
from gradcli.compute.precision import half_the_digits, smallest_subnormal, ulp
from gradcli.compute.tape import LEAF, Step, Tape
from gradcli.findings.evidence import Evidence

if TYPE_CHECKING:
    from gradcli.results import GradResult, LossResult, TraceResult


ROUNDINGS = 64
"""An error of so many roundings of the largest element is no loss: sums mix small gradients with large ones."""


@dataclass(frozen=True)
class Loss:
    """The worst element of one input's gradient, of those that came out zero or of those that did not.

    others: how many further elements share the trouble. step: the sub-expression that lost the digits, if it is known.
    """

    variable: str
    index: tuple[int, ...]
    dtype: str
    value: float
    computed: float
    true: float
    ulps: float
    others: int
    step: Step | None = None


def losses(result: GradResult | LossResult | TraceResult, evidence: Evidence, *, zero: bool) -> Iterator[Loss]:
    """At most one for each input: its worst zero, or its worst number of the others."""
    for name, gradient in result.gradients.items():
        if gradient is None or evidence.shadow is None or name not in evidence.shadow:
            continue
        if gradient.values.dtype.kind == "c" or evidence.shadow[name].dtype.kind == "c":
            continue
        computed, true = gradient.values.astype(np.float64), evidence.shadow[name]
        dtype: torch.dtype = getattr(torch, gradient.dtype)
        where = _is_lost(computed, true, dtype) & ((computed == 0) == zero)
        if not where.any():
            continue
        where &= _matters(result, computed, true, dtype)
        count = int(where.sum())
        if not count:
            continue
        with np.errstate(invalid="ignore", divide="ignore"):  # elements elsewhere may be infinite
            error = np.where(where, np.abs(computed - true) / np.abs(np.where(where, true, 1)), -1)
        error = np.where(where & (computed == 0), np.abs(true), error)  # all zeros are wrong by as much
        index = tuple(map(int, np.unravel_index(int(np.argmax(error)), error.shape)))
        at, got = float(true[index]), float(computed[index])
        value = float(result.inputs[name].values[index])
        ulps = abs(got - at) / ulp(at, dtype)
        yield Loss(name, index, gradient.dtype, value, got, at, ulps, count - 1, _culprit(evidence, name, dtype))


def _matters(
    result: GradResult | LossResult | TraceResult, computed: np.ndarray, true: np.ndarray, dtype: torch.dtype
) -> np.ndarray:
    """Where an error is more than the rounding of the largest element, unless each element has its own output."""
    if _output_shape(result) == true.shape or not true.size:
        return np.ones(true.shape, dtype=bool)
    with np.errstate(invalid="ignore", over="ignore"):
        scale = np.max(np.abs(np.where(np.isfinite(true), true, 0)))
        mattering: np.ndarray = np.abs(computed - true) > ROUNDINGS * torch.finfo(dtype).eps * scale
    return mattering


def _output_shape(result: GradResult | LossResult | TraceResult) -> tuple[int, ...] | None:
    output = getattr(result, "output", None) or getattr(result, "loss", None)
    return None if output is None else tuple(output.shape)


def described(loss: Loss) -> str:
    """`x[2] = 10: float32 gives 4.54e-05 where the derivative is 4.53e-05`."""
    place = f"{loss.variable}{list(loss.index)}" if loss.index else loss.variable
    more = f" (and at {loss.others} more)" if loss.others else ""
    numbers = f"{loss.dtype} gives {loss.computed:.6g} where the derivative is {loss.true:.6g}"
    return f"{place} = {loss.value:g}: {numbers}{more}"


def _culprit(evidence: Evidence, name: str, dtype: torch.dtype) -> Step | None:
    """The step nearest to the output at which digits were lost: in its gradient, or in a value that went into it."""
    tape = evidence.tape
    if tape is not None and (only := _only_step(tape)) is not None:
        return only
    wide = evidence.wide_tape
    if tape is None or wide is None or len(tape.steps) != len(wide.steps) or name not in tape.leaves:
        return None
    current, sender = tape.leaves[name], None
    while _differ(tape.arriving(current), wide.arriving(wide.steps[current.index]), dtype):
        sender = _worst_sender(tape, wide, current, dtype)
        if sender is None or sender is current:
            break
        current = sender
        if not _differ(tape.arriving(current), wide.arriving(wide.steps[current.index]), dtype):
            break
    return None if sender is None else _origin(tape, wide, sender, dtype)


def _only_step(tape: Tape) -> Step | None:
    """The one sub-expression besides the inputs, which then lost whatever was lost; None where there are more."""
    steps = [step for step in tape.steps if step.operation != LEAF]
    return steps[0] if len(steps) == 1 else None


def _worst_sender(tape: Tape, wide: Tape, step: Step, dtype: torch.dtype) -> Step | None:
    """Of the steps that use a value, one whose own gradient is wrong already, else the last one."""
    users = [user for user in tape.consumers[step.index] if tape.arriving(user) is not None]
    wrong = [u for u in users if _differ(tape.arriving(u), wide.arriving(wide.steps[u.index]), dtype)]
    return next(iter(wrong or users[-1:]), None)


def _origin(tape: Tape, wide: Tape, step: Step, dtype: torch.dtype) -> Step:
    """The step itself, or the one that first computed a wrong value for it."""
    while True:
        wrong = (s for s in tape.inputs(step) if s.operands and _differ(s.value, wide.steps[s.index].value, dtype))
        source = next(wrong, None)
        if source is None:
            return step
        step = source


def _differ(one: torch.Tensor | None, other: torch.Tensor | None, dtype: torch.dtype) -> bool:
    if one is None or other is None or one.shape != other.shape or not one.is_floating_point():
        return False
    return bool(_is_lost(array(one).astype(np.float64), array(other).astype(np.float64), dtype).any())


def _is_lost(computed: np.ndarray, true: np.ndarray, dtype: torch.dtype) -> np.ndarray:
    if np.iscomplexobj(computed) or np.iscomplexobj(true):
        return np.zeros(computed.shape, dtype=bool)
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(computed - true) > half_the_digits(dtype) * np.abs(true) + 2 * smallest_subnormal(dtype)
    lost: np.ndarray = np.isfinite(computed) & np.isfinite(true) & (apart | ((computed == 0) & (true != 0)))
    return lost
