"""`nan-backward`: a node sends on the first NaN gradient although the gradient that reached it is finite."""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.diagnose.findings import at_origin
from gradcli.diagnose.findings.evidence import Evidence
from gradcli.results.findings import Finding


def find(result: object, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each place; discarded branches are for `masked-branch`."""
    for origin in evidence.origins:
        if origin.kind == "backward" and origin.masked is None and origin.value != origin.value:
            message = at_origin.backward_message(origin, evidence)
            yield at_origin.finding(origin, evidence, code="nan-backward", severity="error", message=message)
