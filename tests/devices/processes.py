"""A process of its own, with the stand-in at hand."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
import stand_in
from command_line import clean_environment
from torch.utils import backend_registration

from tools import warm

HERE = Path(__file__).parent

needs_stand_in = pytest.mark.skipif(
    not hasattr(backend_registration, stand_in.SETUP), reason="this PyTorch has no devices written in Python"
)


START = f"import sys; sys.path[:0] = {[str(HERE), str(HERE.parents[1])]}; import stand_in\n"


def in_own_process(program: str, *, given: str = "", argv: Sequence[str] = (), plugged: bool = False) -> str:
    """What a program prints. plugged: the stand-in is there from the beginning, and in its workers."""
    folders = [HERE, HERE.parents[1], *([HERE / "plugged"] if plugged else [])]
    path = os.pathsep.join([*map(str, folders), os.environ.get("PYTHONPATH", "")])  # workers are new interpreters
    environment = {**clean_environment(), "PYTHONPATH": path}
    words = [*warm.python(), START + ("stand_in.plug_in()\n" if plugged else "") + program, *argv]
    ran = subprocess.run(words, input=given, capture_output=True, text=True, env=environment)
    assert ran.returncode in (0, 1), ran.stderr
    return ran.stdout
