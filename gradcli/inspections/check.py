"""`check`: is PyTorch's gradient right here? Four independent ways to know it, for every dtype."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import torch

from gradcli.diagnose.bound_expression import BoundExpression, ComputeOptions, Selection
from gradcli.diagnose.diagnosis import at_each_dtype, given_findings
from gradcli.exceptions import BoundError, UsageError
from gradcli.inspections.checking.comparison import RIGHT_IN_FLOAT64, ErrorBudget, GradientElement, compare
from gradcli.inspections.checking.conventions import Conventions, conventions
from gradcli.inspections.checking.error_budget import RANDOM, ErrorBudgets, draws_other_numbers
from gradcli.inspections.checking.lost_digits import lost_digits
from gradcli.inspections.checking.references import References
from gradcli.inspections.checking.slopes import Index, attempt, element, forward, reverse
from gradcli.inspections.checking.stable import Stable, with_stable_form
from gradcli.inspections.checking.ties import TiesOfDtypes
from gradcli.inspections.grad import maps_elementwise
from gradcli.inspections.running import Run, without_own_dtypes
from gradcli.language.dtypes import FLOATING
from gradcli.language.in_file import FunctionRequest
from gradcli.language.request import Request
from gradcli.numerics import autodiff
from gradcli.numerics.capture import TorchError
from gradcli.numerics.precision import shortest
from gradcli.numerics.symmetric import Symmetrised
from gradcli.numerics.threads import threads
from gradcli.progress import steps
from gradcli.results import CheckResult, CheckRow, CheckSummary, Failure
from gradcli.results.parts import phrase

Element = tuple[str, Index]
"""An element of an input, by the input's name."""

MAX_ELEMENTS_CHECKED = 2_000
MAX_MADE = 2**20
"""Of any tensor on the way."""
MAX_JOINT_ELEMENTS = 200
"""For functions that mix their elements: each costs an evaluation of its own for every step."""


def check(
    request: Request | FunctionRequest,
    dtypes: Sequence[str] = FLOATING,
    compute: ComputeOptions = ComputeOptions(),
    selection: Selection = Selection(),
) -> CheckResult | Failure:
    """Each gradient element in each dtype beside its references; a Failure where PyTorch raised in float64."""
    if isinstance(request, FunctionRequest):
        from gradcli.inspections.in_file.answers import check_function  # for files alone

        return check_function(request, compute, selection)
    text = request.program.text
    run = Run(without_own_dtypes(request), replace(compute, dtype="float64"), selection)
    try:
        bound = run.start()
        output = _first_value(bound)
        if not bound.wrt or not output.requires_grad:  # PyTorch says it best
            autodiff.gradients(output, bound.differentiated, cotangent=torch.ones_like(output))
        if output.is_complex() or any(leaf.is_complex() for leaf in bound.differentiated.values()):
            raise UsageError("check works with real numbers", hint="Take the parts apart: real(...), imag(...).")
        elementwise = maps_elementwise(bound, output)
        _check_size(bound, elementwise)
        checker = _Checker(bound, elementwise)
        with threads(1):  # thousands of small runs
            rows = _without_contradictions(
                [row for dtype in steps(dtypes, "dtypes checked") for row in checker.rows(dtype)]
            )
    except TorchError as raised:
        return run.failure(raised)
    return CheckResult(
        setting=replace(bound.setting, dtype=",".join(dtypes)),
        expression=text,
        inputs=bound.inputs,
        summary=tuple(CheckSummary.of(dtype, [row for row in rows if row.dtype == dtype]) for dtype in dtypes),
        rows=tuple(rows),
        without_reference=checker.references.without_reference,
        conventions=tuple(checker.conventions),
        findings=(*given_findings(at_each_dtype(bound, dtypes)), *lost_digits(rows, text, checker.stable)),
    )


def _first_value(bound: BoundExpression) -> torch.Tensor:
    """The value of the expression; raises BoundError where what it makes is too large to be made hundreds of times."""
    largest = 0

    def note(_: object, value: object, __: object) -> None:
        nonlocal largest
        largest = max(largest, value.numel() if isinstance(value, torch.Tensor) else 0)

    output = bound.evaluate(observe=note, first=True)
    if largest > MAX_MADE:
        raise BoundError(
            f"check evaluates the expression hundreds of times, and it makes a tensor of {largest:,} elements; "
            f"at most {MAX_MADE:,}",
            hint="Give smaller tensors: gradients of the same formula are checked as well on a few elements.",
        )
    return output


def _check_size(bound: BoundExpression, elementwise: bool) -> None:
    elements = bound.elements_differentiated
    most = MAX_ELEMENTS_CHECKED if elementwise else MAX_JOINT_ELEMENTS
    if elements > most:
        kind = "an elementwise function" if elementwise else "a function that mixes its elements"
        raise BoundError(
            f"check looks at {elements:,} gradient elements; at most {most:,} for {kind}",
            hint="Give fewer values, or choose inputs with --wrt.",
        )


class _Checker:
    """The expression at different dtypes; what two dtypes have in common is computed once."""

    def __init__(self, bound: BoundExpression, elementwise: bool) -> None:
        self.bound = bound
        self.elementwise = elementwise
        self.references = References(elementwise=elementwise)
        self.ties = TiesOfDtypes()
        self.conventions: list[str] = []
        self.stable: dict[str, Stable | None] = {}

    def rows(self, dtype: str) -> list[CheckRow]:
        """One row for each element of each differentiated input; those that disagree are compared twice."""
        bound = self.bound.at_dtype(dtype)
        held = conventions(bound)
        self.conventions += [reason for reason in held.reasons if reason not in self.conventions]
        compared = {place: self._compare(bound, place, found) for place, found in self._elements(bound, held)}
        accused = any(_bad(row) for _, row in compared.values())
        budgets = ErrorBudgets(bound, held, self.ties, elementwise=self.elementwise) if accused else None
        found = [
            self._compare(bound, place, known, budgets.of(row))[1] if budgets and _bad(row) else row
            for place, (known, row) in compared.items()
        ]
        if draws_other_numbers(bound):
            found = [_of_other_numbers(row) for row in found]
        rows, self.stable[dtype] = with_stable_form(found, bound)
        return rows

    def _compare(
        self, bound: BoundExpression, place: Element, known: GradientElement, budget: ErrorBudget | None = None
    ) -> tuple[GradientElement, CheckRow]:
        name, index = place
        value = shortest(float(bound.leaves[name].detach()[index].double()), known.dtype)
        return known, compare(known, variable=name, index=index, value=value, budget=budget)

    def _elements(self, bound: BoundExpression, held: Conventions) -> Iterator[tuple[Element, GradientElement]]:
        known = self.references.of(bound, held)
        backward, reason = attempt(lambda: reverse(bound))
        with Symmetrised() if held.symmetric else nullcontext():
            tangents, _ = attempt(lambda: forward(bound, elementwise=self.elementwise))
        for name in bound.wrt:
            found = known.differences[name]
            for index in np.ndindex(*bound.leaves[name].shape):
                factor = float(held.factors[name][index]) if name in held.factors else 1.0
                yield (
                    (name, index),
                    GradientElement(
                        dtype=bound.leaves[name].dtype,
                        digits=held.digits,
                        reverse=element(backward, name, index),
                        # forward mode knows nothing of the factors
                        forward=element(tangents, name, index) if factor == 1 else None,
                        difference=float(found.slope[index]) * factor,
                        difference_error=float(found.error[index]) * factor,
                        difference_kink=bool(found.kink[index]),
                        one_sided=(float(found.left[index]) * factor, float(found.right[index]) * factor),
                        one_sided_error=float(found.one_sided_error[index]) * factor,
                        slope=known.slope(name, index, factor),
                        reason=reason,
                    ),
                )


def _of_other_numbers(row: CheckRow) -> CheckRow:
    """A row whose difference is of other random numbers than its gradient: that they are close says nothing."""
    why = phrase(RANDOM) if row.verdict != "no reference" else row.why
    return replace(row, verdict="no reference", why=why, finite_difference=None, finite_difference_error=None)


def _bad(row: CheckRow) -> bool:
    return row.verdict == "disagree"


def _without_contradictions(rows: Sequence[CheckRow]) -> list[CheckRow]:
    """That float64 has it right is not said of an element whose own row in float64 is wrong."""
    wrong = {(row.variable, row.index) for row in rows if row.dtype == "float64" and _bad(row)}
    return [
        replace(row, why=row.why.without(RIGHT_IN_FLOAT64)) if row.why and (row.variable, row.index) in wrong else row
        for row in rows
    ]
