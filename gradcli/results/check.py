"""The answer of `check`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from gradcli.results.findings import Finding
from gradcli.results.parts import Phrase
from gradcli.results.shown import Shown
from gradcli.results.tensors import Input, Setting

CheckVerdict = Literal["agree", "disagree", "kink", "rounding", "no reference"]
ReferenceBy = Literal["arb", "mpmath"]


@dataclass(frozen=True)
class CheckRow:
    """One element of one gradient in one dtype: every way to know it, side by side.

    value: the input element as the dtype rounded it; every derivative is taken there.
    reverse, forward: PyTorch's two modes, in the dtype.
    finite_difference, finite_difference_error: of PyTorch's values in float64, with its error bar.
    reference: the derivative, rounded to float64. left, right: one-sided slopes, at a kink only.
    reference_by: what the reference, or the one-sided slopes, are by: Arb, which proves them, or mpmath at 50 digits.
    ulp_error: how far `reverse` is from the reference before it was rounded, in units in the last place of the dtype.
    wrong_modes: which of PyTorch's two modes disagree, `reverse`, `forward`; empty if none does.
    """

    variable: str
    index: tuple[int, ...]
    dtype: str
    value: float
    reverse: float | None
    forward: float | None
    finite_difference: float | None
    finite_difference_error: float | None
    reference: float | None
    left: float | None
    right: float | None
    ulp_error: float | None
    verdict: CheckVerdict
    why: Phrase | None = field(metadata={"key": "reason"})
    wrong_modes: tuple[str, ...] = ()
    reference_by: ReferenceBy | None = None

    @property
    def reason(self) -> str | None:
        """Why not, in words."""
        from gradcli.results.phrasing import text  # it knows what is said of many ULPs from here

        return None if self.why is None else text(self.why)


@dataclass(frozen=True)
class CheckSummary:
    """How many elements of one dtype got which verdict; `worst` is the largest error in ULPs."""

    dtype: str
    agree: int
    disagree: int
    kink: int
    rounding: int
    no_reference: int
    worst: float | None

    @classmethod
    def of(cls, dtype: str, rows: Sequence[CheckRow]) -> CheckSummary:
        """That of the rows of a dtype."""
        count = Counter(row.verdict for row in rows)
        return cls(
            dtype,
            agree=count["agree"],
            disagree=count["disagree"],
            kink=count["kink"],
            rounding=count["rounding"],
            no_reference=count["no reference"],
            worst=max((row.ulp_error for row in rows if row.ulp_error is not None), default=None),
        )


@dataclass(frozen=True, repr=False)
class CheckResult(Shown):
    """Whether PyTorch's gradient is right here, element by element, dtype by dtype.

    without_reference: the operation that mpmath has no rule for, None if everything has one.
    conventions: where PyTorch's gradient is on purpose not the derivative, and what it was held against.
    """

    kind: ClassVar[str] = "check"
    setting: Setting
    expression: str
    inputs: Mapping[str, Input]
    summary: tuple[CheckSummary, ...]
    rows: tuple[CheckRow, ...]
    without_reference: str | None
    conventions: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
