"""Numbers from outside of the command line: standard input."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradcli.errors import SourceError, UsageError

if TYPE_CHECKING:
    import numpy as np

STANDARD_INPUT = ("-", "@-")
_SEPARATORS = re.compile(r"[,;]")


def sources(words: Sequence[str]) -> dict[str, np.ndarray]:
    """The numbers behind the words that name a source, by word.

    Raises SourceError for what cannot be read, UsageError where standard input is asked for twice.
    """
    named = [value for word in words if (value := _value(word)) in STANDARD_INPUT]
    for word in words:
        value = _value(word)
        if value.startswith("@") and value not in STANDARD_INPUT:
            raise SourceError(
                f"files such as '{value}' cannot be read by this version",
                hint="Standard input can: gradcli grad sigmoid - < numbers.txt",
            )
    if len(named) > 1:
        raise UsageError("standard input can be read only once", hint="Give '-' for one input.")
    return {name: read_standard_input() for name in named}


def read_standard_input() -> np.ndarray:
    """All numbers on standard input: split by white space, commas or line breaks, or as a JSON array."""
    if sys.stdin is None or sys.stdin.isatty():
        raise SourceError("standard input is a terminal", hint="Pipe numbers in: seq -5 5 | gradcli grad sigmoid -")
    try:
        return numbers(sys.stdin.read())
    except OSError as error:
        raise SourceError(f"standard input cannot be read: {error.strerror}", hint="Pipe numbers in.") from None
    except UnicodeDecodeError:
        raise SourceError("standard input is not text", hint="Pipe numbers in, one a line.") from None


def numbers(text: str) -> np.ndarray:
    """The numbers in a text as a float64 array."""
    if text.lstrip().startswith("["):
        return _json(text)
    words = _SEPARATORS.sub(" ", text).split()
    if not words:
        raise SourceError("standard input holds no numbers", hint="Pipe numbers in, one a line.")
    import numpy as np  # takes a while, and most requests have no such words

    try:
        return np.array(words, dtype=np.float64)
    except ValueError:
        position, word = next((i, w) for i, w in enumerate(words, 1) if not _is_number(w))
        shown = word if len(word) <= 40 else f"{word[:36]} ..."
        raise SourceError(f"word {position} of standard input, '{shown}', is no number", hint="Remove it.") from None


def _json(text: str) -> np.ndarray:
    import numpy as np
    import orjson

    try:
        parsed = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise SourceError(f"standard input is no JSON array: {error}", hint="Write [1, 2, 3].") from None
    named = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}

    def plain(value: object) -> object:
        if isinstance(value, list):
            return [plain(item) for item in value]
        if isinstance(value, int | float):
            return value
        return named[str(value)]  # null is no number, and numpy would make it one

    try:
        array = np.array(plain(parsed), dtype=np.float64)
    except (ValueError, TypeError, KeyError):
        raise SourceError(
            "the JSON array does not hold rows of numbers of one length", hint="[[1, 2], [3, 4]]"
        ) from None
    if array.size == 0:
        raise SourceError("the JSON array holds no numbers", hint="Write [1, 2, 3].")
    return array


def _value(word: str) -> str:
    name, equals, value = word.partition("=")
    return value if equals and re.fullmatch(r"[^\W\d]\w*(:\w+)?", name) else word


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
