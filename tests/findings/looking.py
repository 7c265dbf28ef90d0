"""What gradcli finds for a command line, and where."""

from __future__ import annotations

import shlex
from typing import Any, NamedTuple

from command_line import captured
from orjson import loads


class Place(NamedTuple):
    """Where a finding stands: PyTorch's operation, the input, its element, and the text under the caret."""

    operation: str | None
    variable: str | None
    index: list[int] | None
    text: str | None


def findings(line: str) -> list[dict[str, Any]]:
    """Every finding of a command line, which may end as it likes."""
    _, out, err = captured([*shlex.split(line), "--json"])
    answer = loads(out)
    assert "findings" in answer, (line, out, err)
    return answer["findings"]


def found(line: str, code: str) -> list[dict[str, Any]]:
    """The findings of one code."""
    return [finding for finding in findings(line) if finding["code"] == code]


def place(finding: dict[str, Any], line: str) -> Place:
    """Where it stands in the command line's expression."""
    expression = shlex.split(line)[1]
    span = finding["span"]
    text = None if span is None else expression[span[0] : span[1]]
    return Place(finding["operation"], finding["variable"], finding["index"], text)
