"""What was meant by a command line that no command answers as it stands: the line that works, or where to look."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from gradcli import commands
from gradcli.cli.app import read
from gradcli.cli.option_hints import habit, option_in_front
from gradcli.cli.own_commands import HELP_OPTIONS, OWN
from gradcli.commands.command import Caller
from gradcli.exceptions import GradcliError, UsageError, did_you_mean, listed, nearest

ENTRIES = ("errors", "explain")
EXPRESSIONS = ("grad", "activate", "loss")
"""The commands that words without one are tried with, in this order."""

_PLAIN_WORD = re.compile(r"[\w-]{1,100}")
_LONGEST = 200
"""Characters of an expression that is shown once more."""


def unknown_command(words: Sequence[str]) -> UsageError:
    """The error for a line whose first word is no command, with the line that was meant."""
    word = words[0]
    if word.startswith("-"):
        return UsageError(f"unknown option '{word}'", hint=habit(word) or option_in_front(word))
    return UsageError(f"unknown command '{word}'", hint=_meant(words))


def _meant(words: Sequence[str]) -> str:
    """The hint for words of which the first is no command."""
    word, rest = words[0], words[1:]
    names = sorted((*commands.NAMES, *OWN))
    if word.endswith(".py"):
        return f"Try: {_line('watch', *words)}"
    if any(option in words for option in HELP_OPTIONS):
        return _about(word)
    is_name = _PLAIN_WORD.fullmatch(word) is not None
    dashed = is_name and "-" in word  # a name that is written wrong, rather than a difference
    line = next(_lines(words, ENTRIES if dashed else (*ENTRIES, *EXPRESSIONS)), None)
    if line is not None:
        return f"Try: {line}"
    if (meant := did_you_mean(word, names)) is not None:
        return meant
    if is_name and (other := nearest(word, _all_names())) is not None:
        line = next(_lines([other, *rest], (*ENTRIES, *EXPRESSIONS)), None)
        if line is not None:
            return f"Did you mean: {line}"
    if dashed and (line := next(_lines(words, EXPRESSIONS), None)) is not None:
        return f"Try: {line}"
    if not is_name and word and word.isprintable() and len(word) <= _LONGEST:
        return f"An expression stands behind a command: {_line('grad', *words)}"
    return f"There are {listed(names, most=20)}."


def no_page(word: str) -> UsageError:
    """The error for `gradcli help WORD` where the word is no command."""
    return UsageError(f"there is no command '{word}'", hint=_about(word))


def _about(word: str) -> str:
    """The hint with the page of a function or an error, or with the commands that have one."""
    from gradcli.diagnose.findings.table import CODES
    from gradcli.language import catalogue
    from gradcli.language.catalogue import errors

    if catalogue.find(word) is not None:
        return f"Try: {_line('functions', word)}"
    if word in CODES or errors.find(word) is not None:
        return f"Try: {_line('explain', word)}"
    names = sorted((*commands.NAMES, *OWN))
    return did_you_mean(word, names) or f"There are {listed(names, most=20)}."


def _lines(words: Sequence[str], names: Sequence[str]) -> Iterator[str]:
    """The words behind each of these commands that takes them as they are; nothing is computed, and no file is read."""
    tried = [_without_source(word) for word in words]
    for name in names:
        try:
            _check(name, tried)
        except GradcliError:
            continue
        yield _line(name, *words)


def _check(name: str, words: Sequence[str]) -> None:
    """Raises GradcliError unless the command takes these words."""
    given = read([name, *words])
    assert not isinstance(given, int), "no word asks for help"
    if name in ENTRIES:
        _check_known(name, words)
    commands.load(name).invocation(given.values).read(Caller())


def _check_known(name: str, words: Sequence[str]) -> None:
    """Raises UsageError unless the first word has an entry of its own: these commands would search for the text."""
    from gradcli.diagnose.findings.table import CODES
    from gradcli.language.catalogue.errors import find

    if not (words[0] in CODES if name == "explain" else find(words[0])):
        raise UsageError(f"'{words[0]}' has no entry")


def _all_names() -> list[str]:
    from gradcli.diagnose.findings.table import CODES
    from gradcli.language import catalogue
    from gradcli.language.catalogue.errors import all_errors

    return [*catalogue.function_names(), *(row.id for row in all_errors()), *CODES]


def _without_source(word: str) -> str:
    """The word with a number in the place of a file or of standard input."""
    from gradcli.sources import is_source

    name, equals, value = word.partition("=")
    if equals and is_source(value):
        return f"{name}=0"
    return "0" if is_source(word) else word


def _line(*words: str) -> str:
    return shlex.join(["gradcli", *words])
