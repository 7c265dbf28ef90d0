"""`masked-branch`: the NaN or Inf comes from a branch that `where`, a mask or `clamp` discards: 0 * inf."""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.diagnose.findings import at_origin
from gradcli.diagnose.findings.evidence import Evidence
from gradcli.diagnose.findings.words import name
from gradcli.results.findings import Finding


def find(result: object, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each operation of a discarded branch that makes NaN, or that makes NaN of the zero it is sent."""
    for origin in evidence.origins:
        if origin.masked is None or origin.kind not in ("forward", "backward"):
            continue
        hides = name(origin.masked)
        if origin.kind == "forward":
            made = at_origin.forward_message(origin, evidence)
            message = f"{made}: {hides} discards it, and 0 * nan is nan on the way back"
        else:
            message = (
                f"{at_origin.backward_message(origin, evidence)}; the zero is from {hides}, which discards the element"
            )
        yield at_origin.finding(origin, evidence, code="masked-branch", severity="error", message=message)
