"""Other projects' tests of their operators, as expressions: the same bits, or the same error, as PyTorch gives.

What the language refuses stands in REFUSED with its reason; nothing else may differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import autograd_cases
import pytest
import tinygrad_cases
from peer_cases import Case, in_gradcli, in_python, same

from gradcli.exceptions import GradcliError

GROUPS = [*tinygrad_cases.GROUPS, *autograd_cases.GROUPS]

REFUSED = {
    "x.view(torch.int32)": "the bits of a number as another number: nothing flows through it",
}
"""Expressions that the language refuses, and why."""

UNSTEADY = {
    "F.pad(x, (3, -3, 0, -3), mode='circular')": "PyTorch returns memory that it never wrote",
    "F.pad(x, (3, -5, 1, -5), mode='circular')": "PyTorch returns memory that it never wrote",
    "torch.linalg.lstsq((x @ x.mT + 5 * torch.eye(4)), y)[0]": "the last bits change from run to run",
}
"""Expressions to which PyTorch itself does not give the same bits twice."""

AT_LEAST = {"tinygrad_cases": 1500, "autograd_cases": 600}
"""How many there are: an empty group would prove nothing."""


def name_of(group: Callable[[], Iterator[Case]]) -> str:
    return f"{group.__module__.removesuffix('_cases')}-{group.__name__}"


def difference(case: Case) -> str | None:
    """What differs between Python and the language, None if nothing does."""
    expected = in_python(case)
    try:
        found = in_gradcli(case)
    except GradcliError as error:
        # a mistake that PyTorch refuses too may be refused earlier, in other words
        return None if expected.raised is not None else f"refused: {error}"
    if expected.raised is not None or found.raised is not None:
        same_error = found.raised == expected.raised
        return None if same_error else f"{found.raised or 'a value'} for {expected.raised or 'a value'}"
    if not same(found.value, expected.value):
        return "another value"
    gradients = zip(found.gradients or (), expected.gradients or (), strict=True)
    return None if all(same(one, other) for one, other in gradients) else "another gradient"


@pytest.mark.parametrize("group", GROUPS, ids=name_of)
def test_an_expression_of_another_project_gives_the_same_bits_as_in_pytorch(
    group: Callable[[], Iterator[Case]],
) -> None:
    cases = [case for case in group() if case.expression not in {*REFUSED, *UNSTEADY}]
    found = {f"{case.expression}  with {case.inputs}": difference(case) for case in cases}
    wrong = {text: what for text, what in found.items() if what is not None}
    assert not wrong, "\n".join(f"{what}: {text}" for text, what in wrong.items())


@pytest.mark.parametrize("module", [tinygrad_cases, autograd_cases], ids=lambda module: module.__name__)
def test_there_are_as_many_as_are_said(module: object) -> None:
    cases = [case for group in module.GROUPS for case in group()]  # type: ignore[attr-defined]
    assert len(cases) >= AT_LEAST[module.__name__]  # type: ignore[attr-defined]
    raised = sum(in_python(case).raised is not None for case in cases)
    assert raised < len(cases) / 8


def test_what_is_refused_is_refused_and_nothing_pytorch_refuses_too() -> None:
    known = {case.expression: case for group in GROUPS for case in group()}
    assert set(UNSTEADY) <= set(known)
    for expression in REFUSED:
        difference_now = difference(known[expression])
        assert difference_now is not None
        assert difference_now.startswith("refused")
