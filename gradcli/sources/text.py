"""Numbers as text: standard input, `@numbers.txt`, pipes. Split by white space, commas or line breaks, or JSON."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import TextIO

import numpy as np

from gradcli.exceptions import BoundError, SourceError
from gradcli.language.text import DEFAULT_MAX_ELEMENTS
from gradcli.progress import steps
from gradcli.sources import document
from gradcli.sources.location import Location, check_elements, reported
from gradcli.sources.numbers import Numbers
from gradcli.sources.recognise import damaged

PIECE = 2**20
"""Characters that are split at a time: as Python objects, words take ten times the memory of the text."""
LONGEST_WORD = 2**20
LONGEST_TEXT = 2**31
"""Characters of a word, and of a text, that are read."""
_SEPARATORS = str.maketrans(",;", "  ")


def read(location: Location) -> Numbers:
    """The numbers of a text file or of a pipe."""
    with reported(location):
        try:
            with location.path.open(encoding="utf-8-sig") as file:
                if file.isatty():
                    raise SourceError(f"{location.shown} is a terminal", hint="Give a file or a pipe.")
                return numbers_of(file, location.shown, location.word, location.name, location.most)
        except UnicodeDecodeError:
            raise damaged(location, "it is not UTF-8 text") from None


def read_standard_input(word: str, most: int = DEFAULT_MAX_ELEMENTS, stdin: TextIO | None = None) -> Numbers:
    """The numbers on standard input; `@-:gradients.x` leads to those of a JSON document."""
    stream = stdin or sys.stdin
    if stream is None or stream.isatty():
        raise SourceError("standard input is a terminal", hint="Pipe numbers in: seq -5 5 | gradcli grad sigmoid -")
    try:
        return numbers_of(stream, "standard input", "@-", word.partition(":")[2] or None, most)
    except OSError as error:
        raise SourceError(f"standard input cannot be read: {error.strerror}", hint="Pipe numbers in.") from None
    except UnicodeDecodeError as error:
        if error.object.startswith(b"\x93NUMPY"):
            raise SourceError(
                "standard input is not text: it is a NumPy array", hint="Give it as a file: @data.npy."
            ) from None
        raise SourceError("standard input is not text", hint="Pipe numbers in, one a line.") from None


def numbers_of(stream: TextIO, source: str, word: str, path: str | None, most: int = DEFAULT_MAX_ELEMENTS) -> Numbers:
    """The numbers in a stream of text, which `source` names."""
    head = stream.read(PIECE).removeprefix("\ufeff")
    if head.lstrip()[:1] in ("[", "{"):
        return document.numbers_of(head + document.rest_of(stream, source), source, word, path, most)
    if path is not None:
        raise SourceError(f"{source} is no JSON, and '{path}' leads nowhere", hint=f"Write {word} alone.")
    arrays: list[np.ndarray] = []
    count = 0
    for piece in steps(_pieces(head, stream, source), f"MB of {source} read"):
        words = piece.translate(_SEPARATORS).split()
        arrays.append(_floats(words, count, source, plain="_" not in piece))
        count += len(words)
        check_elements(count, most, source)
    if not count:
        raise SourceError(f"{source} holds no numbers", hint="Pipe numbers in, one a line.")
    return Numbers(np.concatenate(arrays))


def _pieces(head: str, stream: TextIO, source: str) -> Iterator[str]:
    """The text in pieces that end between two words."""
    rest, length = "", 0
    while head:
        length += len(head)
        if len(rest) > LONGEST_WORD:
            raise SourceError(f"{source} holds a word of more than {LONGEST_WORD:,} characters", hint="Is it text?")
        if length > LONGEST_TEXT:
            raise BoundError(
                f"{source} has more than {LONGEST_TEXT:,} characters", hint="Save the numbers as .npy: numpy.save."
            )
        end = _last_break(head)
        if end:
            yield rest + head[:end]
            rest = head[end:]
        else:
            rest += head
        head = stream.read(PIECE)
    yield rest


def _last_break(text: str) -> int:
    """Behind the last character that parts two words, 0 if there is none."""
    match = re.search(r"[\s,;](?=[^\s,;]*\Z)", text[-4096:]) or re.search(r"[\s,;](?=[^\s,;]*\Z)", text)
    return 0 if match is None else len(text) - len(match.string) + match.end()


def _floats(words: list[str], before: int, source: str, *, plain: bool) -> np.ndarray:
    try:
        if not plain:  # 1_000 is a number to Python only
            raise ValueError
        return np.fromiter(map(float, words), dtype=np.float64, count=len(words))
    except ValueError:
        place, word = next((i, w) for i, w in enumerate(words, before + 1) if not is_number(w))
        shown = word if len(word) <= 40 else f"{word[:36]} ..."
        raise SourceError(f"word {place} of {source}, '{shown}', is no number", hint="Remove it.") from None


def is_number(word: str) -> bool:
    """Whether a word is a number to others than Python, too."""
    try:
        float(word)
    except ValueError:
        return False
    return "_" not in word
