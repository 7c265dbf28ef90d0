"""The answer of `--emit`: a program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from gradcli.results.findings import Finding
from gradcli.results.shown import Shown
from gradcli.results.tensors import Setting


@dataclass(frozen=True, repr=False)
class ProgramResult(Shown):
    """The program that does what the command would have done."""

    kind: ClassVar[str] = "program"
    setting: Setting
    expression: str | None
    language: Literal["torch"]
    program: str
    findings: tuple[Finding, ...] = ()
