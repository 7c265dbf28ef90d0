"""Sorting the words of a command line: which are options, which are values that begin with a minus sign.

Click's own parser reads `-5` and `-tanh(x)` as options, and lets `--dvice` through as a value. Here a word is an
option only if it is a declared name; a word that looks like one and is none is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from typer.core import TyperCommand
from typer.exceptions import TyperException

from gradcli.cli.option_coercion import KeptOptions, read_plainly
from gradcli.cli.option_hints import HABITS, nearest_option
from gradcli.cli.own_commands import HELP_OPTIONS
from gradcli.exceptions import UsageError

_LOOKS_LIKE_OPTION = re.compile(r"--[A-Za-z]")
_BEGINS_LIKE_OPTION = re.compile(r"-.")
"""The same where no value begins with a minus sign."""
NORMS_EVERY = 10
"""Steps from one to the next of which `watch --norms` tells the norms."""


class HelpAsked(Exception):  # noqa: N818 - no error: there are no values to return
    """The words ask for the page of help. everything: with the options that other commands have as well."""

    def __init__(self, *, everything: bool) -> None:
        super().__init__()
        self.everything = everything


class ExpressionCommand(TyperCommand):
    """A command whose values may begin with a minus sign."""

    takes_expressions = True
    _declared: Mapping[str, bool] | None = None

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if self._declared is None:
            self._declared = declared(self, ctx)
            self._kept = KeptOptions(self.params)
            read_plainly(self.get_params(ctx))
        chosen, values = self._separate(args, self._declared)
        check_help(chosen, self._declared)
        rest = super().parse_args(ctx, [*chosen, "--", *values])
        self._kept.keep(chosen, ctx.params)
        return rest

    def known_values(self, words: Sequence[str]) -> dict[str, Any] | None:
        """The values of the parameters, if these options have been read before.  Raises UsageError."""
        if self._declared is None:
            return None
        return self._kept.values(*self._separate(words, self._declared))

    def _separate(self, words: Sequence[str], options: Mapping[str, bool]) -> tuple[list[str], list[str]]:
        return separate(words, options, _LOOKS_LIKE_OPTION if self.takes_expressions else _BEGINS_LIKE_OPTION)


class PlainCommand(ExpressionCommand):
    """A command without values: whatever begins with a minus sign is an option."""

    takes_expressions = False


class ProgramCommand(PlainCommand):
    """A command that is followed by a program: its options end where the program begins."""

    def _separate(self, words: Sequence[str], options: Mapping[str, bool]) -> tuple[list[str], list[str]]:
        words = with_number(words, options)
        end = program_start(words, options)
        chosen, _ = separate(words[:end], options, _BEGINS_LIKE_OPTION)
        rest = words[end:]
        return chosen, list(rest[1:] if rest[:1] == ["--"] else rest)


def declared(command: TyperCommand, ctx: Any) -> dict[str, bool]:
    """The names of the command's options, and whether each takes a value."""
    names: dict[str, bool] = dict.fromkeys(HELP_OPTIONS, False)
    for parameter in command.get_params(ctx):
        if parameter.param_type_name != "option":
            continue
        takes_value = not (getattr(parameter, "is_flag", False) or getattr(parameter, "count", False))
        names.update(dict.fromkeys((*parameter.opts, *parameter.secondary_opts), takes_value))
    return names


def check_help(chosen: Sequence[str], options: Mapping[str, bool]) -> None:
    """Raises HelpAsked if an option asks for help."""
    words = iter(chosen)
    for word in words:
        if word in HELP_OPTIONS:
            raise HelpAsked(everything=word == "--help-all")
        if options[word]:
            next(words)


def separate(
    words: Sequence[str], options: Mapping[str, bool], looks_like_option: re.Pattern[str] = _LOOKS_LIKE_OPTION
) -> tuple[list[str], list[str]]:
    """The options with their values, and all other words in their order.

    Raises UsageError for a word that only looks like an option, and for an option whose value is missing.
    """
    chosen: list[str] = []
    values: list[str] = []
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if word == "--":
            values.extend(rest)
        elif word in options:
            chosen.append(word)
            if options[word]:
                chosen.append(_value_of(word, rest))
        elif equals and name in options and name.startswith("--"):
            if not options[name]:
                raise UsageError(f"{name} takes no value", hint=f"Write {name} alone.")
            chosen += [name, value]
        elif looks_like_option.match(word) or (values and _is_habit(word, words)):
            raise UsageError(f"unknown option '{name}'", hint=nearest_option(name, options))
        else:
            values.append(word)
    return chosen, values


def _is_habit(word: str, words: Sequence[str]) -> bool:
    """Whether `-q` behind a subject is an option of other programs: it is no value, unless there is a q."""
    return word in HABITS and not any(other.startswith(f"{word[1:]}=") for other in words)


def program_start(words: Sequence[str], options: Mapping[str, bool]) -> int:
    """The number of words before the program, or behind `-m MODULE` before its arguments."""
    position = 0
    while position < len(words):
        word = words[position]
        if word in ("-m", "--module"):
            return min(position + 2, len(words))
        if word == "--" or not word.startswith("-") or word == "-":
            return position
        position += 2 if options.get(word, False) else 1
    return len(words)


def with_number(words: Sequence[str], options: Mapping[str, bool]) -> Sequence[str]:
    """The words before a program, with the number that `--norms` means where none follows it."""
    position = 0
    while position < len(words):
        word = words[position]
        if word == "--norms" and not (len(words) > position + 1 and words[position + 1].isdecimal()):
            return [*words[:position], f"--norms={NORMS_EVERY}", *words[position + 1 :]]
        if word in ("-m", "--module", "--") or not word.startswith("-"):
            return words
        position += 2 if options.get(word, False) else 1
    return words


def complaint(error: TyperException) -> UsageError:
    """Typer's complaint in our form."""
    text = error.format_message() if hasattr(error, "format_message") else str(error)
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "gradcli"
    return UsageError(text[:1].lower() + text[1:].rstrip("."), hint=f"See '{path} --help'.")


def _value_of(option: str, rest: Any) -> str:
    value = next(rest, None)
    if value is None:
        raise UsageError(f"{option} needs a value", hint=f"Write {option} VALUE.")
    assert isinstance(value, str)
    return value
