"""Files that are replaced only by whole ones: written under no name or a passing one, and named when all is well."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from io import BufferedWriter, FileIO
from pathlib import Path
from typing import Any, BinaryIO

from gradcli import leaving
from gradcli.sinks.streams import BINARY, opened
from gradcli.sinks.targets import Target, refused

_BUFFER = 1 << 16


@contextmanager
def together(wanted: Sequence[Target]) -> Iterator[list[OutputFile]]:
    """A place for each target. The files take their names when all of them are whole; else nothing has happened."""
    with ExitStack() as cleaning:
        places = [cleaning.enter_context(OutputFile(target)) for target in wanted]
        yield places
        for place in places:
            place.finish()
        for place in places:
            place.publish()


class OutputFile:
    """A file without a name in the folder of its target, or under a passing one; or the device itself.

    A process that is killed leaves nothing of a file without a name. It has one only while it takes its target's.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self._passing: Path | None = None
        self._file: _Noting

    def __enter__(self) -> OutputFile:
        with _reported(self.target):
            if self.target.direct:
                self._file = _Noting(opened(self.target.path), "wb")
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
                raise refused(self.target.name, self._file.error) from None
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
        return os.open(self._passing, os.O_CREAT | os.O_EXCL | os.O_WRONLY | BINARY, 0o666)  # less the umask

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
        raise refused(target.name, error) from None
