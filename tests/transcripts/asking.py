"""Asking gradcli on its command line, in this process."""

from __future__ import annotations

import contextlib
import io
import json
import math
import shlex
from typing import Any

from gradcli.cli import main


def ask(line: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the JSON that a command line answers with; the line is split as a shell would."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with contextlib.redirect_stdout(out):
        code = main([*shlex.split(line), "--json"])
    out.flush()
    return code, json.loads(out.buffer.getvalue())  # type: ignore[attr-defined]


def answer(line: str) -> dict[str, Any]:
    """The JSON of a command line that must succeed."""
    code, result = ask(line)
    assert code == 0, result
    return result


def gradient(line: str, name: str = "x") -> list[float]:
    """The values of one gradient, flat."""
    return flat(answer(line)["gradients"][name]["values"])


def flat(values: Any) -> list[float]:
    """Nested lists as one, with the words for what JSON cannot write read back."""
    if isinstance(values, list):
        return [number for part in values for number in flat(part)]
    return [float(values)]


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def softmax(values: list[float]) -> list[float]:
    powers = [math.exp(value) for value in values]
    return [power / sum(powers) for power in powers]
