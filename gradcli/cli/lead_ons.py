"""What was meant by a command line that no command answers as it stands: the line that works, or where to look."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from contextlib import suppress

from gradcli import commands
from gradcli.cli.app import read
from gradcli.cli.option_hints import habit, option_in_front
from gradcli.cli.own_commands import HELP_OPTIONS, OWN, is_command
from gradcli.commands.command import Caller
from gradcli.commands.parameters import Option
from gradcli.exceptions import GradcliError, UsageError, did_you_mean, listed, nearest
from gradcli.language.calling import module_in
from gradcli.sources import is_source

ENTRIES = ("errors", "explain")
EXPRESSIONS = ("grad", "activate", "loss")
ALL = (*ENTRIES, *EXPRESSIONS)
"""The commands that words without one are tried with, in this order."""

_PLAIN_WORD = re.compile(r"[\w-]{1,100}")
_TRY = "Try: "
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
    if (other := _in_other_words(words)) is not None:
        return f"{_TRY}{_line(*other)}"
    if any(option in words for option in HELP_OPTIONS):
        return _about(word)
    is_name = _PLAIN_WORD.fullmatch(word) is not None
    dashed = is_name and "-" in word  # a name that is written wrong, rather than a difference
    if (line := _line_for(words, ENTRIES if dashed else ALL)) is not None:
        return f"{_TRY}{line}"
    if not is_name and (told := _told(words)) is not None:
        return told
    if (meant := did_you_mean(word, _commands())) is not None:
        return meant
    if is_name and (near := nearest(word, _all_names())) is not None and (line := _line_for([near, *rest], ALL)):
        return f"Did you mean: {line}"
    if dashed and (line := _line_for(words, EXPRESSIONS)) is not None:
        return f"{_TRY}{line}"
    if is_name or not word.isprintable() or not word or len(word) > _LONGEST or is_source(word):
        return f"There are {listed(_commands(), most=20)}."
    if len(word.split()) > 2 and _is_message(word):
        return f"{_TRY}{_line('explain', *words)}"
    return f"An expression stands behind a command: {_line('grad', *words)}"


def _in_other_words(words: Sequence[str]) -> list[str] | None:
    """A line for a program, for one that names gradcli twice or stands in one pair of quotes, for an option."""
    word, rest = words[0], list(words[1:])
    parts = word.split()
    if word.endswith(".py"):
        return ["watch", *words]
    if word in ("python", "python3", "gradcli") and rest:
        return ["watch", *rest] if word != "gradcli" else rest
    if len(parts) > 1 and not rest and is_command(parts[0]):
        return parts
    if rest and f"--{word}" in _flags_of_grad():
        return ["grad", *rest, f"--{word}"]
    return None


def _flags_of_grad() -> set[str]:
    return {
        parameter.declared.names
        for parameter in commands.load("grad").own.values()
        if isinstance(parameter.declared, Option) and parameter.declared.metavar is None
    }


def _is_message(text: str) -> bool:
    """Whether a text is found among the messages of PyTorch's errors."""
    from gradcli.diagnose.explain.searching import searched

    try:
        return bool(searched(text))
    except UsageError:
        return False


def _commands() -> list[str]:
    return sorted((*commands.NAMES, *OWN))


def no_page(word: str) -> UsageError:
    """The error for `gradcli help WORD` where the word is no command."""
    return UsageError(f"there is no command '{word}'", hint=_about(word))


def _about(word: str) -> str:
    """The hint with the page of a function or an error, or with the commands that have one."""
    from gradcli.diagnose.findings.table import CODES
    from gradcli.language import catalogue
    from gradcli.language.catalogue import errors

    if catalogue.find(word) is not None:
        return f"{_TRY}{_line('functions', word)}"
    if word in CODES or errors.find(word) is not None:
        return f"{_TRY}{_line('explain', word)}"
    return did_you_mean(word, _commands()) or f"There are {listed(_commands(), most=20)}."


def _line_for(words: Sequence[str], names: Sequence[str]) -> str | None:
    """The words behind the first of these commands that takes them; a module is called with x."""
    written = [words, [f"{words[0]}(x)", *words[1:]]] if module_in(words[0]) is not None else [words]
    for name in names:
        for line in written:
            with suppress(GradcliError):
                _check(name, line)
                return _line(name, *line)
    return None


def _told(words: Sequence[str]) -> str | None:
    """The line that a command says to try, where it is given these words."""
    for name in EXPRESSIONS:
        try:
            _check(name, words)
        except GradcliError as error:
            if (error.hint or "").startswith(_TRY) and not any(map(_has_source, words)):
                return error.hint
    return None


def _check(name: str, words: Sequence[str]) -> None:
    """Raises GradcliError unless the command takes these words; nothing is computed, and no file is read."""
    given = read([name, words[0], *map(_without_source, words[1:])])
    assert not isinstance(given, int), "no word asks for help"
    if name in ENTRIES:
        _check_known(name, words)
    commands.load(name).invocation(given.values).read(Caller())


def _check_known(name: str, words: Sequence[str]) -> None:
    """Raises UsageError unless each word has an entry of its own: these commands would search for the text."""
    from gradcli.diagnose.findings.table import CODES
    from gradcli.language.catalogue.errors import find

    if not all(word in CODES if name == "explain" else find(word) for word in words):
        raise UsageError("a word has no entry")


def _all_names() -> list[str]:
    from gradcli.diagnose.findings.table import CODES
    from gradcli.language import catalogue
    from gradcli.language.catalogue.errors import all_errors

    return [*catalogue.function_names(), *(row.id for row in all_errors()), *CODES]


def _has_source(word: str) -> bool:
    """Whether a value is a file or standard input."""
    return is_source(word) or is_source(word.partition("=")[2])


def _without_source(word: str) -> str:
    """The word with a number in the place of a file or of standard input."""
    if is_source(word) or not _has_source(word):
        return "0" if is_source(word) else word
    return f"{word.partition('=')[0]}=0"


def _line(*words: str) -> str:
    return shlex.join(["gradcli", *words])
