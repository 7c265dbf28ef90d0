"""The places where files go: checked before anything is computed, and replaced only by whole files."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from io import BufferedWriter, FileIO
from pathlib import Path
from typing import Any, BinaryIO

from gradcli import leaving
from gradcli.errors import OutputError, UsageError, did_you_mean
from gradcli.sinks import SINKS, check_available

_BUFFER = 1 << 16
_BINARY = getattr(os, "O_BINARY", 0)
_OPEN_STREAM = re.compile(r"(/dev/std|/dev/fd/|/proc/(?P<process>self|\d+)/fd/)(?P<stream>out|err|\d+)$")
_MOST_LINKS = 40
"""Symbolic links that lead to one another, as the system counts them."""
_RELATIVES = (
    {".tsv": (".csv",), ".jsonl": (".ndjson",), ".pth": (".pt",), ".htm": (".html",)}
    | dict.fromkeys((".jpg", ".jpeg", ".pdf"), (".png", ".svg"))
    | dict.fromkeys((".txt", ".yaml", ".yml"), ())
)
"""Endings that mean another one, however they are spelt, and those that mean none."""
_WRITTEN_DIRECTLY = (stat.S_ISCHR, stat.S_ISBLK, stat.S_ISFIFO, stat.S_ISSOCK)


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


def targets(names: Sequence[str], command: str = "") -> tuple[Target, ...]:
    """The files of all --out of a command; each could be written, as far as one can know without writing.

    Raises UsageError, and OutputError for folders and files that do not allow it.
    """
    found = tuple(_target(name, command) for name in names)
    seen: dict[Path, Target] = {}
    for target in found:
        other = seen.setdefault(target.path, target)
        if other is not target and not target.direct:
            same = f"'{target.name}' twice" if target.name == other.name else f"'{other.name}' and '{target.name}'"
            raise UsageError(f"--out names one file {same}", hint="Give each --out a file of its own.")
    return found


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


@contextmanager
def together(wanted: Sequence[Target]) -> Iterator[list[Place]]:
    """A place for each target. The files take their names when all of them are whole; else nothing has happened."""
    with ExitStack() as cleaning:
        places = [cleaning.enter_context(Place(target)) for target in wanted]
        yield places
        for place in places:
            place.finish()
        for place in places:
            place.publish()


class Place:
    """A file without a name in the folder of its target, or under a passing one; or the device itself.

    A process that is killed leaves nothing of a file without a name. It has one only while it takes its target's.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self._passing: Path | None = None
        self._file: _Noting

    def __enter__(self) -> Place:
        with _reported(self.target):
            if self.target.direct:
                self._file = _Noting(_opened(self.target.path), "wb")
            else:
                self._open_beside()
        self.stream = BufferedWriter(self._file, _BUFFER)
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # what could not be written is told already
            self._file.close()
        with suppress(OSError):  # and so is what the buffer still holds
            self.stream.close()
        self._take_away()

    def _take_away(self) -> None:
        leaving.forget(self._take_away)
        if self._passing is not None:
            with suppress(FileNotFoundError):
                self._passing.unlink()

    @contextmanager
    def writing(self) -> Iterator[BinaryIO]:
        """The stream; what the system says about it is an error of ours, in whatever a library has wrapped it."""
        try:
            yield self.stream
        except Exception:
            if self._file.error is not None and not isinstance(self._file.error, BrokenPipeError):
                raise _refused(self.target.name, self._file.error) from None
            raise

    def finish(self) -> None:
        """Everything is on the disk."""
        with _reported(self.target):
            self.stream.flush()
            if not self.target.direct:
                os.fsync(self._file.fileno())
                if self._passing is None:
                    self._name(self._file.fileno())
            self.stream.close()

    def publish(self) -> None:
        """The file takes its name."""
        if self._passing is not None:
            with _reported(self.target):
                self._passing.replace(self.target.path)
            self._passing = None

    def _open_beside(self) -> None:
        descriptor = _nameless(self.target.path.parent)
        if descriptor is None:
            descriptor = self._open_passing()
        self._file = _Noting(descriptor, "wb")
        with suppress(FileNotFoundError):
            self._take_after(self.target.path.stat(), descriptor)

    def _open_passing(self) -> int:
        """A file under a passing name."""
        leaving.remember(self._take_away)
        self._passing = self.target.path.with_name(f".gradcli-{secrets.token_hex(8)}.tmp")
        return os.open(self._passing, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _BINARY, 0o666)  # less the umask

    def _name(self, descriptor: int) -> None:
        """Give a file without a name a passing one: only a rename can replace the file that is there."""
        leaving.remember(self._take_away)
        self._passing = self.target.path.with_name(f".gradcli-{secrets.token_hex(8)}.tmp")
        # an absolute path makes the folder's descriptor mean nothing, and Python follow the link
        os.link(f"/proc/self/fd/{descriptor}", self._passing, src_dir_fd=descriptor, follow_symlinks=True)

    def _take_after(self, old: os.stat_result, descriptor: int) -> None:
        """Owner and permissions of the file that is replaced."""
        held = descriptor if os.chmod in os.supports_fd else self._passing
        assert held is not None
        if hasattr(os, "chown") and (old.st_uid, old.st_gid) != (os.getuid(), os.getgid()):
            with suppress(PermissionError):
                os.chown(held, old.st_uid, old.st_gid)
        os.chmod(held, stat.S_IMODE(old.st_mode))  # noqa: PTH101 - of a descriptor


def _nameless(folder: Path) -> int | None:
    """A file in a folder that has no name yet; None where the system has no such files, or no way to name them."""
    if not hasattr(os, "O_TMPFILE"):
        return None
    try:
        descriptor = os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o666)  # less the umask
    except OSError:
        return None
    if Path(f"/proc/self/fd/{descriptor}").exists():
        return descriptor
    os.close(descriptor)
    return None


def _opened(path: Path) -> int:
    """A device or a pipe, opened; of a stream that is open already, the same place in it."""
    descriptor = descriptor_of(path)
    return os.open(path, os.O_WRONLY | _BINARY) if descriptor is None else os.dup(descriptor)


class _Noting(FileIO):
    """A file that remembers why it could not be written: libraries say it in words of their own."""

    error: OSError | None = None

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            self.error = error
            raise


@contextmanager
def _reported(target: Target) -> Iterator[None]:
    """What the system says about a file, as an error of ours; a reader that went away stays what it is."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _refused(target.name, error) from None


def _target(name: str, command: str) -> Target:
    if name == "-":
        raise UsageError("--out takes a file, and '-' is standard output", hint="Leave --out out; -f picks the format.")
    if not name.strip():
        raise UsageError("--out names no file", hint="For example --out gradients.npz.")
    if "\0" in name:
        raise UsageError("--out names a file with a zero byte", hint="Choose another name.")
    written = Path(name).expanduser() if name.startswith("~/") else Path(name)
    try:
        known = _status(written)
        direct = known is not None and _is_direct(written, known)
        path = written if direct else Path(os.path.realpath(written))
        if known is not None and stat.S_ISDIR(known.st_mode):
            raise OutputError(f"cannot write '{name}': it is a folder", hint="Give the name of a file.")
        if name.endswith(("/", "/.")):
            raise OutputError(f"cannot write '{name}': it names a folder", hint="Leave the '/' at its end out.")
        ending = _ending(written, name, optional=direct)
        check_available(ending, command)
        if not direct:
            _check_place(path, name, known, written)
    except OSError as error:  # a name that is too long, a loop of links
        raise _refused(name, error) from None
    return Target(name, path, ending, direct)


def _is_direct(path: Path, known: os.stat_result) -> bool:
    """Whether a path is a device, a pipe, or a stream that is open already, whatever is behind it."""
    if any(is_kind(known.st_mode) for is_kind in _WRITTEN_DIRECTLY):
        return True
    return descriptor_of(path) is not None


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


def _refused(name: str, error: OSError) -> OutputError:
    hint = "Make room, or write elsewhere." if error.errno in (errno.ENOSPC, errno.EDQUOT) else "Choose another place."
    return OutputError(f"cannot write '{name}': {error.strerror}", hint=hint)
