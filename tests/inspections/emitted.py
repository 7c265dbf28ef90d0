"""Runs programs as their readers would: in a process that has never seen gradcli."""

from __future__ import annotations

import ast
import json
import subprocess
from dataclasses import dataclass
from typing import Any

from tools import warm

# One process for all of them; what a program may have set is put back before the next.
RUNNER = """
import contextlib, io, json, sys
import torch

def run(program):
    torch.set_default_dtype(torch.float32)
    torch.manual_seed(12345)
    out, failure = io.StringIO(), None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        try:
            exec(compile(program, "program.py", "exec"), {"__name__": "__main__"})
        except Exception as error:
            failure = [type(error).__name__, str(error)]
    return out.getvalue(), failure

outcomes = [run(program) for program in json.load(sys.stdin)]
assert "gradcli" not in sys.modules
print(json.dumps(outcomes))
"""


@dataclass(frozen=True)
class Ran:
    """What a program printed, and the class and message of the exception that ended it, None where none did."""

    out: str
    error: list[str] | None

    def value(self, label: str) -> Any:
        """What stands behind a label, as Python values."""
        line = next(line for line in self.out.splitlines() if line.startswith(f"{label}: "))
        return value_of(line.removeprefix(f"{label}: "))


def value_of(text: str) -> Any:
    """Numbers and nested lists as Python prints them."""
    tree = ast.parse(text, mode="eval")
    plain = ast.Expression | ast.List | ast.Tuple | ast.Constant | ast.Name | ast.UnaryOp | ast.USub | ast.Load
    complex_number = ast.BinOp | ast.Add | ast.Sub
    assert all(isinstance(node, plain | complex_number) for node in ast.walk(tree)), text
    return eval(compile(tree, "value", "eval"), {"nan": float("nan"), "inf": float("inf"), "None": None})


def run_all(programs: list[str]) -> list[Ran]:
    """Every program, one after the other."""
    words = [*warm.python_without_gradcli(), RUNNER]
    done = subprocess.run(words, input=json.dumps(programs), capture_output=True, text=True, check=True)
    return [Ran(*outcome) for outcome in json.loads(done.stdout)]
