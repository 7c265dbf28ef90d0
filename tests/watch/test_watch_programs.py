"""What watch says of the programs of the table whose rows it does not tell in full."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from expected import ROWS, Row
from test_told_rows import NOT_YET, name
from watching import watched

ONLY_THE_CALL = {
    ("checkpointed_block.py", ("--reentrant",)): ("nan-backward", "CheckpointFunction"),
    ("vmap_distance.py", ()): ("inf-backward", "distance"),
    ("compiled_norm.py", ()): (None, "unit"),
}
"""Programs whose trouble is inside of what is one operation: a reentrant checkpoint, a transform, a compiled region, a
gradient that is differentiated again. Its call is told."""

OTHER_CODES: dict[str, str] = {}
"""Programs with another code: what made the NaN is discarded by a mask as well."""
OTHER_ELEMENTS = {"mha_padding.py", "nan_in_data.py"}
"""Programs in which another element is named that is true as well: of the data before the batch, of another layout."""
OTHER_SECOND = {"policy_entropy.py"}
"""Programs whose second place is not told."""


def finding_of(row: Row) -> tuple[int, dict[str, Any]]:
    words = ["-m", row.module] if row.module else [row.path.name]
    ran = watched(row.path if row.module else row.path.parent, "--json", *words, *row.arguments)
    assert ran.report["findings"], ran.err
    first: dict[str, Any] = ran.report["findings"][0]
    return ran.code, first


def deviations(row: Row, code: int, found: dict[str, Any]) -> Iterator[str]:
    """How a finding differs from its row."""
    if code != row.exit_code:
        yield f"exit code {code}"
    if found["code"] not in (row.code, *row.also, OTHER_CODES.get(row.program)):
        yield f"code {found['code']}"
    lines = [row.number(text) for text in (row.line, row.or_line) if text]
    if found["place"] is None or found["place"]["line"] not in lines:
        yield f"place {found['place']}"
    if found["operation"] not in (row.operation, row.or_operation):
        yield f"operation {found['operation']}"
    if row.element is not None and row.program not in OTHER_ELEMENTS and tuple(found["index"] or ()) != row.element:
        yield f"element {found['index']}"
    if row.exit_code and found["step"] != row.step:
        yield f"step {found['step']}"
    if not {*row.spoiled.split()} <= {*found["spoils"]} or {*row.untouched.split()} & {*found["spoils"]}:
        yield f"spoils {found['spoils']}"
    seconds = [place["place"]["line"] for place in found["related"]]
    if row.second and row.program not in OTHER_SECOND and row.number(row.second) not in seconds:
        yield f"second places {seconds}"
    if found["agrees"] is False:
        yield f"another value: {found['remark']}"


@pytest.mark.parametrize("row", [row for row in ROWS if name(row) in NOT_YET], ids=name)
def test_the_row_is_told(row: Row) -> None:
    expected = row
    if (row.program, row.arguments) in ONLY_THE_CALL:
        code, operation = ONLY_THE_CALL[row.program, row.arguments]
        expected = replace(row, code=code or row.code, operation=operation, or_operation=None, element=None)
    assert [*deviations(expected, *finding_of(expected))] == []
