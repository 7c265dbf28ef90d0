"""`masked-branch`: the NaN or Inf comes from a branch that `where`, a mask or `clamp` discards: 0 * inf."""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.findings import born
from gradcli.findings.evidence import Evidence
from gradcli.findings.words import name
from gradcli.results.findings import Finding


def find(result: object, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each operation of a discarded branch that makes NaN of the zero it is sent."""
    for birth in evidence.births:
        if birth.kind == "backward" and birth.masked is not None:
            zero = f"the zero is from {name(birth.masked)}, which discards the element"
            message = f"{born.backward_message(birth, evidence)}; {zero}"
            yield born.finding(birth, evidence, code="masked-branch", severity="error", message=message)
