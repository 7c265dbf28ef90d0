"""One gradient element, what is known about it, and the verdict: agree, disagree, kink, cannot tell."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from gradcli.compute.precision import half_the_digits, shortest, smallest_subnormal, ulp
from gradcli.results import CheckRow, CheckVerdict

if TYPE_CHECKING:
    from gradcli.compute.reference import Slope

LOST = "lost in rounding: the roundings on the way move the gradient as much"
"""The reason where the formula may be right and the dtype is too coarse for it: s(1 - s) far out."""


@dataclass(frozen=True)
class Evidence:
    """Everything that is known about one gradient element in one dtype.

    forward: None where PyTorch has no forward mode for it.
    slope: the reference, None if the expression has none.
    reason: PyTorch's message where reverse mode raised.
    """

    dtype: torch.dtype
    reverse: float | None
    forward: float | None
    difference: float
    difference_error: float
    difference_kink: bool
    one_sided: tuple[float, float]
    slope: Slope | None
    reason: str | None


@dataclass(frozen=True)
class Doubts:
    """What may explain that a gradient differs from the truth although its formula is right.

    rounding: how far off rounding in the dtype may put the gradient.
    rounding_of_zero: the same where the true slope is zero, and what cancels may be as large as the values.
    excuse: why no difference proves anything: what the gradient is of is not what the references are of.
    wide: PyTorch's gradient in float64 at the same point.
    """

    rounding: float = 0.0
    rounding_of_zero: float = 0.0
    excuse: str | None = None
    wide: float | None = None


@dataclass(frozen=True)
class Ruling:
    """A verdict with the numbers it rests on; accused: the number that is not `truth`."""

    verdict: CheckVerdict
    reason: str | None = None
    reference: float | None = None
    left: float | None = None
    right: float | None = None
    accused: float | None = None
    truth: float | None = None


def judge(
    evidence: Evidence, *, variable: str, index: tuple[int, ...], value: float, doubts: Doubts | None = None
) -> CheckRow:
    """The row of the element. A row that disagrees is to be judged again with its doubts."""
    ruling = _rule(evidence)
    if ruling.verdict == "disagree" and doubts is not None:
        ruling = _doubted(evidence, ruling, doubts)
    dtype = evidence.dtype
    known = math.isfinite(evidence.difference) and math.isfinite(evidence.difference_error)
    return CheckRow(
        variable=variable,
        index=index,
        dtype=str(dtype).removeprefix("torch."),
        value=value,
        reverse=None if evidence.reverse is None else shortest(evidence.reverse, dtype),
        forward=None if evidence.forward is None else shortest(evidence.forward, dtype),
        finite_difference=evidence.difference if known else None,
        finite_difference_error=evidence.difference_error if known else None,
        reference=ruling.reference,
        left=ruling.left,
        right=ruling.right,
        ulp_error=_ulp_error(evidence.reverse, ruling.reference, dtype),
        verdict=ruling.verdict,
        reason=ruling.reason,
    )


def _rule(evidence: Evidence) -> Ruling:
    slope = evidence.slope
    if slope is not None and slope.kind == "smooth":
        assert slope.value is not None
        return _against_reference(evidence, _double(slope.value))
    if slope is not None and slope.kind == "kink":
        return _at_kink(evidence, *(None if side is None else _double(side) for side in (slope.left, slope.right)))
    if slope is None and evidence.difference_kink:
        return _at_kink(evidence, *(None if math.isnan(side) else side for side in evidence.one_sided))
    if evidence.reverse is None:
        return Ruling("cannot tell", evidence.reason or "there is no path to the output")
    return _against_difference(evidence)


def _against_reference(evidence: Evidence, reference: float) -> Ruling:
    if evidence.reverse is None:
        # no gradient is right where the true one is zero: nothing flows
        verdict: CheckVerdict = "agree" if evidence.reason is None and reference == 0 else "cannot tell"
        return Ruling(verdict, evidence.reason or "there is no path to the output", reference)
    # NaN of forward mode is another element's infinite slope times this one's zero: it says nothing about this one
    forward = None if evidence.forward is None or math.isnan(evidence.forward) else evidence.forward
    for mode, found in (("reverse", evidence.reverse), ("forward", forward)):
        if found is not None and not _close(found, reference, evidence.dtype):
            reason = f"{mode} mode: {_how_wrong(found, reference)}"
            return Ruling("disagree", reason, reference, accused=found, truth=reference)
    return Ruling("agree", None, reference)


def _against_difference(evidence: Evidence) -> Ruling:
    reverse, slope, error = evidence.reverse, evidence.difference, evidence.difference_error
    assert reverse is not None
    if not (math.isfinite(slope) and math.isfinite(error)):
        defined = "no reference" if evidence.slope is None else "no slope is defined here"
        return Ruling("cannot tell", f"{defined}, and no finite difference")
    tolerance = half_the_digits(evidence.dtype) * abs(slope) + 10 * error + 4 * smallest_subnormal(evidence.dtype)
    wide = 10 * error > 0.1 * abs(slope) + 1e-6
    if math.isfinite(reverse) and abs(reverse - slope) <= tolerance:
        return Ruling("cannot tell", "no reference, and the error bar is too wide") if wide else Ruling("agree")
    if evidence.slope is not None:  # the reference found nothing that settles: no place to accuse anybody
        return Ruling("cannot tell", "no slope is defined here")
    return Ruling("disagree", "finite differences contradict it", accused=reverse, truth=slope)


def _at_kink(evidence: Evidence, left: float | None, right: float | None) -> Ruling:
    """Any slope between the one-sided ones is a subgradient; a jump has none, and any slope will do."""
    sides = [side for side in (left, right) if side is not None and not math.isnan(side)]
    reverse = evidence.reverse
    if reverse is None:
        return Ruling("kink", evidence.reason or "there is no path to the output", None, left, right)
    if math.isnan(reverse):
        return Ruling("disagree", "reverse mode: NaN", None, left, right)
    if not sides:
        return Ruling("kink", "the function jumps", None, left, right)
    if left == right:
        sides.append(0.0)  # the function jumps: PyTorch's zero says that there is no slope
    largest = max((abs(side) for side in sides if math.isfinite(side)), default=0.0)
    slack = half_the_digits(evidence.dtype) * largest + 4 * smallest_subnormal(evidence.dtype)
    if min(sides) - slack <= reverse <= max(sides) + slack:
        return Ruling("kink", None, None, left, right)
    nearest = min(sides, key=lambda side: abs(side - reverse))
    return Ruling("disagree", "outside of the one-sided slopes", None, left, right, reverse, nearest)


def _doubted(evidence: Evidence, ruling: Ruling, doubts: Doubts) -> Ruling:
    """The ruling after everything that could explain the difference has been heard."""
    if doubts.excuse is not None:
        return replace(ruling, verdict="cannot tell", reason=doubts.excuse)
    accused, truth = ruling.accused, ruling.truth
    if accused is not None and truth is not None and math.isfinite(accused) and math.isfinite(truth):
        if ruling.reference == 0 and abs(accused) <= doubts.rounding_of_zero:
            return replace(ruling, verdict="agree", reason=None)
        if abs(accused - truth) <= doubts.rounding:
            return replace(ruling, verdict="cannot tell", reason=LOST)
        if ruling.reference is not None and _contradicted(evidence, ruling.reference):
            return replace(ruling, verdict="cannot tell", reason="PyTorch's own values do not confirm the reference")
    if evidence.dtype is torch.float64 or doubts.wide is None or truth is None:
        return ruling
    right = _close(doubts.wide, truth, torch.float64)
    return replace(ruling, reason=f"{ruling.reason}; float64 has it right") if right else ruling


def _close(reverse: float, reference: float, dtype: torch.dtype) -> bool:
    """Whether at least half of the dtype's digits are right."""
    if reverse == reference:
        return True
    rounded = float(torch.tensor(reference, dtype=torch.float64).to(dtype))
    if reverse == rounded:
        return True
    if not (math.isfinite(reverse) and math.isfinite(rounded)):
        return False
    return abs(reverse - reference) <= half_the_digits(dtype) * abs(reference) + 4 * smallest_subnormal(dtype)


def _contradicted(evidence: Evidence, reference: float) -> bool:
    """Whether the values that PyTorch computes belong to another function than the reference's."""
    slope, error = evidence.difference, evidence.difference_error
    if not (math.isfinite(slope) and math.isfinite(error) and math.isfinite(reference)):
        return False
    return abs(slope - reference) > 100 * error + 1e-6 * abs(reference)


def _how_wrong(found: float, reference: float) -> str:
    if math.isnan(found):
        return "NaN"
    if found == 0:
        return "zero where the truth is not"
    if math.isfinite(reference) and math.isfinite(found) and reference:
        return f"off by {abs(found / reference - 1):.2g} of the truth"
    if math.isfinite(found):
        return "not zero where the truth is" if reference == 0 else "finite where the truth is not"
    return "infinite where the truth is not"


def _ulp_error(reverse: float | None, reference: float | None, dtype: torch.dtype) -> float | None:
    """The distance in units in the last place; None where one of the two is no finite number."""
    if reverse is None or reference is None or not (math.isfinite(reverse) and math.isfinite(reference)):
        return None
    return round(abs(reverse - reference) / ulp(reference, dtype), 2)


def _double(value: object) -> float:
    return float(value)  # type: ignore[arg-type]
