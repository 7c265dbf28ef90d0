"""Devices, pipes and streams that are open already: what is written as it stands, and never replaced."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

BINARY = getattr(os, "O_BINARY", 0)
_OPEN_STREAM = re.compile(r"(/dev/std|/dev/fd/|/proc/(?P<process>self|\d+)/fd/)(?P<stream>out|err|\d+)$")
_MOST_LINKS = 40
"""Symbolic links that lead to one another, as the system counts them."""
_WRITTEN_DIRECTLY = (stat.S_ISCHR, stat.S_ISBLK, stat.S_ISFIFO, stat.S_ISSOCK)


def descriptor_of(name: str | Path) -> int | None:
    """The number of a stream that is open already, by its names in the system: 1 of /dev/stdout and /dev/fd/1."""
    if "\0" in str(name):
        return None  # no file can be called so, and opening it says that
    path = os.path.abspath(name)  # noqa: PTH100 - resolving would follow the last link, to where the stream leads
    for _ in range(_MOST_LINKS):
        stream = _OPEN_STREAM.match(path) or _OPEN_STREAM.match(_in_real_folder(path))
        if stream is not None and stream["process"] in (None, "self", str(os.getpid())):
            return {"out": 1, "err": 2}.get(stream["stream"]) or int(stream["stream"])
        try:
            path = os.path.join(os.path.dirname(path), os.readlink(path))  # noqa: PTH115, PTH118, PTH120
        except OSError:
            return None
    return None


def _in_real_folder(path: str) -> str:
    folder, name = os.path.split(path)
    return os.path.join(os.path.realpath(folder), name)  # noqa: PTH118


def is_direct(path: Path, known: os.stat_result) -> bool:
    """Whether a path is a device, a pipe, or a stream that is open already, whatever is behind it."""
    if any(is_kind(known.st_mode) for is_kind in _WRITTEN_DIRECTLY):
        return True
    return descriptor_of(path) is not None


def opened(path: Path) -> int:
    """A device or a pipe, opened; of a stream that is open already, the same place in it."""
    descriptor = descriptor_of(path)
    return os.open(path, os.O_WRONLY | BINARY) if descriptor is None else os.dup(descriptor)
