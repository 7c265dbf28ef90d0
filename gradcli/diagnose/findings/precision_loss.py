"""`cancellation` and `underflow`: where a gradient, or a value that is nothing but rounding, lost its digits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from gradcli.diagnose.evidence import Evidence
from gradcli.diagnose.findings.finding import finding_at, usual
from gradcli.diagnose.findings.lossy_step import lossy_step
from gradcli.diagnose.findings.magnitude import FACTOR
from gradcli.diagnose.findings.noise import described, noise
from gradcli.diagnose.origins.elements import largest
from gradcli.diagnose.origins.kinks import kinks
from gradcli.diagnose.origins.parts import variable_of
from gradcli.numerics.precision import half_the_digits, is_lost, ulp
from gradcli.recording.tape import Step
from gradcli.results.findings import Finding
from gradcli.results.parts import At, Difference, phrase

if TYPE_CHECKING:
    from gradcli.results import Gradient


ROUNDINGS = 64
"""An error of so many roundings of the largest element is no loss: sums mix small gradients with large ones."""


@dataclass(frozen=True)
class PrecisionLoss:
    """The worst element of one input's gradient, of those that came out zero or of those that did not.

    true: the derivative by the 50-digit reference if `exact`, else what float64 gives.
    others: how many further elements share the trouble. step: the sub-expression that lost the digits, if it is known.
    """

    variable: str
    index: tuple[int, ...]
    dtype: str
    value: float
    computed: float
    true: float
    exact: bool
    others: int
    step: Step | None = None


@dataclass(frozen=True)
class _Suspects:
    """The elements of one gradient that are under suspicion, the worst first.

    places: in the flattened gradient. true: the derivatives as float64 gives them, flattened too.
    rounding: an error of this size is no loss.
    """

    places: list[int]
    computed: np.ndarray
    true: np.ndarray
    rounding: float


def cancellation(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each input, at its worst element, and for each value that is nothing but rounding.

    Zeros are for `underflow`.
    """
    losses = list(precision_losses(evidence, zero=False))
    known = {loss.step for loss in losses if loss.exact}
    noisy = [] if evidence.nothing_to_report else [found for found in noise(evidence) if found.step not in known]
    for found in noisy:
        assert evidence.tape is not None
        variable = variable_of(evidence.tape.argument(found.step, 0))
        yield finding_at(found.step, "cancellation", described(found), variable=variable, index=found.index)
    for loss in losses:
        if all(found.step is not loss.step for found in noisy):
            yield _finding(loss, "cancellation", evidence.expression)


def underflow(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each input, at the element with the largest true derivative."""
    for loss in precision_losses(evidence, zero=True):
        yield _finding(loss, "underflow", evidence.expression)


def precision_losses(evidence: Evidence, *, zero: bool) -> Iterator[PrecisionLoss]:
    """At most one for each input: its worst zero, or its worst number of the others.

    Float64 raises a suspicion, or the zero that a smooth function sent; the reference decides, where there is one.
    """
    for name, gradient in evidence.computed.gradients.items():
        if gradient is None or gradient.values.dtype.kind == "c":
            continue
        suspects = _suspects(evidence, name, gradient, zero=zero)
        if suspects is None:
            continue
        loss = _decided(name, gradient, suspects, evidence, zero=zero)
        if loss is not None:
            place, true, exact, others = loss
            index = tuple(map(int, np.unravel_index(place, gradient.shape)))
            yield PrecisionLoss(
                variable=name,
                index=index,
                dtype=gradient.dtype,
                value=float(evidence.inputs[name].values[index]),
                computed=float(suspects.computed[place]),
                true=true,
                exact=exact,
                others=others,
                step=lossy_step(evidence, name, _dtype(gradient)),
            )


def _finding(loss: PrecisionLoss, code: str, expression: str) -> Finding:
    """`x[2] = 10: float32 gives 4.54e-05 where the derivative is 4.53e-05, 5,736 ULP off`."""
    ulps = abs(loss.computed - loss.true) / ulp(loss.true, getattr(torch, loss.dtype)) if loss.exact else None
    error = Difference(
        "derivative", loss.dtype, loss.computed, loss.true, exact=loss.exact, others=loss.others, ulps=ulps
    )
    said = phrase("{at}", at=At(loss.variable, loss.index, loss.value)).because(error)
    if loss.step is None:
        return Finding(code, usual(code), said, variable=loss.variable, index=loss.index, expression=expression)
    return finding_at(loss.step, code, said, variable=loss.variable, index=loss.index)


def _suspects(evidence: Evidence, name: str, gradient: Gradient, *, zero: bool) -> _Suspects | None:
    computed = gradient.values.astype(np.float64)
    suspected = evidence.doubtful_zeros(name, computed) if zero else _exploded(evidence, computed)
    wide = None if evidence.shadow is None else evidence.shadow.get(name)
    true, rounding = np.zeros(computed.shape), 0.0
    if wide is not None:
        true, rounding = wide, _rounding(evidence, wide, _dtype(gradient))
        lost = is_lost(computed, true, _dtype(gradient)) & ((computed == 0) == zero)
        if lost.any():
            with np.errstate(invalid="ignore"):  # an infinity that both have
                suspected = suspected | (lost & (np.abs(computed - true) > rounding))
    if zero and suspected.any():
        suspected = suspected & ~_on_kinks_by_rounding(evidence, name, computed)
    if not suspected.any():
        return None
    places = np.flatnonzero(suspected)
    flat, known = computed.ravel(), true.ravel()
    order = np.argsort([-_size(flat[place], known[place]) for place in places], kind="stable")
    return _Suspects(places[order].tolist(), flat, known, rounding)


def _exploded(evidence: Evidence, computed: np.ndarray) -> np.ndarray:
    """Where a gradient is so large that digits may be lost in float64 too, as those of (exp(x) - 1)/x at 1e-30."""
    tape = evidence.tape
    start = None if tape is None or tape.result is None else tape.arriving(tape.result)
    if not evidence.may_be_doubted or start is None:
        return np.zeros(computed.shape, dtype=bool)
    grown: np.ndarray = np.isfinite(computed) & (np.abs(computed) > FACTOR * largest(start))
    return grown


def _on_kinks_by_rounding(evidence: Evidence, name: str, computed: np.ndarray) -> np.ndarray:
    """Where a difference was rounded to 0, which is a kink: abs(x - 0.1) at 0.1 in float16. `kink` tells of it."""
    found = np.zeros(computed.shape, dtype=bool)
    tape = None if evidence.nothing_to_report else evidence.tape
    for step in () if tape is None else tape.steps:
        assert tape is not None
        where = kinks(step) if name in tape.inputs_behind[step.index] else None
        if where is None or tuple(where.shape) != found.shape or not bool(where.any()):
            continue
        if tape.inputs(step)[0].name in ("add", "sub", "rsub"):
            found |= where.cpu().numpy()
    return found


def _decided(
    name: str, gradient: Gradient, suspects: _Suspects, evidence: Evidence, *, zero: bool
) -> tuple[int, float, bool, int] | None:
    """The worst element, its derivative, whether that is exact, and how many more there are; None if all is well."""
    exact = evidence.exact_slopes(name, suspects.places)
    rest = [place for place in suspects.places if place not in exact]
    dtype = _dtype(gradient)

    def most_by_rounding(place: int) -> float:
        return half_the_digits(dtype) * max(1.0, evidence.reached(name, place))

    lost = [
        place
        for place, true in exact.items()
        if _is_lost(float(suspects.computed[place]), true, dtype)
        and abs(suspects.computed[place] - true) > suspects.rounding
        and not (zero and suspects.true[place] == 0 and abs(true) > most_by_rounding(place))
        and not (not zero and true == 0 and _is_meant(suspects, place, dtype))
    ]
    if lost:
        worst = max(lost, key=lambda place: _size(float(suspects.computed[place]), exact[place]))
        return worst, exact[worst], True, len(lost) - 1 + (len(rest) if len(lost) == len(exact) else 0)
    if exact:  # the suspicion was wrong wherever the reference looked
        return None
    rest = [place for place in rest if _is_lost(float(suspects.computed[place]), float(suspects.true[place]), dtype)]
    if not rest or not evidence.float64_is_stable(name, rest[0], dtype):
        return None
    return rest[0], float(suspects.true[rest[0]]), False, len(rest) - 1


def _is_meant(suspects: _Suspects, place: int, dtype: torch.dtype) -> bool:
    """Whether float64 has the same large number where the value is constant: as where PyTorch cuts off a logarithm."""
    return not _is_lost(float(suspects.computed[place]), float(suspects.true[place]), dtype)


def _is_lost(computed: float, true: float, dtype: torch.dtype) -> bool:
    return bool(is_lost(np.asarray(computed), np.asarray(true), dtype))


def _size(computed: float, true: float) -> float:
    """How large an error is: the derivative of what came out zero, else the error as a part of it."""
    if computed == 0:
        return abs(true)
    return abs(computed - true) / abs(true) if true else float("inf")


def _rounding(evidence: Evidence, true: np.ndarray, dtype: torch.dtype) -> float:
    """What rounding the largest element may do to the others; nothing where each has an output of its own."""
    output = evidence.computed.output
    assert output is not None
    if output.shape == true.shape or not true.size:
        return 0.0
    with np.errstate(invalid="ignore", over="ignore"):
        return float(ROUNDINGS * torch.finfo(dtype).eps * np.max(np.abs(np.where(np.isfinite(true), true, 0))))


def _dtype(gradient: Gradient) -> torch.dtype:
    dtype: torch.dtype = getattr(torch, gradient.dtype)
    return dtype
