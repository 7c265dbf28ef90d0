"""Which entry of the catalogue an exception is: by known wordings, else by what the catalogue's programs raise here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache

from gradcli.compute.programs import run
from gradcli.language.catalogue.errors import AutogradError, all_errors, find

LIKE_ENOUGH = 0.6
"""The share of words that a message must have in common with that of the entry's own program."""

_MASKED = re.compile(r"'[^']*'|\"[^\"]*\"|\[[^\]]*\]|\([\dx, ]*\)|-?\d[\d.x]*")
"""Names, shapes and numbers: they are the user's, and not the error's."""

_SIBLINGS = {
    "no-grad-fn": (
        (r"\bdetach\b", "detached-output"),
        (r"\barg(max|min|sort)\b|gives indices", "argmax-output"),
        (r"[<>]|[!=]=|\b(gt|ge|lt|le|eq|ne)\b", "comparison-output"),
    )
}
"""Entries with one wording, told apart by the sub-expression at which the path ends, and what is said about it."""


def recognise(error: Exception, place: str = "", *, anywhere: bool = False) -> AutogradError | None:
    """The entry that an exception is, or None; what is known of the place tells siblings of one wording apart.

    anywhere: where no wording fits, look also among the entries that no command of gradcli can end up at: their
    programs take a second.
    """
    message = str(error)
    found = _by_sign(message) or _by_likeness(type(error).__name__, message, anywhere=anywhere)
    return None if found is None else _sibling(found, place)


def _by_sign(message: str) -> AutogradError | None:
    """The first entry with a wording that is known."""
    signs = ((row, sign) for row in all_errors() for sign in row.signs)
    return next((row for row, sign in signs if re.search(sign, message)), None)


def _by_likeness(type_: str, message: str, *, anywhere: bool) -> AutogradError | None:
    """The entry whose own message is nearest, where one is near: another PyTorch words its errors differently."""
    return _nearest(message, _messages(type_, anywhere))


def alike(message: str) -> AutogradError | None:
    """The entry whose program raises nearly the same words here, whatever its class; the programs take a second."""
    types = dict.fromkeys(row.type for row in all_errors())
    return _nearest(message, tuple(pair for type_ in types for pair in _messages(type_, anywhere=True)))


def _nearest(message: str, messages: Iterable[tuple[AutogradError, Counter[str]]]) -> AutogradError | None:
    asked = _words(message)
    best, likeness = None, LIKE_ENOUGH
    for row, words in messages:
        common = (asked & words).total() * 2 / max(1, asked.total() + words.total())
        if common > likeness:
            best, likeness = row, common
    return best


@cache
def _messages(type_: str, anywhere: bool) -> tuple[tuple[AutogradError, Counter[str]], ...]:
    """What the programs of one class raise in this PyTorch, in words; of one wording the entry that owns it first."""
    rows = [row for row in all_errors() if row.type == type_ and (anywhere or (row.hint and row.signs))]
    rows.sort(key=lambda row: not row.signs)
    return tuple((row, _words(run(row.program).message or "")) for row in rows)


def _words(message: str) -> Counter[str]:
    """The words of a message without what is the user's."""
    return Counter(re.findall(r"[a-z_]+", _MASKED.sub(" ", message.strip().lower())))


def _sibling(row: AutogradError, place: str) -> AutogradError:
    """The narrower entry of the same wording that the place shows."""
    narrower = next((name for sign, name in _SIBLINGS.get(row.id, ()) if re.search(sign, place)), row.id)
    return find(narrower) or row
