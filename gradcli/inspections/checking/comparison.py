"""One gradient element, what is known about it, and the verdict: agree, disagree, kink, rounding, no reference."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import torch

from gradcli.numerics.precision import half_the_digits, shortest, smallest_subnormal, ulp
from gradcli.results import CheckRow, CheckVerdict, ReferenceBy
from gradcli.results.parts import Phrase, phrase

if TYPE_CHECKING:
    from gradcli.inspections.checking.ties import Beside
    from gradcli.numerics.reference import Slope

Mode = Literal["reverse", "forward"]

LOST = "the formula loses its digits here: the roundings on the way move the gradient as much"
ALL_LOST = LOST.replace("its digits", "all digits")
"""The reason where the formula may be right and the dtype is too coarse for it: s(1 - s) far out."""
ZERO = "the derivative is 0, and what is left of it is rounding"
TIE = "a tie: elements that move together change places, and beside it the slope lies between these two"
NO_PATH = "there is no path to the output"
RIGHT_IN_FLOAT64 = "float64 has it right"

_SEVERITY: dict[CheckVerdict, int] = {"agree": 0, "kink": 1, "no reference": 2, "rounding": 3, "disagree": 4}


@dataclass(frozen=True)
class GradientElement:
    """Everything that is known about one gradient element in one dtype.

    digits: the coarsest dtype that the gradient passes through: half of its digits must be right.
    forward: None where PyTorch has no forward mode for it.
    one_sided, one_sided_error: the slopes of the two sides by finite differences, and how far off they may be.
    slope: the reference, None if the expression has none.
    reason: PyTorch's message where reverse mode raised.
    """

    dtype: torch.dtype
    digits: torch.dtype
    reverse: float | None
    forward: float | None
    difference: float
    difference_error: float
    difference_kink: bool
    one_sided: tuple[float, float]
    one_sided_error: float
    slope: Slope | None
    reason: str | None


@dataclass(frozen=True)
class ErrorBudget:
    """What may explain that a gradient differs from the truth although PyTorch's formula for it is right.

    rounding, forward_rounding: how far off rounding in the dtype may put the gradient of reverse and of forward mode.
    rounding_of_zero: the same where the true slope is zero and terms cancel.
    exemption: why no difference proves anything: what the gradient is of is not what the references are of.
    beside: the slopes in the neighbourhood, where elements change places as they move together.
    inside: how PyTorch's own formula leaves the range of the dtype; no excuse, but the reason of what is wrong.
    spoiled: which value on the way the dtype could not hold, so that what comes of it is rounding's.
    wide: PyTorch's gradient in float64 at the same point.
    """

    rounding: float = 0.0
    forward_rounding: float = 0.0
    rounding_of_zero: float = 0.0
    exemption: str | None = None
    beside: Beside | None = None
    inside: str | None = None
    spoiled: str | None = None
    wide: float | None = None


@dataclass(frozen=True)
class Comparison:
    """The verdict on one mode with the numbers it rests on; computed: PyTorch's number that is not `truth`."""

    verdict: CheckVerdict
    why: Phrase | None = None
    reference: float | None = None
    left: float | None = None
    right: float | None = None
    computed: float | None = None
    truth: float | None = None
    mode: Mode = "reverse"


def compare(
    element: GradientElement, *, variable: str, index: tuple[int, ...], value: float, budget: ErrorBudget | None = None
) -> CheckRow:
    """The row of the element. A row that disagrees is to be compared again with its error budget."""
    found = [
        _explained(element, comparison, budget) if budget and comparison.verdict == "disagree" else comparison
        for comparison in _comparisons(element)
    ]
    # what rounding does to forward mode alone is no trouble of the gradient
    counted = [c for c in found if c.mode == "reverse" or c.verdict == "disagree"]
    worst = max(counted, key=lambda comparison: _SEVERITY[comparison.verdict])
    dtype = element.dtype
    known = math.isfinite(element.difference) and math.isfinite(element.difference_error)
    return CheckRow(
        variable=variable,
        index=index,
        dtype=str(dtype).removeprefix("torch."),
        value=value,
        reverse=None if element.reverse is None else shortest(element.reverse, dtype),
        forward=None if element.forward is None else shortest(element.forward, dtype),
        finite_difference=element.difference if known else None,
        finite_difference_error=element.difference_error if known else None,
        reference=worst.reference,
        reference_by=_reference_by(element.slope),
        left=worst.left,
        right=worst.right,
        ulp_error=_ulp_error(element, worst),
        verdict=worst.verdict,
        why=worst.why,
        wrong_modes=tuple(comparison.mode for comparison in found if comparison.verdict == "disagree"),
    )


def _reference_by(slope: Slope | None) -> ReferenceBy | None:
    if slope is None or slope.kind == "unknown":
        return None
    return "arb" if slope.proven else "mpmath"


def _comparisons(element: GradientElement) -> Iterator[Comparison]:
    """Reverse mode against the best that is known; forward mode against a reference."""
    slope = element.slope
    if element.reverse is None and element.reason is not None:
        reference = None if slope is None or slope.value is None else _double(slope.value)
        yield Comparison("no reference", phrase("{raised}", raised=element.reason), reference)
    elif slope is not None and slope.kind == "smooth":
        assert slope.value is not None
        yield from _against_reference(element, _double(slope.value))
    elif slope is not None and slope.kind == "kink":
        yield _at_kink(element, *(None if side is None else _double(side) for side in (slope.left, slope.right)))
    elif slope is None and element.difference_kink:
        sides = (None if math.isnan(side) else side for side in element.one_sided)
        yield _at_kink(element, *sides, error=element.one_sided_error)
    elif element.reverse is None:
        yield Comparison("no reference", phrase(NO_PATH))
    else:
        yield _against_difference(element, element.reverse)


def _against_reference(element: GradientElement, reference: float) -> Iterator[Comparison]:
    if element.reverse is None:
        # no gradient is right where the true one is zero: nothing flows
        if reference == 0:
            yield Comparison("agree", None, reference)
        else:
            yield Comparison("no reference", phrase(NO_PATH), reference)
        return
    yield _one_mode(element.reverse, reference, element.digits, "reverse")
    # NaN of forward mode is another element's infinite slope times this one's zero: it says nothing about this one
    if element.forward is not None and not math.isnan(element.forward):
        yield _one_mode(element.forward, reference, element.digits, "forward")


def _one_mode(found: float, reference: float, dtype: torch.dtype, mode: Mode) -> Comparison:
    if _close(found, reference, dtype):
        return Comparison("agree", None, reference, mode=mode)
    why = phrase("{mode} mode", mode=mode).because(_how_wrong(found, reference))
    return Comparison("disagree", why, reference, computed=found, truth=reference, mode=mode)


def _against_difference(element: GradientElement, reverse: float) -> Comparison:
    slope, error = element.difference, element.difference_error
    if not (math.isfinite(slope) and math.isfinite(error)):
        defined = "no reference" if element.slope is None else "no slope is defined here"
        return Comparison("no reference", phrase("{defined}, and no finite difference", defined=defined))
    tolerance = half_the_digits(element.digits) * abs(slope) + 10 * error + 4 * smallest_subnormal(element.digits)
    wide = 10 * error > 0.1 * abs(slope) + 1e-6
    if math.isfinite(reverse) and abs(reverse - slope) <= tolerance:
        too_wide = phrase("no reference, and the error bar is too wide")
        return Comparison("no reference", too_wide) if wide else Comparison("agree")
    if element.slope is not None:  # the reference found nothing that settles: no place to accuse anybody
        return Comparison("no reference", phrase("no slope is defined here"))
    return Comparison("disagree", phrase("finite differences contradict it"), computed=reverse, truth=slope)


def _at_kink(element: GradientElement, left: float | None, right: float | None, *, error: float = 0.0) -> Comparison:
    """Any slope between the one-sided ones is a subgradient; a jump has none, and any slope will do.

    error: how far off the one-sided slopes may be.
    """
    sides = [side for side in (left, right) if side is not None and not math.isnan(side)]
    reverse = 0.0 if element.reverse is None else element.reverse  # without a path nothing flows
    if math.isnan(reverse):
        return Comparison("disagree", phrase("reverse mode").because("NaN"), None, left, right)
    if not sides:
        return Comparison("kink", phrase("the function jumps"), None, left, right)
    if left == right:
        sides.append(0.0)  # the function jumps: PyTorch's zero says that there is no slope
    largest = max((abs(side) for side in sides if math.isfinite(side)), default=0.0)
    slack = half_the_digits(element.digits) * largest + 4 * smallest_subnormal(element.digits) + 10 * error
    if min(sides) - slack <= reverse <= max(sides) + slack:
        return Comparison("kink", None, None, left, right)
    nearest = min(sides, key=lambda side: abs(side - reverse))
    why = phrase("outside of the one-sided slopes")
    return Comparison("disagree", why, None, left, right, computed=reverse, truth=nearest)


def _explained(element: GradientElement, comparison: Comparison, budget: ErrorBudget) -> Comparison:
    """The comparison after everything that could explain the difference has been looked at."""
    if budget.exemption is not None:
        return replace(comparison, verdict="no reference", why=phrase("{why}", why=budget.exemption))
    if budget.beside is not None and comparison.computed is not None:
        lowest, highest = budget.beside.lowest, budget.beside.highest
        slack = half_the_digits(element.digits) * max(abs(lowest), abs(highest))
        if lowest - slack <= comparison.computed <= highest + slack:
            return replace(comparison, verdict="kink", why=phrase(TIE), reference=None, left=lowest, right=highest)
    if budget.inside is not None:
        if comparison.reference is not None and _contradicted(element, comparison.reference):
            inside = phrase("{why}", why=budget.inside)
            return replace(comparison, verdict="rounding", why=inside)  # the values are wrong, not the slope
        return replace(comparison, why=phrase("{why}", why=comparison.why).because(budget.inside))
    if budget.spoiled is not None:
        return replace(comparison, verdict="rounding", why=phrase("{why}", why=budget.spoiled))
    computed, truth = comparison.computed, comparison.truth
    if computed is not None and truth is not None and math.isfinite(computed) and math.isfinite(truth):
        rounding = budget.rounding if comparison.mode == "reverse" else budget.forward_rounding
        if comparison.reference == 0 and abs(computed) <= budget.rounding_of_zero:
            return replace(comparison, verdict="rounding", why=phrase(ZERO))
        if comparison.reference != 0 and abs(computed - truth) <= rounding:
            why = phrase(ALL_LOST if abs(computed - truth) >= abs(truth) else LOST)
            return replace(comparison, verdict="rounding", why=why)
        if comparison.reference is not None and _contradicted(element, comparison.reference):
            unconfirmed = phrase("PyTorch's own values do not confirm the reference")
            return replace(comparison, verdict="no reference", why=unconfirmed)
    if element.dtype is torch.float64 or budget.wide is None or truth is None or comparison.mode == "forward":
        return comparison
    right = _close(budget.wide, truth, torch.float64)
    if not right or comparison.why is None:
        return comparison
    return replace(comparison, why=comparison.why.so(RIGHT_IN_FLOAT64))


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


def _contradicted(element: GradientElement, reference: float) -> bool:
    """Whether the values that PyTorch computes belong to another function than the reference's."""
    slope, error = element.difference, element.difference_error
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
    return "infinite where the truth is not" if math.isfinite(reference) else "of the wrong sign"


def _ulp_error(element: GradientElement, comparison: Comparison) -> float | None:
    """The distance from the reference as it was before float64 rounded it.

    None where one of the two is no finite number, and for what rounding leaves of a zero, which has no last place.
    """
    reverse, slope = element.reverse, element.slope
    if reverse is None or slope is None or slope.value is None or not math.isfinite(reverse):
        return None
    if comparison.reference is None or (comparison.verdict == "rounding" and comparison.reference == 0 != reverse):
        return None
    reference = _double(slope.value)
    if not math.isfinite(reference):
        return None
    error = _double(abs(slope.value - reverse)) / ulp(reference, element.dtype)
    return round(min(error, sys.float_info.max), 2)


def _double(value: object) -> float:
    return float(value)  # type: ignore[arg-type]
