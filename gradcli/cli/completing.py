"""A shell asks what may follow: its words are read, and it gets the replies in its own form."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

from gradcli.cli.completion import replies

_SPECIAL = re.compile(r"[^\w@%+=:,./~-]")
_UNFINISHED = ("/", "=", ":")
"""How a word ends behind which no space belongs."""


def complete(shell: str, words: Sequence[str]) -> None:
    """Print what may follow. A shell would put a message into what is typed: whatever goes wrong, nothing is said."""
    with suppress(Exception):
        lines = _for_bash(words[0]) if shell == "bash" else _with_texts(shell, words)
        print("".join(f"{line}\n" for line in lines), end="")


def _with_texts(shell: str, words: Sequence[str]) -> Iterator[str]:
    """A line for each reply: the word, and behind a tab what is said about it."""
    *before, current = words
    if shell == "fish":  # which leaves the quotes of the last word
        current = split(current, "")[1].text
    for reply in replies(before, current):
        yield f"{reply.word}\t{' '.join(reply.about.split())}" if reply.about else reply.word


def _for_bash(line: str) -> Iterator[str]:
    """Replies to a line up to the cursor: what stands for the part of the word that bash takes for the whole.

    A space behind a whole word belongs to the reply.
    """
    before, current = split(line, os.environ.get("COMP_WORDBREAKS", ""))
    while before and re.fullmatch(r"[^\W\d]\w*=.*", before[0], re.DOTALL):  # variables in front of the command
        before.pop(0)
    for reply in replies(before, current.text):
        rest = reply.word[current.start :]
        if current.quote:
            yield rest
        else:
            yield _SPECIAL.sub(r"\\\g<0>", rest) + ("" if rest.endswith(_UNFINISHED) else " ")


class Word:
    """The word at the cursor: its text without quotes, the quote that is open, where in it bash's own word begins."""

    def __init__(self) -> None:
        self.text = ""
        self.quote = ""
        self.start = 0


def split(line: str, breaks: str) -> tuple[list[str], Word]:
    """The words of a line as bash reads them, and the one at its end. breaks: characters that part bash's own words."""
    words: list[str] = []
    word, begun = Word(), False
    characters = iter(line)
    for character in characters:
        if character == "\\" and word.quote != "'":
            word.text, begun = word.text + next(characters, ""), True
        elif word.quote:
            word.quote = "" if character == word.quote else word.quote
            word.text += character if word.quote else ""
        elif character in "'\"":
            word.quote, word.start, begun = character, len(word.text), True
        elif character.isspace():
            if begun:
                words.append(word.text)
            word, begun = Word(), False
        else:
            before, word.text, begun = len(word.text), word.text + character, True
            if character in breaks:
                word.start = before if character == "@" else len(word.text)  # bash keeps this one
    return words, word
