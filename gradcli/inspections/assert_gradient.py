"""`assert_gradient`: the gradient of a function or a module of the caller's, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from gradcli.inspections.callables.blocks import WrongDerivative
from gradcli.inspections.callables.causes import cause
from gradcli.inspections.callables.checked import Output, checked
from gradcli.inspections.callables.function import SEED, gradient_of
from gradcli.inspections.callables.given import Inputs, leaf_function
from gradcli.numerics.capture import dtype_name, to_input
from gradcli.results import CheckResult, CheckSummary, Setting


@dataclass(frozen=True)
class Tested:
    """The result, and what speaks against the gradient.

    wrong: the derivatives that are wrong. cause: of all of them, where one is known.
    unsteady, not_finite: outputs that keep the gradient from being known.
    """

    result: CheckResult
    wrong: Sequence[WrongDerivative]
    cause: str | None
    unsteady: Output | None
    not_finite: Output | None

    @property
    def unknown(self) -> list[str]:
        """The leaves by which nothing at all could be compared."""
        known = {row.variable for row in self.result.rows if row.verdict != "no reference"}
        return [name for name in dict.fromkeys(row.variable for row in self.result.rows) if name not in known]


def tested(
    function: Callable[..., Any],
    inputs: Inputs,
    *,
    text: str,
    dtype: torch.dtype,
    tolerance: float | None,
    order: int,
) -> Tested:
    """Each derivative beside finite differences; of order 2, those of the gradient.  Raises UsageError.

    What the function raises comes through.
    """
    subject = leaf_function(function, inputs, text=text)
    if order == 2:
        subject = gradient_of(subject)
    found = checked(subject, dtype, tolerance)
    leaves = subject.at_dtype(dtype)
    result = CheckResult(
        setting=Setting(torch.__version__, subject.device, dtype_name(dtype), SEED, draws=found.draws),
        expression=subject.text,
        inputs={name: to_input(leaf) for name, leaf in leaves.items()},
        summary=(CheckSummary.of(dtype_name(dtype), found.rows),),
        rows=found.rows,
        without_reference=subject.text,
    )
    wrong = found.wrong
    return Tested(result, wrong, cause(subject, found, dtype) if wrong else None, found.unsteady, found.not_finite)
