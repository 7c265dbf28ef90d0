"""What inputs and constants hold that is not finite, for the commands that make no other findings about values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from gradcli.compute.capture import TorchError
from gradcli.diagnose.bound_expression import Question
from gradcli.diagnose.evidence import findings_of
from gradcli.diagnose.slopes import at_dtype
from gradcli.results.findings import Finding

RULES = ("nan_input", "inf_input")


def given_findings(questions: Iterable[Question]) -> tuple[Finding, ...]:
    """The findings of each question, those that several have in common once."""
    return tuple(dict.fromkeys(finding for question in questions for finding in _of(question)))


def at_each_dtype(question: Question, dtypes: Iterable[str]) -> Iterator[Question]:
    """A question in float64 at other dtypes, which know what was written."""
    written = {name: leaf.detach() for name, leaf in question.leaves.items()}
    for dtype in dtypes:
        yield replace(at_dtype(question, dtype), written={} if dtype == "float64" else written)


def _of(question: Question) -> list[Finding]:
    try:
        return findings_of(question, question.evaluate(), RULES)
    except TorchError:  # its message is the answer
        return []
