"""`inf-forward`: a sub-expression's value is the first infinite one although its arguments are finite.

A warning; an error where gradients are not finite because of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.diagnose.findings import born
from gradcli.diagnose.findings.evidence import Evidence
from gradcli.results.findings import Finding


def find(result: object, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each place where an infinity of the value was born."""
    for birth in born.forward(evidence):
        if not born.shows_nan(birth):
            message = born.forward_message(birth, evidence)
            yield born.finding(
                birth, evidence, code="inf-forward", severity="error" if birth.spoils else "warning", message=message
            )
