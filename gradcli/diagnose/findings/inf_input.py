"""`inf-input`: an input or a constant is infinite before anything is computed, or the dtype cannot hold its number.

A warning; an error where it makes a NaN, or where gradients are not finite because of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.diagnose.findings import given
from gradcli.diagnose.findings.evidence import Evidence
from gradcli.results.findings import Finding, Severity


def find(result: object, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each input and each constant that spoils something, or is not what was written."""
    for origin in given.given(evidence, nan=False):
        severity: Severity = "error" if origin.spoils or origin.later is not None else "warning"
        yield given.finding(origin, evidence, code="inf-input", severity=severity)
    yield from given.of_cotangent(evidence, nan=False)
