"""From `@PATH:NAME` to a file that is there, and the mistakes that can be told before it is read."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from math import prod
from pathlib import Path

from gradcli.exceptions import (
    BoundError,
    MissingNameError,
    SeveralTensorsError,
    SourceError,
    did_you_mean,
    listed,
    nearest,
)
from gradcli.language.text import DEFAULT_MAX_ELEMENTS

MOST_FILES = 10_000
"""So many names of a folder are looked through for one that is like the missing one."""
MOST_DIMENSIONS = 64
"""NumPy's arrays have no more."""
LONGEST_PIPE = 2**31
"""Bytes of a pipe or a device that are kept, for the formats that have to be jumped about in."""


@dataclass(frozen=True)
class Location:
    """A file, and what in it is meant.

    word: as it was typed. name: the array, column or path behind the last `:`, None if there is none.
    ending: the part of the name that says the format, in lower case.
    regular: False for pipes and devices, which can be read once and have no size.
    most: the elements that a tensor may have.
    """

    word: str
    path: Path
    name: str | None
    ending: str
    regular: bool
    most: int = DEFAULT_MAX_ELEMENTS

    @property
    def shown(self) -> str:
        """The file as it is called in a message."""
        return f"'{printable(str(self.path))}'"

    @property
    def file_word(self) -> str:
        """The word without the name, for examples: `@data.npz`."""
        word = self.word if self.name is None else self.word[: len(self.word) - len(self.name) - 1]
        return printable(word)

    def check_shape(self, shape: Sequence[object], source: str) -> None:
        """Before anything of an array is read: raises BoundError, and SourceError for what is no array's shape."""
        sizes = [size for size in shape if type(size) is int and 0 <= size < 2**63]
        if sizes != list(shape) or len(sizes) > MOST_DIMENSIONS or prod(filter(None, sizes)) >= 2**58:
            shown = str(list(shape))
            raise SourceError(
                f"{source} has the shape {shown if len(shown) <= 60 else f'{shown[:56]} ...'}, which no array has",
                hint="Was the file written to the end? Write it again.",
            )
        self.check_elements(prod(sizes), source)

    def check_elements(self, count: int, source: str) -> None:
        """Raises BoundError for more elements than a tensor may have."""
        check_elements(count, self.most, source)

    def content(self, beginnings: Sequence[bytes]) -> bytes:
        """All of a pipe or a device that begins as its format does.  Raises SourceError."""
        with self.path.open("rb") as file:
            head = file.read(max(map(len, beginnings)))
            if not head.startswith(tuple(beginnings)):
                raise SourceError(
                    f"{self.shown} is no {self.ending} file", hint="Is it what was meant? Give a file of that format."
                )
            content = head + file.read(LONGEST_PIPE)
        if len(content) > LONGEST_PIPE:
            raise BoundError(
                f"{self.shown} is longer than {LONGEST_PIPE:,} bytes",
                hint="Write it to a file: that is not kept whole.",
            )
        return content


def locate(word: str, endings: Collection[str], most: int = DEFAULT_MAX_ELEMENTS) -> Location:
    """The file that `@PATH` or `@PATH:NAME` means; a colon may be part of either.

    Raises SourceError for a file that is missing, empty, a folder, or of a format that cannot be read.
    """
    text = word.removeprefix("@")
    if not text:
        raise SourceError("'@' names no file", hint="Write the file behind it: @data.npy, or - for standard input.")
    path, name, mode = _existing(text) or _missing(text, endings)
    shown = f"'{printable(str(path))}'"
    if stat.S_ISDIR(mode):
        raise SourceError(f"{shown} is a folder", hint=_in_folder(path, endings))
    location = Location(word, path, name, path.suffix.lower(), stat.S_ISREG(mode), most)
    if location.ending not in endings and location.regular:
        kind = f"'{location.ending}' files" if location.ending else "a file without an ending"
        raise SourceError(f"{shown} cannot be read: gradcli does not read {kind}", hint=_readable(endings))
    if location.regular and not path.stat().st_size:
        raise SourceError(f"{shown} is empty", hint="Was it written to the end?")
    return location


def check_elements(count: int, most: int, source: str) -> None:
    """Raises BoundError for more numbers than a tensor may have."""
    if count > most:
        raise BoundError(
            f"{source} holds {count:,} numbers; at most {most:,} are read",
            hint="Read a part of it, or raise the bound with --max-elements.",
        )


@contextmanager
def reported(location: Location) -> Iterator[None]:
    """What the system says about reading a file, as an error of ours."""
    try:
        yield
    except PermissionError:
        raise SourceError(f"{location.shown} may not be read", hint="Its permissions forbid it: ls -l.") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise SourceError(f"{location.shown} cannot be read: {reason}", hint="Is it a plain file?") from None


def chosen(location: Location, names: Collection[str], what: str) -> str:
    """The name in a file of several arrays or columns; a single one needs no name.

    Raises SourceError with the names that are there.
    """
    if location.name is None:
        if len(names) == 1:
            return next(iter(names))
        if not names:
            raise SourceError(f"{location.shown} holds no {what}", hint="Save some numbers in it.")
        raise SeveralTensorsError(
            f"{location.shown} holds {len(names)} {what}s: {listed(names)}",
            hint=f"Name one: {location.file_word}:{min(names)}",
        )
    if location.name in names:
        return location.name
    there = f"It holds {listed(names)}." if names else f"It holds no {what}."
    raise MissingNameError(
        f"{location.shown} holds no {what} '{printable(location.name)}'",
        hint=" ".join(filter(None, [did_you_mean(location.name, names), there])),
        names=names,
    )


def printable(text: str) -> str:
    """A name of a file as text; bytes that are none are shown as question marks."""
    return "".join(c if c.isprintable() else "?" for c in text)


def nearest_file(name: str) -> str | None:
    """The file of the same folder whose name is most like a missing one's, as it would be typed; or None."""
    path = _path(name)
    near = nearest(path.name, _files(path.parent))
    return None if near is None else printable(str(path.parent / near))


def _existing(text: str) -> tuple[Path, str | None, int] | None:
    """The longest file name that is there, what stands behind it, and its mode."""
    pieces = text.split(":")
    for count in range(len(pieces), 0, -1):
        head = ":".join(pieces[:count])
        path = _path(head)
        mode = _mode(path) if head else None
        if mode is not None:
            return path, ":".join(pieces[count:]) if count < len(pieces) else None, mode
    return None


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser()  # no shell does it behind an @
    except RuntimeError:  # no such user
        return Path(text)


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except PermissionError:
        raise SourceError(
            f"'{printable(str(path))}' may not be read", hint="The permissions of its folder forbid it: ls -ld."
        ) from None
    except (OSError, ValueError):  # not there, too long, a zero byte
        return None


def _missing(text: str, endings: Collection[str]) -> tuple[Path, str | None, int]:
    """Raises SourceError for a file that is not there, with the nearest one that is."""
    path = _path(_without_name(text, endings))
    shown = f"'{printable(str(path))}'"
    folder = path.parent
    if _mode(folder) is None:
        while _mode(folder.parent) is None:
            folder = folder.parent
        other = nearest(folder.name, [entry.name for entry in _entries(folder.parent)])
        hint = f"Did you mean the folder '{other}'?" if other else f"There is no folder '{printable(str(folder))}'."
        raise SourceError(f"there is no file {shown}", hint=hint)
    there = sorted(name for name in _files(folder) if Path(name).suffix.lower() in endings)
    near = nearest_file(str(path))
    hint = f"Did you mean '{near}'?" if near else _what_is_there(folder, there)
    raise SourceError(f"there is no file {shown}", hint=hint)


def _without_name(text: str, endings: Collection[str]) -> str:
    """The part up to the first colon behind a known ending."""
    pieces = text.split(":")
    heads = [":".join(pieces[:count]) for count in range(1, len(pieces) + 1)]
    return next((head for head in heads if Path(head).suffix.lower() in endings), heads[0] or text)


def _files(folder: Path) -> list[str]:
    found = []
    for entry in _entries(folder):
        with suppress(OSError):  # a loop of links
            if not entry.is_dir():
                found.append(entry.name)
    return found


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                found.append(entry)
                if len(found) == MOST_FILES:
                    break
    except OSError:
        return []
    return found


def _what_is_there(folder: Path, names: list[str]) -> str:
    place = "This folder" if str(folder) == "." else f"'{printable(str(folder))}'"
    return f"{place} holds {listed(map(printable, names), most=6)}." if names else f"{place} holds no such files."


def _in_folder(folder: Path, endings: Collection[str]) -> str:
    files = sorted(entry.name for entry in _entries(folder) if Path(entry.name).suffix.lower() in endings)
    return f"Name a file in it: @{printable(str(folder / files[0]))}" if files else "Name a file."


def _readable(endings: Collection[str]) -> str:
    return f"It reads {', '.join(sorted(endings))}."
