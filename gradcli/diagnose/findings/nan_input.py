"""`nan-input`: an input, a value from a file or a constant is NaN before anything is computed, and spoils something."""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.diagnose.findings import given
from gradcli.diagnose.findings.evidence import Evidence
from gradcli.results.findings import Finding


def find(result: object, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each input and each constant; what a mask takes away before it does harm was seen."""
    for origin in given.given(evidence, nan=True):
        yield given.finding(origin, evidence, code="nan-input", severity="error")
    yield from given.of_cotangent(evidence, nan=True)
