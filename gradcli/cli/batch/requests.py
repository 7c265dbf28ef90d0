"""The lines of a batch, and the words in them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NoReturn

from gradcli.exceptions import BoundError, SourceError, UsageError
from gradcli.sources.location import nearest_file

MAX_LINE = 2**20
"""Bytes of a line: a hundred times the longest expression that is read."""

_COMMENT = b"#"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_EXAMPLE = "gradcli grad sigmoid 0 1 10"

_PIECE = re.compile(
    r"""(?P<space>[ \t\r\n]+) | (?P<comment>\#) | (?P<plain>[^ \t\r\n'"\\]+) | \\(?P<escaped>.)
    | '(?P<single>[^']*)' | "(?P<double>(?:[^"\\]|\\.)*)" """,
    re.DOTALL | re.VERBOSE,
)
_ESCAPE = re.compile(r'\\(["\\$`])')
"""The only escapes within double quotes; before any other character the backslash stays."""


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """The bytes of a file, or of standard input for `-`.  Raises SourceError."""
    if name in ("-", "@-"):
        yield _standard_input()
        return
    try:
        stream = Path(name).open("rb")  # noqa: SIM115 - closed below
    except (OSError, ValueError) as error:  # a name with a zero byte is a ValueError
        reason = (error.strerror or "").lower() if isinstance(error, OSError) else "the name is impossible"
        raise SourceError(f"'{name}' cannot be read: {reason}", hint=_instead_of(name)) from None
    with stream:
        yield stream


def _instead_of(name: str) -> str:
    """What to write instead of a file that cannot be read."""
    plain = name.removeprefix("@")
    if plain != name and Path(plain).exists():
        return f"Write it without the @: gradcli batch {plain}"
    if not Path(name).exists() and (other := nearest_file(plain)):
        return f"Did you mean '{other}'?"
    return "Give a file with one request a line, or '-' for standard input."


def lines(stream: BinaryIO) -> Iterator[bytes]:
    """The requests: lines that are neither blank nor a comment, each as soon as it is there, cut at MAX_LINE + 1."""
    first = True
    while line := _read(stream, MAX_LINE + 1):
        rest = line
        while len(rest) > MAX_LINE and not rest.endswith(b"\n"):
            rest = _read(stream, MAX_LINE + 1)
        if first:
            line, first = line.removeprefix(_BYTE_ORDER_MARK), False
        stripped = line.strip()
        if stripped and not stripped.startswith(_COMMENT):
            yield stripped


def words_of(line: bytes) -> list[str]:
    """The words of a request, without the leading `gradcli`.  Raises UsageError, BoundError."""
    if len(line) > MAX_LINE:
        raise BoundError(
            f"the line is longer than {MAX_LINE:,} bytes", hint="Put large values into a file, and name it: @x.npy."
        )
    text = line.decode("utf-8", "surrogateescape")  # as Python decodes a command line
    words = _of_array(text) if text.startswith("[") else split(text)
    words = words[1:] if words[:1] == ["gradcli"] else words
    if not words:
        raise UsageError("the line asks for nothing", hint=f"Write a command line: {_EXAMPLE}")
    return words


def split(text: str) -> list[str]:
    """The words as a POSIX shell splits them: quotes and backslashes, but no variables, patterns or pipes.

    Raises UsageError for a quote that is not closed.
    """
    words: list[str] = []
    word: str | None = None
    place = 0
    while place < len(text):
        match = _PIECE.match(text, place)
        if match is None:
            raise _unfinished(text, place)
        kind, piece = match.lastgroup, match[match.lastindex or 0]
        place = match.end()
        if kind == "space":
            if word is not None:
                words.append(word)
            word = None
        elif kind == "comment" and word is None:
            break
        else:
            word = (word or "") + (_ESCAPE.sub(r"\1", piece) if kind == "double" else piece)
    return words if word is None else [*words, word]


def _of_array(text: str) -> list[str]:
    """The words in a JSON array; a number stands for its own text."""
    try:
        array = json.loads(text, parse_int=str, parse_float=str, parse_constant=_no_json)
    except json.JSONDecodeError as error:
        raise UsageError(
            f"the line is no JSON array: {error.msg[:1].lower()}{error.msg[1:]} at character {error.pos + 1}",
            hint='Write ["grad", "sigmoid", "0"].',
        ) from None
    except RecursionError:
        raise UsageError("the line is no JSON array of words: it is nested", hint=_words_are_strings()) from None
    for number, word in enumerate(array, 1):
        if not isinstance(word, str):
            kind = {dict: "an object", list: "an array", bool: "true or false"}.get(type(word), "null")
            raise UsageError(f"word {number} of the array is {kind}", hint=_words_are_strings())
    return list(array)


def _words_are_strings() -> str:
    return 'Words are strings or numbers: ["loss", "mse", "[1, 2]", "[3, 4]"].'


def _no_json(word: str) -> NoReturn:
    raise UsageError(f"{word} is no JSON", hint='Write it as a string: "nan", "inf", "-inf".')


def _unfinished(text: str, place: int) -> UsageError:
    """What ends too early at this place: a quote, or an escape."""
    what = "the backslash escapes nothing" if text[place] == "\\" else f"the quote {text[place]} is not closed"
    return UsageError(what, expression=text, span=(place, place + 1), hint="Lines are split as a shell splits them.")


def _standard_input() -> BinaryIO:
    if sys.stdin is None or sys.stdin.isatty():
        raise SourceError(
            "standard input is a terminal", hint=f"Pipe requests in, one a line: echo '{_EXAMPLE}' | gradcli batch"
        )
    return sys.stdin.buffer


def _read(stream: BinaryIO, most: int) -> bytes:
    try:
        return stream.readline(most)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SourceError(f"the requests cannot be read: {reason}", hint="Pipe them in, one a line.") from None
