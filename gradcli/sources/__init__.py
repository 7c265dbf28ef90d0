"""Numbers from outside of the command line: `@file`, `@file:name`, and standard input.

One row a format: the ending of a file, and the function of this package that reads it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, TextIO

from gradcli.exceptions import MissingNameError, SeveralTensorsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradcli.language.request import Value
    from gradcli.sources.location import Location
    from gradcli.sources.numbers import Numbers

    Reader = Callable[[Location], Numbers]

READERS = {
    ".npy": "arrays.read_npy",
    ".npz": "arrays.read_npz",
    ".pt": "pytorch.read",
    ".pth": "pytorch.read",
    ".safetensors": "safetensors.read",
    ".csv": "table.read",
    ".tsv": "table.read",
    ".json": "document.read",
    ".txt": "text.read",
    ".parquet": "parquet.read",
}

_NAMELESS = (".npy", ".txt")
"""Formats of one array, which has no name."""
_STANDARD_INPUT = re.compile(r"-|@(?:-|/+dev/+(?:stdin|fd/+0)|/+proc/+self/+fd/+0)(?P<path>:.*)?", re.DOTALL)
"""Standard input, also by the names that the system has for it."""
_NAMED = re.compile(r"[^\W\d]\w*(:[\w.]*)?=(?P<value>.*)", re.DOTALL)


def sources(words: Sequence[str], most: int | None = None, stdin: TextIO | None = None) -> dict[str, Value]:
    """The numbers behind the words that name a source, by the text of the word or of its NAME=VALUE's value.

    most: the elements that each may have, None for the bound that all tensors have.
    stdin: what `-` reads; None for that of the process.

    Raises BoundError, SourceError for what cannot be read, UsageError where standard input is asked for twice.
    """
    named = [text for word in words if is_source(text := _value(word))]
    if sum(map(_is_standard_input, named)) > 1:
        raise UsageError("standard input can be read only once", hint="Give '-' for one input.")
    return {text: read_source(text, most, stdin) for text in dict.fromkeys(named)}


def is_source(text: str) -> bool:
    """Whether the text of a value names a source rather than being an expression."""
    return text == "-" or text.startswith("@")


def read_source(text: str, most: int | None = None, stdin: TextIO | None = None) -> Value:
    """The numbers that `@data.npy`, `@data.npz:name`, `-` or `@-:path` stands for."""
    from gradcli.language.request import Value  # a page of help reads none
    from gradcli.language.text import DEFAULT_MAX_ELEMENTS
    from gradcli.sources.location import locate

    most = most or DEFAULT_MAX_ELEMENTS
    if standard_input := _STANDARD_INPUT.fullmatch(text):
        from gradcli.sources.text import read_standard_input

        numbers = read_standard_input(f"@-{standard_input['path'] or ''}", most, stdin)
    else:
        location = locate(text, READERS, most)
        named = location.name is None and location.regular and location.ending not in _NAMELESS
        tensors = TensorsOfFile(text, most) if named else None
        try:
            numbers = _reader_of(location)(location)
        except SeveralTensorsError as several:
            if tensors is None:
                raise
            return Value(text, tensors=tensors, refusal=several)
        return Value(text, numbers=numbers.values, dtype=numbers.dtype, tensors=tensors)
    return Value(text, numbers=numbers.values, dtype=numbers.dtype)


class TensorsOfFile:
    """The tensors of a file by name; each is read when it is asked for.

    names: those that the file has, once one was asked for that it does not have.
    """

    def __init__(self, word: str, most: int) -> None:
        self._word, self._most = word, most
        self.names: tuple[str, ...] = ()

    def get(self, name: str) -> Value | None:
        """The tensor of that name; of an answer of gradcli's own, the input of that name."""
        missing = []
        for path in (f"inputs.{name}", name):
            try:
                return read_source(f"{self._word}:{path}", self._most)
            except MissingNameError as error:
                missing.append(error.names)
        self.names = missing[0] or missing[1]
        return None


def _reader_of(location: Location) -> Reader:
    # the formats cost imports of their own, and a call reads one or two of them
    module, _, function = READERS.get(location.ending, READERS[".txt"]).partition(".")
    read: Reader = getattr(import_module(f"{__name__}.{module}"), function)
    return read


def _is_standard_input(text: str) -> bool:
    return _STANDARD_INPUT.fullmatch(text) is not None


def _value(word: str) -> str:
    match = _NAMED.fullmatch(word)
    return word if match is None else match["value"]
