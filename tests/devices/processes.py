"""A process of its own, with the stand-in at hand."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

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
    with TemporaryDirectory() as folder:
        before = START
        if plugged:
            before += "stand_in.plug_in()\n"
            before += f"sys.executable = {warm.interpreter(Path(folder), before)!r}\n"
        words = [*warm.python(), before + program, *argv]
        ran = subprocess.run(words, input=given, capture_output=True, text=True, env=clean_environment())
    assert ran.returncode in (0, 1), ran.stderr
    return ran.stdout
