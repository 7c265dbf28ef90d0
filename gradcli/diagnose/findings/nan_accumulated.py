"""`nan-accumulated`: gradients meet at one tensor, and their sum is the first NaN or Inf; no node is to blame."""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.diagnose.findings import born
from gradcli.diagnose.findings.births import Birth
from gradcli.diagnose.findings.evidence import Evidence
from gradcli.diagnose.findings.words import name, number, place
from gradcli.results.findings import Finding


def find(result: object, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each tensor where they meet."""
    for birth in evidence.births:
        if birth.kind == "accumulated":
            yield born.finding(birth, evidence, code="nan-accumulated", severity="error", message=_message(birth))


def _message(birth: Birth) -> str:
    where = place(birth.operand or birth.step, birth.index)
    if birth.reached is not None:
        sent = f"{name(birth.step)} sends {number(birth.reached)} to {where}"
        return f"{sent}, where it meets another gradient: the sum is {number(birth.value)}"
    return f"the gradients that meet at {where} are finite, and add up to {number(birth.value)}"
