"""What is said beyond the numbers: findings about a gradient, and exceptions that PyTorch raised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from gradcli.errors import Span
from gradcli.results.shown import Shown

Severity = Literal["error", "warning", "note"]

CODES = (
    "nan-input",
    "inf-input",
    "underflow-forward",
    "nan-forward",
    "inf-forward",
    "nan-backward",
    "inf-backward",
    "nan-accumulated",
    "masked-branch",
    "domain",
    "dead",
    "saturated",
    "underflow",
    "flat",
    "disconnected",
    "kink",
    "not-differentiable",
    "vanishing",
    "exploding",
    "cancellation",
    "not-scalar",
)
"""Every kind of finding."""


@dataclass(frozen=True)
class Finding:
    """One cause of trouble, at the place where it is born."""

    code: str
    severity: Severity
    message: str
    variable: str | None = None
    index: tuple[int, ...] | None = None
    expression: str | None = None
    span: Span | None = None
    operation: str | None = None
    node: str | None = None
    fix: str | None = None


@dataclass(frozen=True)
class Sample:
    """How many elements of large inputs the findings looked at; NaN and Inf are looked for in all of them."""

    looked: int
    of: int


@dataclass(frozen=True)
class Failure(Shown):
    """An exception that PyTorch raised, word for word, with the fix in terms of the command line."""

    kind: ClassVar[str] = "error"
    code: str
    type: str
    message: str
    hint: str | None = None
    expression: str | None = None
    span: Span | None = None
    id: str | None = None
