"""Answers the command lines on standard input, a JSON list of lists, on the CPU and on the stand-in."""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout

import stand_in

from gradcli.cli import main


def answered(argv: list[str]) -> list[object]:
    """The exit code, and the JSON without what tells the device."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = main([*argv, "--json"])
        except Exception as error:  # noqa: BLE001 - what the entry point calls a bug
            return [70, f"{type(error).__name__}: {error}", err.getvalue()]
    try:
        document = json.loads(out.getvalue())
    except ValueError:
        document = out.getvalue()
    if isinstance(document, dict):
        document.pop("device", None)
    return [code, document, err.getvalue()]


def answer() -> None:
    lines = json.load(sys.stdin)
    stand_in.plug_in()
    pairs = [[answered(line), answered([*line, "--device", stand_in.NAME])] for line in lines]
    json.dump(pairs, sys.stdout)
