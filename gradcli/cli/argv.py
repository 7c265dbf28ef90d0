"""Sorting the words of a command line: which are options, which are values that begin with a minus sign.

Click's own parser reads `-5` and `-tanh(x)` as options, and lets `--dvice` through as a value. Here a word is an
option only if it is a declared name; a word that looks like one and is none is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from gradcli.cli.option_coercion import KeptOptions, read_plainly
from gradcli.exceptions import UsageError, did_you_mean, listed

_LOOKS_LIKE_OPTION = re.compile(r"--[A-Za-z]")
_BEGINS_LIKE_OPTION = re.compile(r"-.")
"""The same where no value begins with a minus sign."""
NORMS_EVERY = 10
"""Steps from one to the next of which `watch --norms` tells the norms."""


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


class CommandGroup(TyperGroup):
    """The group of all commands; an unknown one is refused with the nearest name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        read_plainly(self.get_params(ctx))
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, known = args[0], self.list_commands(ctx)
        if name not in known:
            if name.startswith("-"):
                raise UsageError(
                    f"unknown option '{name}'", hint="Options stand behind the command: gradcli grad --help."
                )
            raise UsageError(
                f"unknown command '{name}'", hint=did_you_mean(name, known) or f"There are {listed(known, most=20)}."
            )
        return super().resolve_command(ctx, args)


def declared(command: TyperCommand, ctx: Any) -> dict[str, bool]:
    """The names of the command's options, and whether each takes a value."""
    names: dict[str, bool] = {}
    for parameter in command.get_params(ctx):
        if parameter.param_type_name != "option":
            continue
        takes_value = not (getattr(parameter, "is_flag", False) or getattr(parameter, "count", False))
        names.update(dict.fromkeys((*parameter.opts, *parameter.secondary_opts), takes_value))
    return names


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
        elif looks_like_option.match(word):
            raise UsageError(f"unknown option '{name}'", hint=nearest_option(name, options))
        else:
            values.append(word)
    return chosen, values


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


def nearest_option(word: str, options: Mapping[str, bool]) -> str | None:
    """A hint with the option that was most likely meant, else with all of them."""
    bare = word.lstrip("-").lower()
    known = {name.lstrip("-"): name for name in options if name.startswith("--")}
    begins = [name for name in known if name.startswith(bare)] if len(bare) > 1 else []
    if len(known) == 1:
        return f"There is {listed(known.values())} alone; '>' puts what is printed into a file."
    match = (get_close_matches(bare, known, n=1, cutoff=0.5) or begins[:1]) if len(bare) > 1 else []
    return f"Did you mean '{known[match[0]]}'?" if match else f"There are {listed(known.values(), most=30)}."


def complaint(error: TyperException) -> UsageError:
    """Typer's complaint in our form."""
    text = error.format_message() if hasattr(error, "format_message") else str(error)
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "gradcli"
    if text.startswith("No such option") and " " not in path:
        name = getattr(error, "option_name", "")
        behind = "Options stand behind the command: gradcli grad sigmoid 0 --json."
        meant = get_close_matches(name, ["--help", "--version"], n=1, cutoff=0.75)
        return UsageError(f"unknown option '{name}'", hint=f"Did you mean '{meant[0]}'?" if meant else behind)
    return UsageError(text[:1].lower() + text[1:].rstrip("."), hint=f"See '{path} --help'.")


def _value_of(option: str, rest: Any) -> str:
    value = next(rest, None)
    if value is None:
        raise UsageError(f"{option} needs a value", hint=f"Write {option} VALUE.")
    assert isinstance(value, str)
    return value
