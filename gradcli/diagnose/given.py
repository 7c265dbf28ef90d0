"""What inputs and constants hold that is not finite, for the commands that make no other findings about values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.diagnose.diagnosis import findings_of
from gradcli.diagnose.findings.table import GIVEN
from gradcli.diagnose.slopes import at_dtype
from gradcli.numerics.capture import TorchError
from gradcli.results.findings import Finding


def given_findings(expressions: Iterable[BoundExpression]) -> tuple[Finding, ...]:
    """The findings of each expression, those that several have in common once."""
    found: dict[object, Finding] = {}
    for bound in expressions:
        for finding in _of(bound):
            found.setdefault((finding.severity, finding.message, finding.span), finding)
    return tuple(found.values())


def at_each_dtype(bound: BoundExpression, dtypes: Iterable[str]) -> Iterator[BoundExpression]:
    """An expression in float64 at other dtypes, which know what was written."""
    written = {name: leaf.detach() for name, leaf in bound.leaves.items()}
    for dtype in dtypes:
        yield replace(at_dtype(bound, dtype), written={} if dtype == "float64" else written)


def _of(bound: BoundExpression) -> list[Finding]:
    try:
        return findings_of(bound, bound.evaluate(), GIVEN)
    except TorchError:  # its message is the answer
        return []
