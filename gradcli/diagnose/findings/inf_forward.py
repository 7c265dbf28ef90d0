"""`inf-forward`: a sub-expression's value is the first infinite one although its arguments are finite.

A warning; an error where gradients are not finite because of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.diagnose.findings import at_origin
from gradcli.diagnose.findings.evidence import Evidence
from gradcli.results.findings import Finding


def find(result: object, evidence: Evidence) -> Iterator[Finding]:
    """One finding for each place where a value first was infinite."""
    for origin in at_origin.forward(evidence):
        if not at_origin.shows_nan(origin):
            message = at_origin.forward_message(origin, evidence)
            yield at_origin.finding(
                origin, evidence, code="inf-forward", severity="error" if origin.spoils else "warning", message=message
            )
