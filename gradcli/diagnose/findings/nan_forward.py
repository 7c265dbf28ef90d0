"""`nan-forward`: a sub-expression's value is the first NaN, or the first infinity that a NaN was made of."""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.diagnose.findings import at_origin
from gradcli.diagnose.findings.evidence import Evidence
from gradcli.results.findings import Finding


def find(result: object, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each place where a value first was NaN."""
    for origin in at_origin.forward(evidence):
        if at_origin.shows_nan(origin):
            message = at_origin.forward_message(origin, evidence)
            yield at_origin.finding(origin, evidence, code="nan-forward", severity="error", message=message)
