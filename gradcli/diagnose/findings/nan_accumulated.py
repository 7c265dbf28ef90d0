"""`nan-accumulated`: gradients meet at one tensor, and their sum is the first NaN or Inf; no node is to blame."""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.diagnose.findings import at_origin
from gradcli.diagnose.findings.evidence import Evidence
from gradcli.diagnose.findings.origins import Origin
from gradcli.diagnose.findings.words import name, number, place
from gradcli.results.findings import Finding


def find(result: object, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each tensor where they meet."""
    for origin in evidence.origins:
        if origin.kind == "accumulated":
            yield at_origin.finding(
                origin, evidence, code="nan-accumulated", severity="error", message=_message(origin)
            )


def _message(origin: Origin) -> str:
    where = place(origin.operand or origin.step, origin.index)
    if origin.reached is not None:
        sent = f"{name(origin.step)} sends {number(origin.reached)} to {where}"
        return f"{sent}, where it meets another gradient: the sum is {number(origin.value)}"
    return f"the gradients that meet at {where} are finite, and add up to {number(origin.value)}"
