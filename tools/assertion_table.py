"""The table of docs/testing.md: `assert_gradient` and `gradcheck` on gradients known to be right or wrong.

    python -m tools.assertion_table [--check]

Both are run. --check writes nothing and exits with 1 if the table would change.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn
from torch.autograd.gradcheck import GradcheckError
from torch.nn import functional

import gradcli
from tools.checker_table import marked
from tools.documents import rewritten
from tools.planted import (
    SPOILS,
    OneWeightWrong,
    Swapped,
    SwappedOutputs,
    Unsummed,
    detached_silu,
    own_function,
    planted,
)

Verdict = Literal["accepts", "rejects", "raises"]
"""The last one where an exception says that the case is not for this checker, or what is wrong inside of it."""
POINTS = (-1.5, 0.5, 2.0)
MATRIX = ((1.0, 2.0), (3.0, 4.0))


@dataclass(frozen=True)
class Case:
    """One gradient at one point.

    inputs: made anew for each checker, in float64 if there are only numbers. order: 2 for gradgradcheck.
    """

    title: str
    right: bool
    function: Callable[..., Any]
    inputs: tuple[Any, ...] = (POINTS,)
    order: int = 1

    def tensors(self) -> list[torch.Tensor]:
        """The inputs as leaves of their own."""
        return [
            one().requires_grad_() if callable(one) else torch.tensor(one, dtype=torch.float64, requires_grad=True)
            for one in self.inputs
        ]


def square(x: torch.Tensor) -> torch.Tensor:
    return x**2


def _changes_what_arrives(g: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return g.mul_(2 * x)


CHANGING = own_function(square, _changes_what_arrives)

WRONG = (
    Case("x²: half of it", False, own_function(square, lambda g, x: g * x)),
    Case("x²: off by 1e-4", False, own_function(square, lambda g, x: 2 * g * x * (1 + 1e-4))),
    Case("x²: the sign", False, own_function(square, lambda g, x: -2 * g * x)),
    Case("x sin x: a term forgotten", False, own_function(lambda x: x * x.sin(), lambda g, x: g * x.sin())),
    Case("exp 2x: the inner derivative forgotten", False, own_function(lambda x: (2 * x).exp(), lambda g, x: g * (2 * x).exp())),
    Case("mean of x²: not divided by the number", False, own_function(lambda x: (x**2).mean(), lambda g, x: 2 * g * x)),
    Case("sum of x²: what arrives is ignored", False, own_function(lambda x: (x**2).sum(), lambda g, x: 2 * x)),
    Case("leaky ReLU: wrong where x < 0", False, own_function(functional.leaky_relu, lambda g, x: g * (x > 0))),
    Case("x²: wrong at one element of three", False, own_function(square, lambda g, x: 2 * g * x * torch.where(x == 2, 1.01, 1.0))),
    Case("1e-6 x²: zero", False, own_function(lambda x: 1e-6 * x**2, lambda g, x: 0 * g * x)),
    Case("sigmoid at -15: zero in the tail", False, planted(torch.sigmoid, SPOILS["zero"]), ((-15.0,),)),
    Case("x² at 1e4: off by 1e-4", False, own_function(square, lambda g, x: 2 * g * x * (1 + 1e-4)), ((1e4,),)),
    Case("atan2: the inputs' gradients swapped", False, Swapped.apply, ((1.0,), (3.0,))),
    Case("sin and cos: what arrives swapped", False, SwappedOutputs.apply),
    Case("x Wᵀ: the gradient transposed", False, own_function(lambda x: x**2 / 2, lambda g, x: (g * x).T), (MATRIX,)),
    Case("rows + bias: not summed over the rows", False, Unsummed.apply, (MATRIX, (5.0, 6.0))),
    Case("silu: a detached factor", False, detached_silu),
    Case("a module: one element of its weight", False, OneWeightWrong()),
    Case("x²: what arrives is taken to lie in one piece", False, own_function(square, lambda g, x: 2 * torch.as_strided(g, x.shape, (1,)) * x)),
    Case("x + x²: what arrives is changed in place", False, lambda x: x + CHANGING(x)),
    Case("x²: forward mode (`jvp`)", False, own_function(square, lambda g, x: 2 * g * x, lambda t, x: 3 * t * x)),
    Case("x³, second order: backward detaches x", False, own_function(lambda x: x**3, lambda g, x: 3 * g * x.detach() ** 2), order=2),
    Case("where(x > 0, √x, 0) at 0: NaN", False, lambda x: torch.where(x > 0, x.sqrt(), 0 * x), ((0.0, 1.0),)),
)  # fmt: skip
"""Planted: the value is right, its gradient is not."""

RIGHT = (
    Case("ReLU at 0", True, torch.relu, ((0.0,),)),
    Case("a hinge loss at its hinge", True, lambda x: functional.relu(1 - x).mean(), ((0.5, 1.0, 2.0),)),
    Case("abs at 0 and at 1e-9", True, torch.abs, ((0.0, 1e-9),)),
    Case("the largest of two equal numbers", True, torch.max, ((2.0, 2.0),)),
    Case("a Huber loss at its bounds", True, lambda x: functional.huber_loss(x, torch.zeros_like(x)), ((-1.0, 1.0),)),
    Case("√x at 0", True, torch.sqrt, ((0.0,),)),
    Case("log x at 1e-12", True, torch.log, ((1e-12,),)),
    Case("x² at 1e8", True, square, ((1e8,),)),
    Case("exp x at 709.5", True, torch.exp, ((709.5,),)),
    Case("sin 1e7 x", True, lambda x: torch.sin(1e7 * x), ((1.0,),)),
    Case("sigmoid at ±40", True, torch.sigmoid, ((-40.0, 40.0),)),
    Case("(1 - cos x) / x² at 1e-3", True, lambda x: (1 - x.cos()) / x**2, ((1e-3,),)),
    Case("x + 1e8", True, lambda x: x + 1e8),
    Case("float32 inputs", True, lambda x: torch.tanh(x).sum(), (lambda: torch.tensor(POINTS),)),
    Case("a transposed input", True, square, (lambda: torch.tensor(MATRIX, dtype=torch.float64).T,)),
    Case("an expanded input", True, square, (lambda: torch.tensor([2.0], dtype=torch.float64).expand(3),)),
    Case("an input that is changed in place", True, lambda x: x.mul_(2).sum()),
    Case("dropout", True, lambda x: functional.dropout(x, 0.5), (tuple(range(1, 9)),)),
    Case("batch norm in training", True, nn.BatchNorm1d(2).double(), (((1.0, 2.0), (3.0, 5.0), (0.0, 1.0)),)),
    Case("values and places of a sort", True, torch.sort),
    Case("a gradient penalty", True, lambda x: torch.autograd.grad((x**3).sum(), x, create_graph=True)[0].square().sum()),
    Case("x³, second order", True, own_function(lambda x: x**3, lambda g, x: 3 * g * x**2), order=2),
)  # fmt: skip
"""Awkward: the gradient is right."""

CASES: Sequence[Case] = (*WRONG, *RIGHT)


@dataclass(frozen=True)
class Outcome:
    """What both say of a case."""

    case: Case
    gradcheck: Verdict
    gradcli: Verdict

    def is_mistaken(self, verdict: Verdict) -> bool:
        """Whether a checker accepts what is wrong, or rejects what is right."""
        return verdict == ("rejects" if self.case.right else "accepts")

    def row(self) -> str:
        found = (marked(verdict, not self.is_mistaken(verdict)) for verdict in (self.gradcheck, self.gradcli))
        return f"| {self.case.title} | {'right' if self.case.right else 'wrong'} | {' | '.join(found)} |"


def outcomes() -> Iterator[Outcome]:
    """Both checkers with their defaults on every case."""
    for case in CASES:
        yield Outcome(case, _verdict(_gradcheck, case), _verdict(_assert_gradient, case))


def _verdict(checker: Callable[[Case], object], case: Case) -> Verdict:
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            checker(case)
        except (AssertionError, GradcheckError):
            return "rejects"
        except (RuntimeError, ValueError):
            return "raises"
    return "accepts"


def _gradcheck(case: Case) -> None:
    checker = torch.autograd.gradgradcheck if case.order == 2 else torch.autograd.gradcheck
    checker(case.function, case.tensors())


def _assert_gradient(case: Case) -> None:
    gradcli.assert_gradient(case.function, case.tensors(), order=case.order)


def table(found: Sequence[Outcome]) -> str:
    """The table as the document holds it."""
    mistaken = {
        name: sum(outcome.is_mistaken(getattr(outcome, name)) for outcome in found) for name in ("gradcheck", "gradcli")
    }
    lines = [
        "| gradient | is | `gradcheck` | `assert_gradient` |",
        "| --- | --- | --- | --- |",
        *(outcome.row() for outcome in found),
        "",
        f"`gradcheck` is mistaken {mistaken['gradcheck']} times in {len(found)} (bold), `assert_gradient` "
        f"{mistaken['gradcli']} times.",
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    return rewritten("testing.md", "assertions", lambda: table([*outcomes()]), __doc__)


if __name__ == "__main__":
    sys.exit(main())
