"""`nan-backward`: a node sends on the first NaN gradient although the gradient that reached it is finite."""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.diagnose.findings import born
from gradcli.diagnose.findings.evidence import Evidence
from gradcli.results.findings import Finding


def find(result: object, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each place; discarded branches are for `masked-branch`."""
    for birth in evidence.births:
        if birth.kind == "backward" and birth.masked is None and birth.value != birth.value:
            message = born.backward_message(birth, evidence)
            yield born.finding(birth, evidence, code="nan-backward", severity="error", message=message)
