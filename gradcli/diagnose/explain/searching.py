"""Errors by a word, by a pasted message, or by a piece of one, however the terminal has wrapped it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gradcli.exceptions import UsageError, did_you_mean
from gradcli.language.catalogue.errors import AutogradError, all_errors, find

FEWEST_WORDS = 4
"""Words that a message in another wording has in common with one that is known."""
FEWEST_OF_A_WORD = 4
"""Letters with which a word is known anywhere, also inside of another one."""
FEWEST_LETTERS = 10
"""Shorter texts are words, and no pieces of a message."""
NEAREST = 0.4
"""The share of common words from which on the nearest entry is named, where none is found."""

_MESSAGE = re.compile(
    r"(?:^|[\s|])[\w.]*(?:Error|Exception|Warning): (?P<said>.*?)"
    r"(?=\Z|\n\s*\n|Traceback \(most recent|During handling of|The above exception|\n\s*File \")",
    re.DOTALL,
)
"""What stands behind the class of an exception, to the end of what it says."""


def searched(text: str) -> tuple[AutogradError, ...]:
    """A family, or the errors that mention a text, raise it or nearly so; a traceback around a message is passed over.

    Raises UsageError with the nearest word or entry where there is none.
    """
    if members := tuple(row for row in all_errors() if row.family == text):
        return members
    pieces = [" ".join(piece.split()) for piece in _pieces(text)]
    for look in (_mentioning, _raising):
        for piece in pieces:
            if found := look(piece):
                return found
    wanted = " ".join(text.split())
    raise UsageError(f"no error mentions '{_short(wanted)}'", hint=_instead_of(wanted, pieces[0]))


def _pieces(text: str) -> list[str]:
    """The messages in a pasted text, the last one first, and the text itself."""
    said = [match["said"] for match in _MESSAGE.finditer(text)]
    return [*reversed(said), text]


def _mentioning(text: str) -> tuple[AutogradError, ...]:
    return tuple(row for row in all_errors() if _mentions(row, text))


def _mentions(row: AutogradError, text: str) -> bool:
    """Whether a row has a text in it, or is meant by a message."""
    fields = (row.id, row.family, row.title, row.type, row.program, row.cause, row.fix, *row.patterns)
    if any(_is_in(text.lower(), " ".join(field.split()).lower()) for field in fields):
        return True
    solid = text.replace(" ", "")  # a terminal breaks words too
    return any(re.search(pattern.replace(" ", ""), solid) for pattern in _wordings(row))


def _is_in(text: str, field: str) -> bool:
    """Whether it stands there; a few letters are in too many words to mean one that they do not begin."""
    if len(text) < FEWEST_OF_A_WORD and text.isalpha():
        return re.search(f"(?<![a-z]){text}", field) is not None
    return text in field


def _wordings(row: AutogradError) -> tuple[str, ...]:
    """Its own patterns, or those of the entry whose words it raises."""
    owner = find(row.words_of)
    return row.patterns if owner is None else (*row.patterns, *owner.patterns)


def _raising(text: str) -> tuple[AutogradError, ...]:
    """Those whose programs raise this piece of a message, or nearly the whole of it."""
    if len(text) < FEWEST_LETTERS or " " not in text:
        return ()
    from gradcli.diagnose.explain.match_error import LIKE_ENOUGH, alike, holding  # they run the programs

    if pieces := holding(text):
        ids = {row.id for row in pieces}
        return tuple(row for row in all_errors() if row.id in ids)
    near = alike(text)
    if near.share <= LIKE_ENOUGH or near.common < FEWEST_WORDS:
        return ()
    return tuple(row for row in all_errors() if near.row.id in (row.id, row.words_of))


def _instead_of(text: str, message: str) -> str:
    """The word that may have been meant, or the entry that is nearest to a message, and where they all are."""
    listing = "'gradcli errors' lists them all."
    if meant := did_you_mean(text, _vocabulary()):
        return f"{meant} {listing}"
    if len(message.split()) >= FEWEST_WORDS:
        from gradcli.diagnose.explain.match_error import alike

        near = alike(message)
        if near.share >= NEAREST and near.common >= FEWEST_WORDS:
            return f"The nearest is '{near.row.id}', {near.row.title}; {listing}"
    return listing


def _vocabulary() -> Iterator[str]:
    for row in all_errors():
        text = f"{row.id} {row.family} {row.title} {row.cause}".lower()
        yield from (row.id, *(word for word in re.findall(r"[a-z_]+", text) if len(word) >= FEWEST_OF_A_WORD))


def _short(text: str, most: int = 40) -> str:
    return text if len(text) <= most else f"{text[:most]}..."
