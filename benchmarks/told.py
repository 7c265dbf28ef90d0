"""What watch says of each program with a known trouble, against the table of the tests: line, operation, element, why.

    .venv/bin/python benchmarks/told.py [PART OF A NAME ...]

A row a program: `=` where the report says what the table does, else what it says; why, shortened; and the seconds that
finding out took, which are none of the program's. The last line counts. Each program runs in an interpreter of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "watch"))

from expected import ROWS, SILENT, Row, Silent

LONGEST = 70


def reported(row: Row | Silent) -> dict[str, Any]:
    """The report on a program."""
    module = row.module if isinstance(row, Row) else None
    words = ["-m", module] if module else [row.path.name]
    folder = row.path if module else row.path.parent
    command = [sys.executable, "-m", "gradcli", "watch", "--json", *words, *row.arguments]
    given = row.stdin if isinstance(row, Silent) else ""
    ran = subprocess.run(command, cwd=folder, input=given, capture_output=True, text=True, timeout=300, check=False)
    found: dict[str, Any] = json.loads([line for line in ran.stderr.splitlines() if line.startswith('{"schema"')][-1])
    return found


def compared(row: Row, report: dict[str, Any]) -> list[str]:
    """Line, operation, element and why, as the first finding that is no note tells them."""
    told = next((one for one in report["findings"] if one["severity"] != "note"), None)
    if told is None:
        return ["nothing", "-", "-", "-"]
    line = (told["place"] or {}).get("line")
    lines = [row.number(text) for text in (row.line, row.or_line) if text]
    element = told["index"] and tuple(told["index"])
    elements = [row.element or None, row.or_element or row.element or None]
    operations = [row.operation, row.or_operation]
    is_raised = row.code in ("in-place", "second-backward")  # of those the place says enough
    why = told["why"] or told["message"]
    return [
        "=" if line in lines else str(line),
        "=" if told["operation"] in operations or (is_raised and told["operation"] is None) else str(told["operation"]),
        "-" if row.element is None else "=" if element in elements else str(element),
        why if len(why) <= LONGEST else f"{why[: LONGEST - 1]}…",
    ]


def main() -> int:
    parts = sys.argv[1:]
    rows = [row for row in ROWS if not parts or any(part in row.program for part in parts)]
    print("| program | cause | line | operation | element | why | s |\n| --- | --- | --- | --- | --- | --- | --- |")
    right, seconds = 0, []
    for row in rows:
        report = reported(row)
        cells = compared(row, report)
        right += all(cell in ("=", "-") for cell in cells[:3])
        seconds.append(report["seconds"])
        print(f"| {' | '.join([row.program, row.cause, *cells, format(seconds[-1], '.2f')])} |", flush=True)
    silent = [row for row in SILENT if not parts or any(part in row.program for part in parts)]
    quiet = sum(all(one["severity"] == "note" for one in reported(row)["findings"]) for row in silent)
    if seconds:
        print(f"\n{right} of {len(rows)} as in the table; {sorted(seconds)[len(seconds) // 2]:.2f} s in the median")
    if silent:
        print(f"{quiet} of {len(silent)} programs without a trouble are left alone")
    return right < len(rows) or quiet < len(silent)


if __name__ == "__main__":
    sys.exit(main())
