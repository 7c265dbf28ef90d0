"""Python in a process of its own, with the stand-in at hand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import stand_in
from command_line import clean_environment
from torch.utils import backend_registration

HERE = Path(__file__).parent

needs_stand_in = pytest.mark.skipif(
    not hasattr(backend_registration, stand_in.SETUP), reason="this PyTorch has no devices written in Python"
)


def in_own_process(*words: str, given: str = "", plugged: bool = False) -> str:
    """What Python prints. plugged: the stand-in is there from the beginning, and in its workers."""
    folders = [HERE, HERE.parents[1], *([HERE / "plugged"] if plugged else [])]
    path = os.pathsep.join([*map(str, folders), os.environ.get("PYTHONPATH", "")])
    environment = {**clean_environment(), "PYTHONPATH": path}
    ran = subprocess.run([sys.executable, *words], input=given, capture_output=True, text=True, env=environment)
    assert ran.returncode in (0, 1), ran.stderr
    return ran.stdout
