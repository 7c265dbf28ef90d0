"""Values that are nothing but rounding: a variance of numbers that hardly differ, and what is divided by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.origins.elements import Index
from gradcli.diagnose.origins.parts import at, dtype_of
from gradcli.diagnose.origins.reasons import NORMALISING, in_double, squares_overflow
from gradcli.numerics.capture import array
from gradcli.numerics.precision import is_lost
from gradcli.recording.operation import Operation
from gradcli.recording.tape import Step
from gradcli.results.parts import Difference, Phrase, phrase

SPREADS = frozenset({"var", "std"})
ROUNDINGS = 64
"""An error of so many roundings of the largest value, and of 1 where that is the size of all, is no loss."""


@dataclass(frozen=True)
class Noise:
    """The worst element of a step's value. true: by the 50-digit reference if `exact`, else by float64."""

    step: Step
    index: Index
    computed: float
    true: float
    exact: bool
    count: int


def may_be_noise(operation: Operation) -> bool:
    """Whether an operation subtracts a mean."""
    return operation.name in NORMALISING | SPREADS


def noise(evidence: Evidence) -> Iterator[Noise]:
    """Every such operation whose value has lost more than half of its digits."""
    for step in () if evidence.tape is None else evidence.tape.steps:
        if not may_be_noise(step.operation):
            continue
        wide = in_double(step)
        if (wide is None and not _hardly_varies(step)) or (wide is not None and not _lost(step, array(wide)).any()):
            continue
        exact = evidence.exact_value(step)
        true = exact if exact is not None else None if wide is None else array(wide)
        if true is not None and (lost := _lost(step, true)).any():
            yield _worst(step, true, lost, exact=exact is not None)


def described(found: Noise) -> Phrase:
    """`batch_norm(x, ...)[0, 0]: float32 gives 111231 where the value is 0: ...`."""
    dtype = dtype_of(found.step.value)
    error = Difference("value", dtype, found.computed, found.true, exact=found.exact, others=found.count - 1)
    overflows = squares_overflow(found.step)
    why = "the squares that it adds up overflow" if overflows else "the differences from the mean are lost in rounding"
    return phrase("{at}: {error}", at=at(found.step, found.index), error=error).because(why)


def _hardly_varies(step: Step) -> bool:
    """Whether the first argument varies by no more than the rounding of what is added up for its mean."""
    x = step.arguments[0]
    if not isinstance(x, torch.Tensor) or not x.is_floating_point() or not x.numel():
        return False
    low, high = torch.aminmax(x.detach().double())
    eps = torch.finfo(x.dtype).eps
    return bool(high - low <= ROUNDINGS * eps * torch.maximum(low.abs(), high.abs()))


def _lost(step: Step, true: np.ndarray) -> np.ndarray:
    assert step.value is not None
    computed = array(step.value).astype(np.float64)
    largest = float(np.max(np.abs(true), initial=0.0))
    scale = max(1.0, largest) if step.name in NORMALISING else largest
    lost: np.ndarray = is_lost(computed, true, step.value.dtype) & (
        np.abs(computed - true) > ROUNDINGS * torch.finfo(step.value.dtype).eps * scale
    )
    return lost


def _worst(step: Step, true: np.ndarray, lost: np.ndarray, *, exact: bool) -> Noise:
    assert step.value is not None
    computed = array(step.value).astype(np.float64)
    error = np.where(lost, np.abs(computed - true), -1)
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(error)), error.shape))
    return Noise(step, index, float(computed[index]), float(true[index]), exact, int(lost.sum()))
