"""Asking `gradcli check` on its command line, in this process."""

from __future__ import annotations

import json
import shlex
from typing import Any

from command_line import captured


def check(line: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the JSON of `gradcli check LINE`."""
    code, out, _ = captured(["check", *shlex.split(line), "--json"])
    return code, json.loads(out)


def rows(line: str) -> list[dict[str, Any]]:
    """The rows of a check that accuses nobody."""
    code, result = check(line)
    assert code == 0, [row for row in result["rows"] if row["verdict"] == "disagree"] or result
    found: list[dict[str, Any]] = result["rows"]
    return found


def verdicts(line: str) -> list[str]:
    """The verdicts in float64, where no tail is lost to the dtype."""
    return [row["verdict"] for row in rows(f"{line} --dtype float64")]
