"""The answer of `explain`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from gradcli.results.errors import ErrorEntry
from gradcli.results.findings import Severity
from gradcli.results.shown import Shown


@dataclass(frozen=True)
class Example:
    """A command, and what it answers."""

    command: str
    output: str


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a finding or an error means, and what to do.

    severities: of a finding, the usual one first. example: of a finding, as the documents have it.
    error: the error's entry, with what its program raised; None for a finding.
    """

    code: str
    of: Literal["finding", "error"]
    meaning: str
    severities: tuple[Severity, ...]
    cause: str
    fix: str
    example: tuple[Example, ...]
    related: tuple[str, ...]
    error: ErrorEntry | None


@dataclass(frozen=True, eq=False, repr=False)
class ExplainResult(Shown):
    """What findings and errors mean, and what to do."""

    kind: ClassVar[str] = "explain"
    torch: str | None
    asked: tuple[str, ...]
    entries: tuple[Explanation, ...]
