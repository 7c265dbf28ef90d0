"""What was found in a program: each finding with its source, then how the program ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np

from gradcli.render.blocks import Block, Column, Facts, FileLines, Mark, MarkedLine, Note, SourceExcerpt, Table
from gradcli.render.views.findings import explain_note
from gradcli.render.views.tensors import float_column
from gradcli.results import FilePlace, GradientNorms, ProgramFinding, SourceLine, WatchResult
from gradcli.results.phrasing import counted

MOST_NAMES = 6
"""Parameters that are named; of more the rest is counted."""


def blocks(result: WatchResult) -> tuple[Block, ...]:
    """The answer for people."""
    found = [block for finding in result.findings for block in finding_blocks(finding)]
    return (*found, *ending(result))


def table(result: WatchResult) -> Table:
    """A row a finding, with its place; where the norms were asked for, a row a step with a column a parameter."""
    if result.norms is not None and result.norms.asked:
        return _norms_table(result.norms)
    findings = result.findings
    texts: dict[str, list[str]] = {
        "code": [one.code for one in findings],
        "severity": [one.severity for one in findings],
        "message": [one.message for one in findings],
        "operation": [one.operation or "" for one in findings],
        "file": [one.place.file if one.place else "" for one in findings],
        "function": [(one.place.function if one.place else None) or "" for one in findings],
        "expression": [one.place.text if one.place else "" for one in findings],
        "why": [one.why or "" for one in findings],
    }
    numbers = {
        "step": [one.step for one in findings],
        "line": [one.place.line if one.place else 0 for one in findings],
    }
    return Table(
        (
            *(Column(name, values) for name, values in texts.items()),
            *(Column(name, np.array(values, dtype=np.int64)) for name, values in numbers.items()),
        )
    )


def _norms_table(norms: GradientNorms) -> Table:
    columns = [float_column(one.parameter, one.norms) for one in norms.parameters]
    return Table((Column("step", np.array(norms.steps, dtype=np.int64)), *columns))


def finding_blocks(finding: ProgramFinding) -> Iterator[Block]:
    """One finding: what is so, the source, why, and what it concerns."""
    when = f" step {finding.step}" if finding.step else ""
    yield Note(f"{finding.severity}[{finding.code}]{when}: {finding.message}", finding.severity)
    if finding.place is not None:
        yield SourceExcerpt(_where(finding, finding.place), tuple(_files(finding, finding.place)), finding.severity)
    pairs = _facts(finding)
    if pairs:
        yield Facts(pairs, finding.severity)


def _facts(finding: ProgramFinding) -> tuple[tuple[str, str], ...]:
    facts = [
        ("why", finding.why),
        ("reached", finding.reached),
        ("spoils" if finding.severity == "error" else "concerns", _listed(finding.spoils)),
        ("untouched", _listed(finding.untouched)),
        ("fix", finding.fix),
        ("replaces", f"{finding.expression}  (run: value and gradients are finite)" if finding.fix else None),
        ("alone", _alone(finding)),
        ("where", "; ".join(finding.where)),
        ("note", finding.remark),
    ]
    return tuple((name, text) for name, text in facts if text)


def _alone(finding: ProgramFinding) -> str | None:
    if finding.alone is None and finding.expression is not None:
        return f"{finding.expression}  (--save DIR writes its tensors)"
    return finding.alone


def _where(finding: ProgramFinding, place: FilePlace) -> str:
    number, of = finding.turn
    where = [
        f"{place.file}:{place.line}",
        f"in {place.function}" if place.function not in (None, "<module>") else "",
        f"module {finding.module}" if finding.module else "",
        f"call {number} of {of} in this step" if of > 1 else "",
    ]
    return ", ".join(filter(None, where))


def _files(finding: ProgramFinding, place: FilePlace) -> Iterator[FileLines]:
    """The lines of each file, with marks under the place and the related ones."""
    marked = [(place, finding.label, True), *((one.place, one.label, False) for one in finding.related)]
    files = {file: [*lines] for file, lines in groupby(finding.lines, lambda line: line.file)}
    for file, lines in sorted(files.items(), key=lambda item: item[0] != place.file):
        yield FileLines(
            None if file == place.file else file, tuple(_marked_line(line, marked, lines) for line in lines)
        )


def _marked_line(
    line: SourceLine, marked: Sequence[tuple[FilePlace, str, bool]], lines: Sequence[SourceLine]
) -> MarkedLine:
    """A line with its marks; the label stands below the last line of the place that is shown."""
    shown = [one.number for one in lines]
    there = [
        (place, label, leads)
        for place, label, leads in marked
        if place.file == line.file and place.line <= line.number <= place.end_line
    ]
    marks = (
        Mark(
            _span(line, place),
            label if line.number == max(number for number in shown if number <= place.end_line) else "",
            leads,
        )
        for place, label, leads in there
    )
    return MarkedLine(line.number, line.text, tuple(marks), any(leads for _, _, leads in there))


def _span(line: SourceLine, place: FilePlace) -> tuple[int, int]:
    """The part of a line that belongs to a place."""
    text = line.text
    start = place.column - 1 if line.number == place.line else len(text) - len(text.lstrip())
    return start, place.end_column - 1 if line.number == place.end_line else len(text.rstrip())


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:MOST_NAMES])
    return shown if len(names) <= MOST_NAMES else f"{shown} and {len(names) - MOST_NAMES} more"


def ending(result: WatchResult) -> Iterator[Note]:
    """`stopped before backward; no parameter was changed`, what was looked at, and how to ask for more."""
    if result.stopped is not None:
        yield Note(f"stopped {result.stopped}; no parameter was changed in this step", "plain")
    counts = [counted(result.steps, "step")]
    for severity in ("error", "warning", "note"):
        number = sum(one.severity == severity for one in result.findings)
        if number:
            counts.append(counted(number, severity))
    agreed = [one.agrees for one in result.findings if one.agrees is not None]
    again = ""
    if agreed:
        same = "every value agrees to the bit" if all(agreed) else "not every value agrees"
        again = f"; the step was run again and {same} ({result.seconds:.1f} s)"
    # quiet stays with the line that tells of the stop, and apart from a finding that is one sentence
    apart = result.stopped is None and bool(result.findings and _facts(result.findings[-1]))
    text = ", ".join(counts) + again if result.steps or result.stopped else _nothing(result)
    yield Note(text, "plain" if apart else "quiet")
    yield from explain_note(one.code for one in result.findings)


def _nothing(result: WatchResult) -> str:
    if any(one.code == "unwatched-thread" for one in result.findings):
        return "nothing was differentiated in the thread that is watched"
    return "nothing was differentiated: the program called no backward"
