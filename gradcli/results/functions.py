"""The answer of `functions`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from gradcli.results.shown import Shown


@dataclass(frozen=True)
class FunctionEntry:
    """One row of the catalogue as the user sees it; what does not apply is None."""

    name: str
    category: str
    torch: str
    signatures: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    formula: str | None = None
    derivative: str | None = None
    range: str | None = None
    kinks: tuple[str, ...] | None = None
    flat: str | None = None
    saturation: str | None = None
    largest_slope: str | None = None
    parameters: Mapping[str, float | str | bool | None] = field(default_factory=dict)
    reductions: tuple[str, ...] | None = None
    arguments: tuple[str, ...] | None = None
    domain: str | None = None
    paper: str | None = None
    example: str | None = None


@dataclass(frozen=True, repr=False)
class FunctionsResult(Shown):
    """Rows of the catalogue; `name` is set when one of them was asked for.

    asked: False for the whole catalogue where nobody asked for all of it.
    """

    kind: ClassVar[str] = "functions"
    name: str | None
    functions: tuple[FunctionEntry, ...]
    asked: bool = True
