"""Which entry of the catalogue an exception is: by known wordings, else by what the catalogue's programs raise here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from operator import attrgetter
from typing import NamedTuple

from gradcli.language.catalogue.errors import AutogradError, all_errors, find
from gradcli.numerics.programs import run

LIKE_ENOUGH = 0.6
"""The share of words that a message must have in common with that of the entry's own program."""

PYTHONS_OWN = "AttributeError"
"""A class whose messages are all alike but for the names in them, which are masked: only a known wording tells."""

FEWEST_IN_ORDER = 5
"""A piece of a message in an older wording has so many words of the newer one,"""
PIECE_ENOUGH = 0.8
"""and this share of its own, in the same order."""

_MASKED = re.compile(r"'[^']*'|\"[^\"]*\"|\[[^\]]*\]|\([\dx, ]*\)|-?\d[\d.x]*")
"""Names, shapes and numbers: they are the user's, and not the error's."""

_SIBLINGS: dict[str, dict[str | None, str]] = {
    "no-grad-fn": {"detach": "detached-output", "indices": "argmax-output", "comparison": "comparison-output"},
}
"""Entries with one wording, told apart by what the path ends at."""


class Likeness(NamedTuple):
    """An entry, how many words its message has in common with another one, and which share of all that is."""

    row: AutogradError
    common: int
    share: float


def matching_entry(error: Exception, ending: str | None = None, *, anywhere: bool = False) -> AutogradError | None:
    """The entry that an exception is, or None; what the path ends at tells siblings of one wording apart.

    anywhere: where no wording fits, look also among the entries that no command of gradcli can end up at: their
    programs take a second.
    """
    message = str(error)
    found = known_entry(message) or _by_likeness(type(error).__name__, message, anywhere=anywhere)
    return None if found is None else _sibling(found, ending)


def known_entry(message: str) -> AutogradError | None:
    """The first entry with a wording that is known."""
    patterns = ((row, pattern) for row in all_errors() for pattern in row.patterns)
    return next((row for row, pattern in patterns if re.search(pattern, message)), None)


def _by_likeness(type_: str, message: str, *, anywhere: bool) -> AutogradError | None:
    """The entry whose own message is nearest, where one is near: another PyTorch words its errors differently."""
    found = max(_likenesses(message, _messages(type_, anywhere)), key=attrgetter("share"), default=None)
    return None if found is None or found.share <= LIKE_ENOUGH else found.row


def alike(message: str) -> Likeness:
    """The entry whose program raises the nearest words here, whatever its class; the programs take a second."""
    return max(_likenesses(message, _all_messages()), key=attrgetter("share"))


def holding(fragment: str) -> tuple[AutogradError, ...]:
    """The entries whose programs raise a message with this piece in it; names, numbers and shapes may be others.

    In an older wording a word of it may be another: then those that have most of its words in this order.
    """
    wanted = _words(fragment)
    messages = [(row, _words(message)) for row, message in _all_messages()]
    whole = tuple(row for row, words in messages if f" {' '.join(wanted)} " in f" {' '.join(words)} ")
    if whole:
        return whole
    kept = [_in_order(wanted, words) for _, words in messages]
    most = max(kept, default=0)
    if most < FEWEST_IN_ORDER or most < PIECE_ENOUGH * len(wanted):
        return ()
    return tuple(row for (row, _), number in zip(messages, kept, strict=True) if number == most)


def _in_order(wanted: list[str], words: list[str]) -> int:
    """How many words of one text stand in another in the same order."""
    best = [0] * (len(words) + 1)
    for word in wanted:
        before = 0
        for place, other in enumerate(words, 1):
            kept = best[place]
            best[place] = before + 1 if word == other else max(kept, best[place - 1])
            before = kept
    return best[-1]


def _likenesses(message: str, messages: Iterable[tuple[AutogradError, str]]) -> Iterator[Likeness]:
    asked = Counter(_words(message))
    for row, own in messages:
        words = Counter(_words(own))
        common = (asked & words).total()
        yield Likeness(row, common, common * 2 / max(1, asked.total() + words.total()))


def _all_messages() -> tuple[tuple[AutogradError, str], ...]:
    types = dict.fromkeys(row.type for row in all_errors())
    return tuple(pair for type_ in types for pair in _messages(type_, anywhere=True))


@cache
def _messages(type_: str, anywhere: bool) -> tuple[tuple[AutogradError, str], ...]:
    """What the programs of one class raise in this PyTorch; of one wording the entry that owns it first."""
    rows = [row for row in all_errors() if row.type == type_ != PYTHONS_OWN and not row.needs]
    rows = [row for row in rows if anywhere or row.hint]
    rows.sort(key=lambda row: not row.patterns)
    return tuple((row, run(row.program).message or "") for row in rows)


def _words(message: str) -> list[str]:
    """The words of a message without what is the user's."""
    return re.findall(r"[a-z_]+", _MASKED.sub(" ", message.strip().lower()))


def _sibling(row: AutogradError, ending: str | None) -> AutogradError:
    """The narrower entry of the same wording that is about what the path ends at."""
    return find(_SIBLINGS.get(row.id, {}).get(ending, "")) or row
