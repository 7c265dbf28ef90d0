"""`gradcli watch` on each program of the table: place, operation, element, parameters, exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from expected import ROWS, SILENT, Row, Silent

FORKING = Path(__file__).parent / "forking.py"
Answer = dict[str, Any]

NOT_YET: dict[str, str] = {
    "nan_in_data.py": "the operation that made the batch is not told",
    "bce_by_hand.py": "the step is not run again: only the loss's line",
    "checkpointed_block.py --reentrant": "the checkpoint is named, not what is in it",
    "vmap_distance.py": "the transformed function is named, not what is in it",
    "compiled_norm.py": "the compiled function is named, not what is in it",
}
"""Rows of which watch says something else, and what."""


def answers(jobs: Sequence[Answer]) -> list[Answer]:
    ran = subprocess.run(
        [sys.executable, str(FORKING)], input=json.dumps(jobs), capture_output=True, text=True, timeout=600, check=False
    )
    assert ran.returncode == 0, ran.stderr
    told: list[Answer] = json.loads(ran.stdout)
    return told


def job(row: Row | Silent, *, watched: bool = True) -> Answer:
    module = isinstance(row, Row) and row.module
    program = ["-m", row.module] if isinstance(row, Row) and row.module else [row.path.name]
    before = ["gradcli", "watch", "--json"] if watched else []
    return {
        "argv": [*before, *program, *row.arguments],
        "folder": str(row.path if module else row.path.parent),
        "stdin": "" if isinstance(row, Row) else row.stdin,
        "watched": watched,
    }


def name(row: Row) -> str:
    return " ".join([row.program, *row.arguments])


def operations(row: Row) -> list[str | None]:
    """An error that PyTorch raises need not name the operation: the place does."""
    raised = row.code in ("in-place", "second-backward")
    return [row.operation, *([row.or_operation] if row.or_operation else []), *([None] if raised else [])]


def differences(row: Row, answer: Answer) -> list[str]:
    """Where the report says something else than the row."""
    try:
        findings = json.loads(answer["err"].splitlines()[-1])["findings"]
    except (IndexError, ValueError, KeyError):
        return [f"no report: {answer['err'][-300:]}"]
    findings = [finding for finding in findings if finding["severity"] != "note"]
    if len(findings) != 1:
        return [f"{len(findings)} findings: {[(one['code'], one['message']) for one in findings]}"]
    (finding,) = findings
    place = finding["place"] or {"file": "", "line": None}
    claims = {
        "code": (finding["code"], [row.code, *row.also]),
        "file": (Path(place["file"]).name, [Path(row.file or row.program).name]),
        "line": (place["line"], [row.number(text) for text in (row.line, row.or_line) if text]),
        "operation": (finding["operation"], operations(row)),
        "exit code": (answer["code"], [row.exit_code]),
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
    return wrong


def test_watch_says_of_each_program_what_its_row_says() -> None:
    wrong = {}
    for row, answer in zip(ROWS, answers([job(row) for row in ROWS]), strict=True):
        found = differences(row, answer)
        if bool(found) != (name(row) in NOT_YET):
            wrong[name(row)] = found or "right now: take it out of NOT_YET"
    assert not wrong, json.dumps(wrong, indent=1)


def test_watch_leaves_silent_programs_as_they_are() -> None:
    plain, watched = (answers([job(row, watched=how) for row in SILENT]) for how in (False, True))
    wrong = {}
    for row, ours, theirs in zip(SILENT, watched, plain, strict=True):
        # behind it threads of multiprocessing may complain, at the end of a process that was forked
        told = [json.loads(line)["findings"] for line in ours["err"].splitlines() if line.startswith('{"schema"')]
        findings = [one for one in told[-1] if one["severity"] != "note"] if told else ["no report"]
        if findings or (ours["out"], ours["code"]) != (theirs["out"], theirs["code"]) or ours["code"] != row.exit_code:
            wrong[" ".join([row.program, *row.arguments])] = [findings, ours, theirs]
    assert not wrong, json.dumps(wrong, indent=1)
