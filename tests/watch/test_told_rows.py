"""`gradcli watch` on each program of the table: place, operation, element, parameters, exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from expected import ROWS, Row
from expected_silent import SILENT, Silent
from watching import Ran, plain_warm, watched


def name(row: Row | Silent) -> str:
    return " ".join([row.program, *row.arguments])


def operations(row: Row) -> list[str | None]:
    """An error that PyTorch raises need not name the operation: the place does."""
    raised = row.code in ("in-place", "second-backward")
    return [row.operation, *([row.or_operation] if row.or_operation else []), *([None] if raised else [])]


def findings_of(ran: Ran) -> list[dict[str, Any]]:
    """The findings that are no notes."""
    return [finding for finding in ran.report["findings"] if finding["severity"] != "note"]


def differences(row: Row, ran: Ran) -> list[str]:
    """Where the report says something else than the row."""
    findings = findings_of(ran)
    if not findings:
        return ["nothing is found"]
    finding = findings[0]
    place = finding["place"] or {"file": "", "line": None}
    claims = {
        "code": (finding["code"], [row.code, *row.also]),
        "file": (Path(place["file"]).name, [Path(row.file or row.program).name]),
        "line": (place["line"], [row.number(text) for text in (row.line, row.or_line) if text]),
        "operation": (finding["operation"], operations(row)),
        "exit code": (ran.code, [row.exit_code]),
    }
    if row.exit_code:
        claims["step"] = finding["step"], [row.step]
    if row.element is not None:
        claims["element"] = finding["index"] or [], [list(row.element), list(row.or_element or row.element)]
    wrong = [
        f"{what} {said}, not {' or '.join(map(str, true))}" for what, (said, true) in claims.items() if said not in true
    ]
    for what, true in (("spoils", row.spoiled), ("untouched", row.untouched)):
        if true and (row.exit_code or what == "spoils") and {*finding[what]} != {*true.split()}:
            wrong.append(f"{what} {' '.join(finding[what]) or 'nothing'}, not {true}")
    if finding["agrees"] is False:
        wrong.append(f"another value: {finding['remark']}")
    related = [one["place"]["line"] for one in finding["related"]]
    if row.second and row.number(row.second) not in related:
        wrong.append(f"second place {related}, not {row.number(row.second)}")
    if len(findings) > 1:
        told = ", ".join(f"{one['code']} in line {one['place']['line']}" for one in findings)
        wrong.append(f"{len(findings)} findings: {told}")
    return wrong


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_watch_says_of_a_program_what_its_row_says(row: Row) -> None:
    words = ["-m", row.module] if row.module else [row.path.name]
    ran = watched(row.path if row.module else row.path.parent, "--json", *words, *row.arguments)
    assert [*differences(row, ran)] == [], ran.err


@pytest.mark.parametrize("row", SILENT, ids=name)
def test_watch_leaves_a_silent_program_as_it_is(row: Silent) -> None:
    words = row.path.name, *row.arguments
    expected = plain_warm(row.path.parent, *words, stdin=row.stdin)
    ran = watched(row.path.parent, "--json", *words, stdin=row.stdin)
    assert findings_of(ran) == []
    assert (ran.out, ran.code) == (expected.out, expected.code)
    assert ran.code == row.exit_code
