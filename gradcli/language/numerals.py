"""Long lists of numbers in a text: read at once, since a node for each number would take as long as everything else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from gradcli.exceptions import Span

LONG = 1000
"""Characters from which on a list of numbers is read at once; shorter ones are expressions like any other."""
PLACEHOLDER = "_numbers_"
"""How the name begins that stands for a list while Python's parser reads the rest; no user's name does."""

_RUN = re.compile(r"[\[\]0-9eE+\-.,_\snaifTruFls]+")
"""Digits, signs, and the letters of nan, inf, True and False: one class of characters, which is read fastest."""
_BRACKET = re.compile(r"[\[\]]")
_MEANT = {"nan": "NaN", "inf": "Infinity", "True": "true", "False": "false"}
_WORD = re.compile(r"\b(?:nan|inf|True|False)\b")
_TIDY = (
    (re.compile(r"(?<=\d)_(?=\d)"), ""),
    (re.compile(r"\+(?=[\d.])(?<![eE]\+)"), ""),
    (re.compile(r"(?<!\d)\.(?=\d)"), "0."),
    (re.compile(r"(?<=\d)\.(?!\d)"), ".0"),
    (re.compile(r",\s*(?=\]|\Z)"), ""),
)
"""From numbers as Python has them to those of JSON, whose reader is the fastest: 1_000, +1, .5, 1., [1, 2,]."""
MAX_DIMENSIONS = 64
"""Of a tensor of PyTorch's."""


@dataclass(frozen=True)
class Listed:
    """A list of numbers in a text: nested lists, a tuple where it stands without brackets, and its place."""

    values: list[object] | tuple[object, ...]
    span: Span


def long_lists(text: str, *, words: bool) -> Iterator[Listed]:
    """The long lists of numbers in a text, in order; `words` says that nan and inf are numbers in it."""
    if len(text) < LONG or PLACEHOLDER in text:
        return
    for run in _RUN.finditer(text):
        if len(run[0]) < LONG:
            continue
        if run.end() - run.start() == len(text) and "," in text:
            whole = _read(f"[{text}]", words=words)
            if whole is not None and not (len(whole) == 1 and text.strip()[-1] != ","):
                start = len(text) - len(text.lstrip())
                yield Listed(tuple(whole), (start, len(text.rstrip())))
                return
        for start, end in _brackets(text, run.start(), run.end()):
            values = _read(text[start:end], words=words) if end - start >= LONG else None
            if values is not None:
                yield Listed(values, (start, end))


def _brackets(text: str, start: int, end: int) -> Iterator[Span]:
    """The outermost brackets within a stretch of the text, but for those of an index."""
    depth, deepest, first = 0, 0, start
    for bracket in _BRACKET.finditer(text, start, end):
        if bracket[0] == "[":
            if depth == 0:
                before = text[max(bracket.start() - 100, 0) : bracket.start()].rstrip()[-1:]
                if before.isalnum() or (before and before in "_)]'\""):
                    continue
                first, deepest = bracket.start(), 0
            depth += 1
            deepest = max(deepest, depth)
        elif depth > 0:
            depth -= 1
            if depth == 0 and deepest <= MAX_DIMENSIONS:
                yield first, bracket.end()


def _read(text: str, *, words: bool) -> list[object] | None:
    """The numbers of a list, None where it holds anything else."""
    if any(letter in text for letter in "nTF") and _WORD.search(text):
        if not words:
            return None
        text = _WORD.sub(lambda word: _MEANT[word[0]], text)
    for read in (text, None):
        if read is None:
            for pattern, tidy in _TIDY:
                text = pattern.sub(tidy, text)
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):
            continue
        return values if isinstance(values, list) else None
    return None


def is_integral(values: object) -> bool:
    """Whether a nested list holds integers and nothing else."""
    if isinstance(values, list | tuple):
        return bool(values) and all(map(is_integral, values))
    return type(values) is int
