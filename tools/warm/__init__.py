"""`gradcli` in processes that are forked from one which has imported PyTorch: a tenth of the time of a new interpreter.

    words = [*warm.gradcli(), "grad", "sigmoid", "0"]      # to be run by subprocess, or by a shell

    program = [*warm.python(), "import sys; print(sys.argv)", "a"]

Such a process has the caller's standard streams, environment, folder, signals and exit code; only the start of Python
and the imports are spared. What tests those, or closes streams, runs `python -m gradcli`.
"""

from __future__ import annotations

import atexit
import functools
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = "--warm-program"
CLIENT = Path(__file__).parent / "client.py"


def gradcli() -> list[str]:
    """The beginning of a command line that runs gradcli."""
    if not hasattr(os, "pidfd_open"):
        return [sys.executable, "-m", "gradcli"]
    return [sys.executable, "-I", "-S", str(CLIENT), _server()]


def python() -> list[str]:
    """The beginning of a command line that runs a program given as the next word."""
    if not hasattr(os, "pidfd_open"):
        return [sys.executable, "-c"]
    return [*gradcli(), PROGRAM]


@functools.cache
def _server() -> str:
    """The address of a server that ends with this process."""
    folder = tempfile.TemporaryDirectory(prefix="warm-")
    address = str(Path(folder.name) / "socket")
    server = subprocess.Popen(
        [sys.executable, "-m", "tools.warm.server", address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
        cwd=ROOT,
        start_new_session=True,
    )

    def stop() -> None:
        server.communicate()
        folder.cleanup()

    atexit.register(stop)
    assert server.stdout is not None
    if server.stdout.readline() != b"ready\n":
        raise RuntimeError("the server of warm processes does not start")
    return address
