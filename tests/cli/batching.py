"""Requests of a batch, and their answers as data."""

from __future__ import annotations

import json
from typing import Any

from gradcli.cli.batch.answering import answer


def batch(text: str | bytes, run: Any, *options: str) -> tuple[int, list[Any]]:
    """The exit code and the answers, parsed; standard error must be empty."""
    code, out, err = run(["batch", *options], stdin=text)
    assert err == ""
    return code, [json.loads(line) for line in out.splitlines()]


def error_of(line: str | bytes) -> Any:
    """The error that answers a line."""
    document = json.loads(answer(line if isinstance(line, bytes) else line.encode()).line)
    assert document["schema"] == "gradcli/error/1", document
    return document["error"]
