"""A warm process that Python asks for itself: no other one is started to stand in for it."""

from __future__ import annotations

import os
import selectors
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from io import FileIO
from pathlib import Path

from tools.warm import CLIENT_WORDS, client

PIPE_HOLDS = 1 << 16
"""Bytes that a pipe takes before anybody reads them."""

Ran = tuple[int, bytes, bytes]
"""The exit code, negative for a signal; standard output and standard error."""


def run(words: Sequence[str], given: bytes, *, folder: Path | None, env: Mapping[str, str], timeout: float) -> Ran:
    """What `subprocess.run` does with captured streams, for any command line.

    Raises TimeoutError, or TimeoutExpired of subprocess; the process is killed then.
    """
    if [*words[: len(CLIENT_WORDS)]] != CLIENT_WORDS or len(given) > PIPE_HOLDS:
        ran = subprocess.run(words, cwd=folder, input=given, capture_output=True, env=env, timeout=timeout, check=False)
        return ran.returncode, ran.stdout, ran.stderr
    address, *argv = words[len(CLIENT_WORDS) :]
    (stdin, ours), (out, stdout), (err, stderr) = (os.pipe() for _ in range(3))
    with ExitStack() as stack:
        writer, *readers = (stack.enter_context(FileIO(*end)) for end in ((ours, "w"), (out, "r"), (err, "r")))
        connection = stack.enter_context(socket.socket(socket.AF_UNIX))
        connection.connect(address)
        client.ask(connection, (stdin, stdout, stderr), argv, env, str(folder or Path.cwd()))
        for end in (stdin, stdout, stderr):
            os.close(end)
        with suppress(BrokenPipeError):
            writer.write(given)
        writer.close()
        written = _read(readers, timeout)
        client.received(connection)
        code = os.waitstatus_to_exitcode(client.received(connection))
    return code, written[0], written[1]


def _read(readers: Sequence[FileIO], timeout: float) -> list[bytes]:
    """What is written into each pipe until all who could write have ended.  Raises TimeoutError."""
    parts: dict[FileIO, list[bytes]] = {reader: [] for reader in readers}
    deadline = time.monotonic() + timeout
    with selectors.DefaultSelector() as open_ones:
        for reader in readers:
            open_ones.register(reader, selectors.EVENT_READ, reader)
        while open_ones.get_map():
            ready = open_ones.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError(f"it has not ended after {timeout} seconds")
            for key, _ in ready:
                part = key.data.read(PIPE_HOLDS)
                parts[key.data].append(part)
                if not part:
                    open_ones.unregister(key.data)
    return [b"".join(parts[reader]) for reader in readers]
