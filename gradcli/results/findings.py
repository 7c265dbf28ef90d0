"""What is said beyond the numbers: findings about a gradient, and exceptions that PyTorch raised."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from gradcli.exceptions import Span
from gradcli.model.place import FilePlace as FilePlace
from gradcli.results.parts import Index, Phrase
from gradcli.results.shown import Shown

Severity = Literal["error", "warning", "note"]

ORIGINS = frozenset(
    {
        "nan-input", "inf-input", "underflow-forward", "nan-forward", "inf-forward", "nan-backward", "inf-backward",
        "nan-accumulated", "masked-branch",
    }
)  # fmt: skip
"""The codes that name the place where a NaN or an infinity came into being."""


@dataclass(frozen=True)
class Finding:
    """One cause of trouble, at the place where it is born.

    phrase: what is so. remark: what the gradient is with the fix, or why there is none.
    sample: how many elements of large inputs were looked at, None for all.
    step: the number of the step that it is about, None where there is no such step.
    elements: those of its input that it is about, None where they are not known or do not matter.
    inputs: those that it can explain something of, None for all.
    """

    code: str
    severity: Severity
    phrase: Phrase = field(metadata={"key": "message"})
    variable: str | None = None
    index: Index | None = None
    expression: str | None = None
    span: Span | None = None
    place: FilePlace | None = None
    operation: str | None = None
    node: str | None = None
    fix: str | None = None
    remark: Phrase | None = field(default=None, metadata={"key": None})
    sample: Sample | None = field(default=None, metadata={"key": None})
    step: int | None = field(default=None, metadata={"key": None})
    elements: frozenset[Index] | None = field(default=None, metadata={"key": None})
    inputs: frozenset[str] | None = field(default=None, metadata={"key": None})

    @property
    def message(self) -> str:
        """The finding as a sentence: what is so, what a fix changes, and how much was looked at."""
        from gradcli.results.phrasing import text  # only where there is something to say

        said = ". ".join(text(part) for part in (self.phrase, self.remark) if part is not None)
        if self.sample is None:
            return said
        return f"{said} (looked at {self.sample.looked:,} of {self.sample.of:,} elements)"


@dataclass(frozen=True)
class Sample:
    """How many elements of large inputs the findings looked at; NaN and Inf are looked for in all of them."""

    looked: int
    of: int


@dataclass(frozen=True, repr=False)
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
