"""Findings: the sentence, the place, the fix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gradcli.render.blocks import Block, Excerpt, Note, Verbatim
from gradcli.results import FilePlace, Finding, Sample


def finding_blocks(findings: Iterable[Finding], expression: str | None) -> tuple[Block, ...]:
    """A note a finding, with its place in the subject under it, and the fix that was run; then how to ask for more.

    expression: the subject.
    """
    findings = tuple(findings)
    blocks: list[Block] = []
    for finding in findings:
        blocks.append(Note(f"{finding.severity}[{finding.code}]: {finding.message}", finding.severity))
        if finding.place is not None:
            blocks.append(Verbatim(_excerpt(finding.place)))
        elif expression is not None and finding.span is not None:
            blocks.append(Excerpt(expression, finding.span, finding.severity))
        if finding.fix is not None:
            blocks.append(Note(f"fix: {finding.fix}", "good"))
    return (*blocks, *explain_note(finding.code for finding in findings))


def explain_note(codes: Iterable[str]) -> Iterator[Note]:
    """The command that explains what was found, once a screen."""
    if distinct := " ".join(dict.fromkeys(codes)):
        yield Note(f"gradcli explain {distinct}", "quiet", follows=True)


def _excerpt(place: FilePlace) -> str:
    """The place in a file, and what is written there."""
    function = "" if place.function in (None, "<module>") else f", in {place.function}"
    written = "\n".join(f"      {line.strip()}" for line in place.text.split("\n"))
    return f"  --> {place.file}:{place.line}:{place.column}{function}\n{written}"


def sample_notes(sample: Sample | None) -> Iterator[Note]:
    """What was not looked at, where the inputs are too large to look at all of them."""
    if sample is None:
        return
    if sample.looked:
        yield Note(f"findings looked at {sample.looked:,} of {sample.of:,} elements", "quiet")
    else:
        yield Note(
            f"{sample.of:,} elements are too many to look for findings where they are mixed; "
            "NaN and infinity were looked for in all of them",
            "quiet",
        )
