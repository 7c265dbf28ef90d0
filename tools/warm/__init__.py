"""Processes that are forked from one which has imported PyTorch: a tenth of the time of a new interpreter.

    words = [*warm.gradcli(), "grad", "sigmoid", "0"]      # to be run by subprocess, or by a shell

    program = [*warm.python(), "import sys; print(sys.argv)", "a"]

Such a process has the caller's standard streams, environment, folder, signals and exit code; only the start of Python
and the imports are spared. What tests those, or closes streams, runs `python -m gradcli`.
"""

from __future__ import annotations

import atexit
import functools
import os
import shlex
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = "--warm-program"
SCRIPT = "--warm-script"
WHOLLY = "--warm-wholly"
CLIENT = Path(__file__).parent / "client.py"
CLIENT_WORDS = [sys.executable, "-I", "-S", str(CLIENT)]
SHARED = "WARM_SERVER"
"""Names the folder of a server that another process of these tests has started, behind the folder of its gradcli."""


def gradcli(*, wholly: bool = False) -> list[str]:
    """The beginning of a command line that runs gradcli.

    wholly: the process is taken apart by Python in the end, which takes a tenth of a second.
    """
    if not hasattr(os, "pidfd_open"):
        return [sys.executable, "-m", "gradcli"]
    return [*_client("gradcli"), *([WHOLLY] if wholly else [])]


def python() -> list[str]:
    """The beginning of a command line that runs a program given as the next word."""
    if not hasattr(os, "pidfd_open"):
        return [sys.executable, "-c"]
    return [*_client("gradcli"), PROGRAM]


def python_without_gradcli() -> list[str]:
    """The same in a process that has imported PyTorch alone, and never gradcli."""
    if not hasattr(os, "pidfd_open"):
        return [sys.executable, "-c"]
    return [*_client("pytorch"), PROGRAM]


def script(*, with_gradcli: bool = False) -> list[str]:
    """The beginning of a command line that runs the file named by the next word, in a process that has PyTorch."""
    if not hasattr(os, "pidfd_open"):
        return [sys.executable]
    return [*_client("gradcli" if with_gradcli else "pytorch"), SCRIPT]


def interpreter(folder: Path, before: str = "") -> str:
    """A file to be run in the place of `sys.executable`: what is started by `python -c` runs in a warm process.

    folder: where the file is made. before: lines that run before the program.
    """
    return _interpreter(folder, python(), before)


def _interpreter(folder: Path, python: list[str], before: str = "") -> str:
    path = folder / "python"
    path.write_text(
        "#!/bin/sh\n"
        f'[ "$1" = -c ] || exec {shlex.quote(sys.executable)} "$@"\n'
        f'program={shlex.quote(before)}"$2"\n'
        "shift 2\n"
        f'exec {shlex.join(python)} "$program" "$@"\n',
        encoding="utf-8",
    )
    path.chmod(0o755)
    return str(path)


def share() -> None:
    """Start a server for this process and for those that it starts."""
    if hasattr(os, "pidfd_open"):
        os.environ[SHARED] = f"{ROOT}{os.pathsep}{_server()}"


@functools.cache
def _client(name: str) -> list[str]:
    """The beginning of a command line for one of the server's sockets, which answers from now on."""
    root, _, shared = os.environ.get(SHARED, "").partition(os.pathsep)
    address = f"{shared if root == str(ROOT) else _server()}/{name}"
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)
    return _asking(address)


def _asking(address: str) -> list[str]:
    return [*CLIENT_WORDS, address]


@functools.cache
def _server() -> str:
    """The folder of the sockets of a server that ends with this process, and is perhaps not ready yet."""
    folder = tempfile.TemporaryDirectory(prefix="warm-")
    listeners = [_listening(Path(folder.name) / name) for name in ("pytorch", "gradcli")]
    descriptors = [listener.fileno() for listener in listeners]
    interpreter = _interpreter(Path(folder.name), [*_asking(f"{folder.name}/gradcli"), PROGRAM])
    server = subprocess.Popen(
        [sys.executable, "-m", "tools.warm.server", *map(str, descriptors), interpreter],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
        cwd=ROOT,
        pass_fds=descriptors,
        start_new_session=True,
    )
    for listener in listeners:
        listener.close()

    def stop() -> None:
        server.communicate()
        folder.cleanup()

    atexit.register(stop)
    return folder.name


def _listening(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(64)
    return listener
