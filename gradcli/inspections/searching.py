"""Errors by a word or by a pasted message, however the terminal has wrapped it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gradcli.errors import UsageError, did_you_mean
from gradcli.language.catalogue.errors import AutogradError, all_errors, find

FEWEST_WORDS = 4
"""Shorter texts are words, and no message in a wording that is not known yet."""


def searched(text: str) -> tuple[AutogradError, ...]:
    """The errors that mention a text, or that a message may be; for unknown wordings those that raise nearly the same.

    Raises UsageError with the nearest word where there is none.
    """
    wanted = " ".join(text.split())
    found = tuple(row for row in all_errors() if _mentions(row, wanted))
    if not found and len(wanted.split()) >= FEWEST_WORDS:
        from gradcli.inspections.recognition import alike  # runs the programs: only for those who need it

        owner = alike(wanted)
        found = tuple(row for row in all_errors() if owner is not None and owner.id in (row.id, row.words_of))
    if not found:
        listing = "'gradcli errors' lists them all."
        meant = did_you_mean(wanted, _vocabulary())
        raise UsageError(f"no error mentions '{_short(wanted)}'", hint=f"{meant} {listing}" if meant else listing)
    return found


def _mentions(row: AutogradError, text: str) -> bool:
    """Whether a row has a text in it, or is meant by a message."""
    fields = (row.id, row.family, row.title, row.type, row.program, row.cause, row.fix, *row.signs)
    if any(text.lower() in " ".join(field.split()).lower() for field in fields):
        return True
    solid = text.replace(" ", "")  # a terminal breaks words too
    return any(re.search(sign.replace(" ", ""), solid) for sign in _wordings(row))


def _wordings(row: AutogradError) -> tuple[str, ...]:
    """Its own signs, or those of the entry whose words it raises."""
    owner = find(row.words_of)
    return row.signs if owner is None else (*row.signs, *owner.signs)


def _vocabulary() -> Iterator[str]:
    for row in all_errors():
        yield from (row.id, *re.findall(r"[a-z_]{4,}", f"{row.id} {row.family} {row.title} {row.cause}".lower()))


def _short(text: str, most: int = 40) -> str:
    return text if len(text) <= most else f"{text[:most]}..."
