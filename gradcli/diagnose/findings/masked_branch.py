"""`masked-branch`: the NaN or Inf comes from a branch that `where`, a mask or `clamp` discards: 0 * inf."""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.diagnose.findings import born
from gradcli.diagnose.findings.evidence import Evidence
from gradcli.diagnose.findings.words import name
from gradcli.results.findings import Finding


def find(result: object, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each operation of a discarded branch that makes NaN, or that makes NaN of the zero it is sent."""
    for birth in evidence.births:
        if birth.masked is None or birth.kind not in ("forward", "backward"):
            continue
        hides = name(birth.masked)
        if birth.kind == "forward":
            message = (
                f"{born.forward_message(birth, evidence)}: {hides} discards it, and 0 * nan is nan on the way back"
            )
        else:
            message = f"{born.backward_message(birth, evidence)}; the zero is from {hides}, which discards the element"
        yield born.finding(birth, evidence, code="masked-branch", severity="error", message=message)
