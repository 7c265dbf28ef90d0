"""What is imported, and what is not."""

from __future__ import annotations

import subprocess
import sys

import pytest

SHOW = """
import io, sys
from gradcli.results import FunctionEntry, FunctionsResult
from gradcli.render import View, write
import gradcli.render.views, gradcli.render.schema
entry = FunctionEntry("relu", "activation", "torch.relu", ("relu(x)",))
write(FunctionsResult(None, (entry,)), View(format={format!r}, color={color}), io.StringIO())
print(*sorted({{name.split(".")[0] for name in sys.modules}}))
"""


def modules(name: str, *, color: bool = False) -> set[str]:
    program = SHOW.format(format=name, color=color)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("name", ["table", "json", "ndjson", "csv", "markdown"])
def test_no_format_imports_torch_or_more_than_it_needs(name: str) -> None:
    assert not modules(name) & {"torch", "rich", "sympy", "mpmath"}


def test_colour_imports_rich_but_not_torch() -> None:
    loaded = modules("table", color=True)
    assert "rich" in loaded
    assert "torch" not in loaded
