"""The files that an answer goes to: checked before anything is computed, as far as one can know without writing."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gradcli.exceptions import OutputError, UsageError, did_you_mean
from gradcli.sinks.formats import SINKS, check_available
from gradcli.sinks.streams import is_direct

_RELATIVES = (
    {".tsv": (".csv",), ".jsonl": (".ndjson",), ".pth": (".pt",), ".htm": (".html",)}
    | dict.fromkeys((".jpg", ".jpeg"), (".png", ".svg"))
    | dict.fromkeys((".txt", ".yaml", ".yml"), ())
)
"""Endings that mean another one, however they are spelt, and those that mean none."""


@dataclass(frozen=True)
class Target:
    """One --out.

    name: as the user wrote it. path: without symbolic links. ending: a key of SINKS, '' where a device has none.
    direct: a device or a pipe, which cannot be replaced and is written as it stands.
    """

    name: str
    path: Path
    ending: str
    direct: bool


def targets(names: Sequence[str]) -> tuple[Target, ...]:
    """The files of all --out; each could be written, as far as one can know without writing.

    Raises UsageError, and OutputError for folders and files that do not allow it.
    """
    found = tuple(_target(name) for name in names)
    seen: dict[Path, Target] = {}
    for target in found:
        other = seen.setdefault(target.path, target)
        if other is not target and not target.direct:
            same = f"'{target.name}' twice" if target.name == other.name else f"'{other.name}' and '{target.name}'"
            raise UsageError(f"--out names one file {same}", hint="Give each --out a file of its own.")
    return found


def _target(name: str) -> Target:
    if name == "-":
        raise UsageError("--out takes a file, and '-' is standard output", hint="Leave --out out; -f picks the format.")
    if not name.strip():
        raise UsageError("--out names no file", hint="For example --out gradients.npz.")
    if "\0" in name:
        raise UsageError("--out names a file with a zero byte", hint="Choose another name.")
    written = Path(name).expanduser() if name.startswith("~/") else Path(name)
    try:
        known = _status(written)
        direct = known is not None and is_direct(written, known)
        path = written if direct else Path(os.path.realpath(written))
        if known is not None and stat.S_ISDIR(known.st_mode):
            raise OutputError(f"cannot write '{name}': it is a folder", hint="Give the name of a file.")
        if name.endswith(("/", "/.")):
            raise OutputError(f"cannot write '{name}': it names a folder", hint="Leave the '/' at its end out.")
        ending = _ending(written, name, optional=direct)
        check_available(ending)
        if not direct:
            _check_place(path, name, known, written)
    except OSError as error:  # a name that is too long, a loop of links
        raise refused(name, error) from None
    return Target(name, path, ending, direct)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None


def _ending(path: Path, name: str, *, optional: bool) -> str:
    """The ending that picks the format. Raises UsageError if it picks none."""
    ending = path.suffix.lower()
    if ending in SINKS or (optional and not ending):
        return ending
    what = f"no file can be written with the ending '{path.suffix}'" if ending else f"'{name}' has no ending"
    meant = _meant(ending) if ending else None
    endings = " ".join(SINKS)
    raise UsageError(f"--out: {what}", hint=f"{meant} There are {endings}." if meant else f"Choose one of {endings}.")


def _meant(ending: str) -> str | None:
    """A hint with the ending that this one stands for, or is most like."""
    if ending in _RELATIVES:
        meant = " or ".join(f"'{relative}'" for relative in _RELATIVES[ending])
        return f"Did you mean {meant}?" if meant else None
    return did_you_mean(ending, SINKS)


def _check_place(path: Path, name: str, known: os.stat_result | None, written: Path) -> None:
    """Raises OutputError where the folder is not there, or may not be written to."""
    folder = path.parent
    if not folder.exists():
        shown = str(folder if written.is_symlink() else written.parent)
        raise OutputError(f"cannot write '{name}': there is no folder '{shown}'", hint=f"Make it: mkdir -p {shown}")
    if not folder.is_dir():
        raise OutputError(f"cannot write '{name}': '{written.parent}' is no folder", hint="Choose another folder.")
    if known is not None and not os.access(path, os.W_OK):
        raise OutputError(f"cannot write '{name}': it is write-protected", hint=f"Allow it: chmod u+w {name}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(
            f"cannot write '{name}': the folder '{written.parent}' is write-protected", hint="Choose another folder."
        )


def refused(name: str, error: OSError) -> OutputError:
    hint = "Make room, or write elsewhere." if error.errno in (errno.ENOSPC, errno.EDQUOT) else "Choose another place."
    return OutputError(f"cannot write '{name}': {error.strerror}", hint=hint)
