"""The table of docs/check.md: `gradcli check` and `torch.autograd.gradcheck` on gradients known to be right or wrong.

    python -m tools.checker_table [--check]

Both are run. --check writes nothing and exits with 1 if the table would change.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from tools.documents import rewritten
from tools.planted import SPOILS, Swapped, Unsummed, detached_silu, in_place_of, planted


@dataclass(frozen=True)
class Case:
    """One gradient at one point.

    command: the words after `gradcli check`. function, inputs: the same for gradcheck.
    path: the PyTorch function in whose place `planted` stands; None where the gradient is PyTorch's own, and right.
    """

    title: str
    command: tuple[str, ...]
    function: Callable[..., torch.Tensor]
    inputs: tuple[object, ...]
    path: str | None = None

    @property
    def right(self) -> bool:
        return self.path is None


def _spoiled(title: str, spoil: str, point: float) -> Case:
    wrong = planted(torch.sigmoid, SPOILS[spoil])
    return Case(f"sigmoid at {point:g}: {title}", ("sigmoid", repr(point)), wrong, ([point],), "torch.sigmoid")


CASES = (
    _spoiled("off by 1e-4", "off by 1e-4", 0.5),
    _spoiled("sign flipped", "sign flipped", 0.5),
    _spoiled("zero", "zero", 0.5),
    _spoiled("zero in the tail", "zero", -15.0),
    _spoiled("sign flipped in the tail", "sign flipped", -15.0),
    _spoiled("wrong at this point alone", "wrong only at one point", -1.0),
    Case("silu at 0.5: a detached factor", ("silu", "0.5"), detached_silu, ([0.5],), "torch.nn.functional.silu"),
    Case(
        "atan2: the arguments' gradients swapped",
        ("atan2(y, x)", "y=[1]", "x=[3]"),
        Swapped.apply,
        ([1.0], [3.0]),
        "torch.atan2",
    ),
    Case(
        "rows + bias: the sum over the rows forgotten",
        ("add(x, b)", "x=[[1, 2], [3, 4]]", "b=[5, 6]"),
        Unsummed.apply,
        ([[1.0, 2.0], [3.0, 4.0]], [5.0, 6.0]),
        "torch.add",
    ),
    Case("relu at 0", ("relu", "0"), torch.relu, ([0.0],)),
    Case("relu at 1e-7", ("relu", "1e-7"), torch.relu, ([1e-7],)),
    Case("abs at 0", ("abs", "0"), torch.abs, ([0.0],)),
    Case("clamp at its bound", ("clamp(x, -1, 1)", "1"), lambda x: torch.clamp(x, -1, 1), ([1.0],)),
    Case("the largest of two equal numbers", ("max(x)", "2", "2"), torch.max, ([2.0, 2.0],)),
    Case("norm at 0", ("norm(x)", "0", "0"), torch.norm, ([0.0, 0.0],)),
    Case("sin(1e7 * x) at 1", ("sin(1e7 * x)", "1"), lambda x: torch.sin(1e7 * x), ([1.0],)),
    Case("sqrt at 0", ("sqrt", "0"), torch.sqrt, ([0.0],)),
    Case("sqrt at 1e-12", ("sqrt", "1e-12"), torch.sqrt, ([1e-12],)),
    Case("log at 1e-5", ("log", "1e-5"), torch.log, ([1e-5],)),
    Case("log1p at -1 + 1e-7", ("log1p", "-0.9999999"), torch.log1p, ([-0.9999999],)),
    Case("exp at 709.5", ("exp", "709.5"), torch.exp, ([709.5],)),
    Case("x**2 at 1e10", ("x**2", "1e10"), lambda x: x**2, ([1e10],)),
    Case(
        "logsumexp of 1000, 1001",
        ("logsumexp(x, dim=0)", "1000", "1001"),
        lambda x: torch.logsumexp(x, 0),
        ([1000.0, 1001.0],),
    ),
    Case("sigmoid at 0.5", ("sigmoid", "0.5"), torch.sigmoid, ([0.5],)),
)


@dataclass(frozen=True)
class Outcome:
    """What both say of a case."""

    case: Case
    gradcheck: bool
    verdicts: tuple[str, ...]

    @property
    def accepted(self) -> bool:
        return "disagree" not in self.verdicts

    def row(self) -> str:
        truth = "right" if self.case.right else "wrong"
        gradcheck = marked("accepts" if self.gradcheck else "rejects", self.gradcheck == self.case.right)
        check = marked(", ".join(self.verdicts), self.accepted == self.case.right)
        return f"| {self.case.title} | {truth} | {gradcheck} | {check} |"


def marked(text: str, deserved: bool) -> str:
    """A verdict, in bold if it is mistaken."""
    return text if deserved else f"**{text}**"


def outcomes() -> Iterator[Outcome]:
    """Both checkers run on every case, in float64."""
    for case in CASES:
        yield Outcome(case, _gradcheck(case), _check(case))


def _gradcheck(case: Case) -> bool:
    inputs = [torch.tensor(values, dtype=torch.float64, requires_grad=True) for values in case.inputs]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.autograd.gradcheck(case.function, inputs, raise_exception=False)


def _check(case: Case) -> tuple[str, ...]:
    """The different verdicts on the elements."""
    from gradcli.cli import main

    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with in_place_of(case.path, case.function), contextlib.redirect_stdout(out):
        main(["check", *case.command, "--dtype", "float64", "--json"])
    out.flush()
    rows = json.loads(out.buffer.getvalue())["rows"]  # type: ignore[attr-defined]
    return tuple(sorted({row["verdict"] for row in rows}))


def table() -> str:
    """The table as the document holds it."""
    found = list(outcomes())
    wrong = [outcome for outcome in found if outcome.gradcheck != outcome.case.right]
    lines = [
        "| gradient | is | `gradcheck` | `gradcli check` |",
        "| --- | --- | --- | --- |",
        *(outcome.row() for outcome in found),
        "",
        f"`gradcheck` is mistaken {len(wrong)} times in {len(found)} (bold), `gradcli check` "
        f"{sum(outcome.accepted != outcome.case.right for outcome in found)} times.",
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    return rewritten("check.md", "checkers", table, __doc__)


if __name__ == "__main__":
    sys.exit(main())
