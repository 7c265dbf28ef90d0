"""Defects of the installed PyTorch that audits report, each confirmed by PyTorch itself and 60 digits of mpmath."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

import pytest
import torch
from mpmath import mp

from gradcli.commands import load
from gradcli.commands.answering import inspected
from gradcli.commands.command import Caller
from gradcli.results.audit import AuditResult, AuditRow
from tools.precision.by_hand import CASES, DIGITS, SHAPES, Case, kernels_here

MOST_BY_HAND = 60


def reported(case: Case) -> AuditRow:
    """What an audit says of a case, by the same path."""
    options = {
        "functions": case.subject,
        "dtype": case.dtype_name,
        "orders": str(case.order),
        "between": f"{case.low!r}:{case.high!r}",
        "ways": "contiguous" if case.path == "contiguous" else f"contiguous,{case.path}",
    }
    invocation = load("audit").invocation(options)
    found = inspected(invocation, invocation.read(Caller()))
    assert isinstance(found, AuditResult)
    (row,) = [one for one in found.functions[0].rows if one.mode != "forward" and one.path == case.path]
    return row


def names(cases: tuple[Case, ...]) -> list[str]:
    return [case.title for case in cases]


@pytest.mark.parametrize("case", CASES, ids=names(CASES))
def test_what_an_audit_reports_is_confirmed_in_sixty_digits(case: Case) -> None:
    if case.kernels is not None and case.kernels not in kernels_here():
        pytest.skip(f"shows with {case.kernels}, which this processor or this build has not")
    row = reported(case)
    numbers, answers = case.numbers().tolist(), case.answers().double().tolist()
    assert row.count == len(numbers)
    held = [one for trouble in row.troubles if trouble.trouble == case.is_ for one in trouble.intervals]
    sampled = range(0, len(numbers), -(-len(numbers) // MOST_BY_HAND))
    wrong = {at for at in sampled if case.is_wrong(answers[at], case.true(numbers[at]))}
    assert wrong
    if case.is_ != "far off":
        assert wrong == {at for at in sampled if any(one.low <= numbers[at] <= one.high for one in held)}
    if row.worst is None:
        assert not any(map(isfinite, answers))
        return
    truth = case.true(row.worst.x)
    assert row.worst.answer == answers[numbers.index(row.worst.x)]
    assert row.worst.truth == pytest.approx(float(truth), rel=2.0**-18)
    assert row.worst.ulps == pytest.approx(case.ulps(row.worst.answer, truth), rel=2.0**-18, abs=2.0**-11)


@pytest.mark.parametrize("case", SHAPES, ids=names(SHAPES))
def test_answers_that_hang_on_memory_are_counted(case: Case) -> None:
    one, other = case.answers(), replace(case, path="strided").answers()
    different = int((one != other).sum())
    if "vector code" not in kernels_here() and not different:
        pytest.skip("vectors and single numbers go through one code here")
    assert different > 0
    assert reported(replace(case, path="strided")).differs == different


@pytest.mark.parametrize("case", [*CASES, *SHAPES], ids=names((*CASES, *SHAPES)))
def test_a_derivative_by_hand_is_the_slope_of_the_function(case: Case) -> None:
    """In float64, where the numbers of the case are far from the ends of the dtype, by PyTorch's own function."""
    x = float(case.numbers()[-1])
    leaf = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    value = case.function(leaf)
    found = torch.autograd.grad(value, leaf)[0] if case.order else value.detach()
    if not found.isfinite() or found == 0:
        pytest.skip("float64 has the same trouble")
    with mp.workdps(DIGITS):
        assert float(found) == pytest.approx(float(case.true(x)), rel=1e-6)
