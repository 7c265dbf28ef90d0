"""Programs whose source is not what it was, or is not there at all."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from command_line import clean_environment
from terminals import Terminal
from watching import SECONDS, watched, written

from tools import warm

ROOT = """
    import torch
    from pathlib import Path
    weight = torch.nn.Parameter(torch.zeros(3))
    start = weight + 0.0
    {change}
    loss = torch.sqrt(start).sum()
    loss.backward()
"""


def lines(tmp_path: Path, change: str) -> list[str]:
    written(tmp_path, ROOT.replace("{change}", change))
    return watched(tmp_path, "train.py").err.splitlines()


def test_lines_that_the_user_has_changed_since_are_shown_as_they_run(tmp_path: Path):
    told = lines(tmp_path, "Path(__file__).write_text('# another' * 20)")
    assert told[:4] == [
        "error[inf-backward] step 1: torch.sqrt(start) at start[0] = 0 (and 2 more) sends inf on the way back",
        "  --> train.py:6",
        "",
        "  5 | Path(__file__).write_text('# another' * 20)",
    ]


def test_a_file_that_has_vanished_leaves_its_lines(tmp_path: Path):
    told = lines(tmp_path, "Path(__file__).unlink()")
    assert "> 6 | loss = torch.sqrt(start).sum()" in told


def test_code_without_a_file_is_told_by_its_line_and_operation(tmp_path: Path):
    code = "import torch\nw = torch.nn.Parameter(torch.zeros(3))\ntorch.sqrt(w).sum().backward()\n"
    written(tmp_path, f"exec(compile({code!r}, '<cell 3>', 'exec'))")
    told = watched(tmp_path, "train.py").err.splitlines()
    assert told[:3] == [
        "error[inf-backward] step 1: sqrt at w[0] = 0 (and 2 more) sends inf on the way back",
        "  --> <cell 3>:3",
        "",
    ]
    assert "reached  gradients, in the backward pass at line 3; the loss = 0" in told


def test_the_operations_around_the_origin_are_told(tmp_path: Path):
    written(tmp_path, ROOT.replace("{change}", "pass"))
    found = watched(tmp_path, "--json", "train.py").only["nearby"]
    assert [(one["text"], one["operation"], one["is_origin"], one["operands"]) for one in found] == [
        ("weight", "leaf", False, []),
        ("start", "add", False, [0]),
        ("torch.sqrt(start)", "sqrt", True, [1]),
        ("loss", "sum", False, [2]),
    ]
    assert [one["gradient_non_finite"] for one in found] == [3, 3, 0, 0]


def test_on_a_terminal_the_report_stands_apart_from_what_the_program_wrote(tmp_path: Path) -> None:
    code = "import torch\nprint('half', end='')\ntorch.log(torch.zeros(1, requires_grad=True)).sum().backward()\n"
    name = written(tmp_path, code).name
    terminal = Terminal(80)
    words = [*warm.gradcli(), "watch", name]
    subprocess.run(
        words,
        cwd=tmp_path,
        stdout=terminal.end,
        stderr=terminal.end,
        env=clean_environment(),
        timeout=SECONDS,
        check=False,
    )
    os.close(terminal.end)
    assert terminal.sent().replace("\r", "").startswith("half\n\x1b[")
    assert watched(tmp_path, name).err.startswith("error[")
