"""What was found in a program: each finding with its source, then how the program ended."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import numpy as np

from gradcli.render.blocks import Block, Column, Facts, Note, Table, Verbatim
from gradcli.render.text import width_of
from gradcli.results import FilePlace, ProgramFinding, WatchResult

MOST_NAMES = 6
"""Parameters that are named; of more the rest is counted."""
TAB = "    "


def blocks(result: WatchResult) -> tuple[Block, ...]:
    """The answer for people."""
    found = [block for finding in result.findings for block in _finding_blocks(finding)]
    return (*found, *_ending(result))


def table(result: WatchResult) -> Table:
    """A row a finding, with its place."""
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


def _finding_blocks(finding: ProgramFinding) -> Iterator[Block]:
    when = f" step {finding.step}" if finding.step else ""
    yield Note(f"{finding.severity}[{finding.code}]{when}: {finding.message}", finding.severity)
    if finding.place is not None:
        yield Verbatim(f"--> {_where(finding.place, finding.turn)}")
        yield Verbatim("\n" + source_text(finding))
    facts = [
        ("why", finding.why),
        ("reached", finding.reached),
        ("spoils" if finding.severity == "error" else "concerns", _listed(finding.spoils)),
        ("untouched", _listed(finding.untouched)),
        ("note", finding.remark),
    ]
    pairs = tuple((name, text) for name, text in facts if text)
    if pairs:
        yield Facts(pairs)


def _where(place: FilePlace, turn: tuple[int, ...]) -> str:
    function = "" if place.function in (None, "<module>") else f", in {place.function}"
    number, of = turn
    return f"{place.file}:{place.line}{function}{f', call {number} of {of} in this step' if of > 1 else ''}"


def source_text(finding: ProgramFinding) -> str:
    """The lines around the place and the related ones, marked under the expressions."""
    assert finding.place is not None
    marks = [(finding.place, "^", finding.label), *((one.place, "-", one.label) for one in finding.related)]
    width = max(len(str(line.number)) for line in finding.lines) if finding.lines else 1
    shown: list[str] = []
    for file, lines in groupby(finding.lines, lambda line: line.file):
        if file != finding.place.file:
            shown.append(f" {' ' * width} ::: {file}")
        previous = None
        for line in lines:
            if previous is not None and line.number > previous + 1:
                shown.append(f" {' ' * width} ...")
            previous = line.number
            here = file == finding.place.file and finding.place.line <= line.number <= finding.place.end_line
            shown.append(f"{'>' if here else ' '} {line.number:>{width}} | {_spaced(line.text)}".rstrip())
            shown += [
                f"  {' ' * width} | {_underlined(line.text, line.number, place, mark, label)}"
                for place, mark, label in marks
                if place.file == file and place.line <= line.number <= place.end_line
            ]
    return "\n".join(shown)


def _underlined(text: str, number: int, place: FilePlace, mark: str, label: str) -> str:
    """The marks under the part of a line that a place has, with the label under its last line."""
    start = place.column - 1 if number == place.line else len(text) - len(text.lstrip())
    end = place.end_column - 1 if number == place.end_line else len(text.rstrip())
    marked = mark * max(1, width_of(_spaced(text[start:end])))
    return f"{' ' * width_of(_spaced(text[:start]))}{marked} {label if number == place.end_line else ''}".rstrip()


def _spaced(text: str) -> str:
    return text.replace("\t", TAB)


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:MOST_NAMES])
    return shown if len(names) <= MOST_NAMES else f"{shown} and {len(names) - MOST_NAMES} more"


def _ending(result: WatchResult) -> Iterator[Note]:
    """`stopped before backward; no parameter was changed`, and what was looked at."""
    if result.stopped is not None:
        yield Note(f"stopped {result.stopped}; no parameter was changed in this step", "plain")
    counts = [_count(result.steps, "step")]
    for severity in ("error", "warning", "note"):
        number = sum(one.severity == severity for one in result.findings)
        if number:
            counts.append(_count(number, severity))
    agreed = [one.agrees for one in result.findings if one.agrees is not None]
    again = ""
    if agreed:
        same = "every value agrees to the bit" if all(agreed) else "not every value agrees"
        again = f"; the step was run again and {same} ({result.seconds:.1f} s)"
    if not result.steps:
        yield Note("nothing was differentiated: the program called no backward", "quiet")
    else:
        yield Note(", ".join(counts) + again, "quiet")


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
