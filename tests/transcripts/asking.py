"""Asking gradcli on its command line, in this process."""

from __future__ import annotations

import json
import math
import shlex
from typing import Any

from command_line import captured, numbers


def ask(line: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the JSON that a command line answers with; the line is split as a shell would."""
    code, out, _ = captured([*shlex.split(line), "--json"])
    return code, json.loads(out)


def answer(line: str) -> dict[str, Any]:
    """The JSON of a command line that must succeed."""
    code, result = ask(line)
    assert code == 0, result
    return result


def gradient(line: str, name: str = "x") -> list[float]:
    """The values of one gradient, flat."""
    return numbers(answer(line)["gradients"][name]["values"])


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def softmax(values: list[float]) -> list[float]:
    powers = [math.exp(value) for value in values]
    return [power / sum(powers) for power in powers]
