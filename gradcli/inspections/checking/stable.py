"""A stable form where a formula loses its digits: a rewrite that holds, with a gradient that the reference confirms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.exceptions import GradcliError
from gradcli.inspections.checking.slopes import attempt, element, reverse
from gradcli.language.parser import parse
from gradcli.numerics.autodiff import Gradients
from gradcli.numerics.precision import half_the_digits, smallest_subnormal, ulp
from gradcli.results import CheckRow
from gradcli.results.phrasing import ulps

MAX_ELEMENTS_REWRITTEN = 500
NONE_KNOWN = "no stable one is known"


@dataclass(frozen=True)
class Stable:
    """text: the expression, rewritten. worst: its largest error in ULPs, at the elements that lost their digits."""

    text: str
    worst: float

    def __str__(self) -> str:
        return f"a stable one exists: {self.text}, at most {ulps(self.worst)} ULP off"


def with_stable_form(rows: Sequence[CheckRow], bound: BoundExpression) -> tuple[list[CheckRow], Stable | None]:
    """The rows of one dtype; those that lost their digits say whether a stable form exists, and which."""
    lost = [row for row in rows if row.verdict == "rounding" and row.reference]
    if not lost:
        return list(rows), None
    found = _stable_form(bound, lost)
    said = NONE_KNOWN if found is None else str(found)
    ids = {id(row) for row in lost}
    return [replace(row, why=row.why.so(said)) if id(row) in ids and row.why else row for row in rows], found


def _stable_form(bound: BoundExpression, lost: Sequence[CheckRow]) -> Stable | None:
    """The first rewrite that is right where the formula is not, and holds at the other inputs and beside them."""
    from gradcli.diagnose.fixes.verifier import Verifier  # all the rewrites: only for those who need one
    from gradcli.language.rewrite import PRECISION, RULES, TAILS, rewrites

    if bound.elements > MAX_ELEMENTS_REWRITTEN:
        return None
    narrow = any(leaf.dtype in (torch.float16, torch.bfloat16) for leaf in bound.leaves.values())
    rules = (*RULES, TAILS, *([PRECISION] if narrow else []))
    verifier: Verifier | None = None
    for rewrite in rewrites(bound.program, only=rules, wrt=bound.wrt):
        worst = _worst(_gradients(bound, rewrite.text), lost, bound)
        if worst is None:
            continue
        verifier = verifier or Verifier.of(bound, None)
        if verifier is None:
            return None
        if verifier.held(rewrite.text) is not None:
            return Stable(rewrite.text, worst)
    return None


def _gradients(bound: BoundExpression, text: str) -> Gradients | None:
    try:
        program = parse(text, bound=bound.leaves)
        return attempt(lambda: reverse(replace(bound, program=program)))[0]
    except GradcliError:
        return None


def _worst(gradients: Gradients | None, lost: Sequence[CheckRow], bound: BoundExpression) -> float | None:
    """The largest error at these elements; None if one of them has not half of its digits."""
    worst = 0.0
    for row in lost:
        found, dtype = element(gradients, row.variable, row.index), bound.leaves[row.variable].dtype
        assert row.reference is not None
        apart = abs((torch.nan if found is None else found) - row.reference)
        if not apart <= half_the_digits(dtype) * abs(row.reference) + smallest_subnormal(dtype):
            return None
        worst = max(worst, apart / ulp(row.reference, dtype))
    return worst
