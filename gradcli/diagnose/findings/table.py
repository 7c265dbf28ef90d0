"""Every kind of finding: a row each, in the order in which the rules are asked. It needs no PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gradcli.results.findings import Severity

Need = Literal["tape", "non-finite", "zeros", "gradients", "missing", "raised", "sum", "program"]
"""What a rule looks at: a tape; NaN or Inf on it, or a number that the dtype cannot hold; an input whose whole gradient
is zero; the gradients; an input that has none; the exception of a backward pass; a sum that nobody asked for; a program
under watch, which expressions have no rule for."""

Search = Literal["finite", "digits"]
"""What a rewrite is looked for: finite gradients, or more right digits."""

GIVEN = ("nan-input", "inf-input")
"""What was not finite before anything was computed."""
NOT_FINITE = (
    *GIVEN, "nan-forward", "inf-forward", "masked-branch", "nan-backward", "inf-backward", "nan-accumulated",
)  # fmt: skip
"""Where a NaN or an infinity comes from."""


@dataclass(frozen=True)
class Hides:
    """Findings that say nothing new beside one of the row's.

    where: they concern the same input, or the same step, which one of the row's must name.
    severity: only one of this severity hides them.
    """

    codes: tuple[str, ...]
    where: Literal["input", "step"] = "input"
    severity: Severity | None = None


@dataclass(frozen=True)
class Row:
    """One kind of finding.

    severities: the usual one first. meaning: what is so where it is found; docs/findings.md has a section for each.
    module: where its rule is, a function with the code's name; it is loaded when there is something to look at. None
        for what only a program under watch has.
    fix: what a rewrite would have to bring, None where none is looked for.
    whole: whether it explains, and is explained, only where it is about all elements of an input.
    """

    code: str
    severities: tuple[Severity, ...]
    module: str | None
    needs: Need
    meaning: str
    fix: Search | None = None
    hides: tuple[Hides, ...] = ()
    whole: bool = False

    @property
    def name(self) -> str:
        """The name of its rule in the module."""
        return self.code.replace("-", "_")


_GIVEN_HIDES = ("vanishing", "saturated", "dead", "exploding")

ROWS = (
    Row(
        "underflow-forward",
        ("error", "warning"),
        "underflow_forward",
        "tape",
        "a number that is not zero is rounded to zero, and a division, a logarithm or a root meets the zero; "
        "a warning where that does no harm",
        fix="finite",
        hides=(Hides((*_GIVEN_HIDES, "cancellation", "underflow")),),
    ),
    Row(
        "nan-input",
        ("error",),
        "given",
        "non-finite",
        "an input, a value from a file or a constant is NaN before anything is computed, and spoils something",
        hides=(Hides(_GIVEN_HIDES),),
    ),
    Row(
        "inf-input",
        ("warning", "error"),
        "given",
        "non-finite",
        "an input, a value from a file or a constant is infinite before anything is computed, or the dtype cannot hold "
        "the number that was written; an error where it spoils a gradient",
        hides=(Hides(_GIVEN_HIDES),),
    ),
    Row(
        "nan-forward",
        ("error",),
        "not_finite",
        "non-finite",
        "a sub-expression's value is the first NaN, or the first infinity that a NaN was made of",
        fix="finite",
        hides=(Hides(("saturated",)),),
    ),
    Row(
        "inf-forward",
        ("warning", "error"),
        "not_finite",
        "non-finite",
        "a sub-expression's value is the first infinite one; an error where it spoils a gradient",
        fix="finite",
        hides=(Hides(("saturated", "exploding")),),
    ),
    Row(
        "masked-branch",
        ("error",),
        "not_finite",
        "non-finite",
        "the NaN or Inf comes from a branch that `where`, a mask, an index or `clamp` discards",
        fix="finite",
    ),
    Row(
        "nan-backward",
        ("error",),
        "not_finite",
        "non-finite",
        "an operation sends on the first NaN, though the gradient that reached it is finite",
        fix="finite",
        hides=(Hides(("saturated",)),),
    ),
    Row(
        "inf-backward",
        ("error",),
        "not_finite",
        "non-finite",
        "an operation sends on the first infinite gradient, though the one that reached it is finite",
        fix="finite",
        hides=(Hides(("saturated",)),),
    ),
    Row(
        "nan-accumulated",
        ("error",),
        "not_finite",
        "non-finite",
        "gradients meet at one tensor, and their sum is the first NaN or Inf",
        fix="finite",
    ),
    Row(
        "domain",
        ("warning", "error"),
        "domain",
        "tape",
        "an argument is outside of what the function is defined on; an error if the value is NaN or Inf for it",
        hides=(Hides(NOT_FINITE, where="step", severity="error"),),
    ),
    Row("flat", ("warning",), "dead", "zeros", "the operation is piecewise constant: sign, round, floor"),
    Row(
        "dead",
        ("warning", "note"),
        "dead",
        "tape",
        "an input's whole gradient is zero, born where something else arrived; "
        "a note if that is right, and for single elements",
        hides=(Hides(("vanishing",)), Hides(("kink",), where="step")),
        whole=True,
    ),
    Row(
        "saturated",
        ("warning",),
        "saturated",
        "tape",
        "every slope is below a thousandth of the largest that the function can have",
        fix="digits",
        hides=(Hides(("vanishing",)),),
    ),
    Row(
        "exploding",
        ("warning", "note"),
        "magnitude",
        "tape",
        "the gradient grows by more than a thousand; a note if the value is as large",
    ),
    Row(
        "vanishing",
        ("warning",),
        "magnitude",
        "tape",
        "the gradient falls by more than a thousand on its way to an input",
    ),
    Row(
        "kink",
        ("note",),
        "kink",
        "tape",
        "an element lies on a kink or a tie",
        hides=(Hides(("cancellation", "underflow")),),
    ),
    Row(
        "not-differentiable",
        ("error",),
        "backward_pass",
        "raised",
        "PyTorch implements no derivative for the operation",
    ),
    Row("disconnected", ("warning",), "backward_pass", "missing", "an input has no path to the output"),
    Row(
        "cancellation",
        ("warning",),
        "precision_loss",
        "gradients",
        "the dtype loses more than half of its digits",
        fix="digits",
        hides=(Hides(("vanishing", "saturated", "dead")),),
    ),
    Row(
        "underflow",
        ("warning",),
        "precision_loss",
        "gradients",
        "the true derivative is not zero, but the dtype rounds it to zero",
        fix="digits",
        hides=(Hides(("vanishing", "saturated", "dead")),),
    ),
    Row(
        "not-scalar",
        ("note",),
        "backward_pass",
        "sum",
        "the output has several elements, and the gradients are those of their sum",
    ),
    Row(
        "in-place",
        ("error",),
        None,
        "program",
        "an operation saved a tensor for its derivative, and another changed that before backward",
    ),
    Row(
        "second-backward",
        ("error",),
        None,
        "program",
        "a backward pass needs what an earlier one has freed",
    ),
    Row(
        "autograd-error",
        ("error",),
        None,
        "program",
        "PyTorch raises any other error in a backward pass",
    ),
    Row(
        "scaled-overflow",
        ("note",),
        None,
        "program",
        "a gradient scaler skipped steps, because a scaled gradient overflowed",
    ),
    Row(
        "unwatched-thread",
        ("note",),
        None,
        "program",
        "a thread beside the one that is watched trains, and nobody looks at its steps",
    ),
)

BY_CODE = {row.code: row for row in ROWS}
CODES = tuple(BY_CODE)
