"""`nan-forward`: a sub-expression's value is the first NaN, or the first infinity that a NaN was made of."""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.diagnose.findings import born
from gradcli.diagnose.findings.evidence import Evidence
from gradcli.results.findings import Finding


def find(result: object, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each place where a NaN of the value was born."""
    for birth in born.forward(evidence):
        if born.shows_nan(birth):
            message = born.forward_message(birth, evidence)
            yield born.finding(birth, evidence, code="nan-forward", severity="error", message=message)
