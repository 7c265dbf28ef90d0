"""What may follow on a command line that is being typed: commands, options, and everything that has a name.

It is read from the declarations of the commands, without Typer, NumPy and PyTorch: the shell waits for it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from gradcli import commands
from gradcli.cli.completion_names import FILES, Reply, names_of
from gradcli.cli.front import HELP, SHELL_OPTIONS, VERSION
from gradcli.cli.overview import GROUPS
from gradcli.cli.own_commands import HELP_OPTIONS, OWN, OwnCommand, is_command
from gradcli.commands.command import Command
from gradcli.commands.parameters import Argument, Parameter
from gradcli.exceptions import GradcliError

_LAST_NAME = re.compile(r"[^\W\d][\w.]*\Z")
_PLAIN_NAME = re.compile(r"[\w.-]*")
_NAMED_FILE = re.compile(r"(?P<before>(?:[^\W\d]\w*(?::\w*)?=)?@)(?P<path>.*)", re.DOTALL)
_DTYPE = re.compile(r"(?P<before>[^\W\d]\w*:)(?P<name>\w*)")


def replies(words: Sequence[str], current: str) -> list[Reply]:
    """What may stand for `current`, the beginning of a word, behind these words of which the first is the program."""
    found = _replies(list(words[1:]), current)
    return sorted({reply.word: reply for reply in found if reply.word.startswith(current)}.values())


def _replies(words: list[str], current: str) -> Iterable[Reply]:
    if not words:
        options = (*HELP_OPTIONS, *VERSION[1:], *SHELL_OPTIONS)
        lines = {name: line for group in GROUPS.values() for name, line in group.items()}
        return [Reply(*row) for row in lines.items()] if not current.startswith("-") else map(Reply, options)
    name, *rest = words
    if name in SHELL_OPTIONS:
        return names_of("shell")
    if name in HELP and not rest:
        return (Reply(command) for command in (*commands.NAMES, *OWN))
    if not is_command(name):
        return ()
    return _in_command(OWN[name] if name in OWN else commands.load(name), rest, current)


def _in_command(command: Command | OwnCommand, words: Sequence[str], current: str) -> Iterator[Reply]:
    """What may follow behind a command and these words."""
    declared = command.on_command_line.values()
    options = {name: p for p in declared for name in p.words}
    arguments = [p for p in declared if isinstance(p.declared, Argument)]
    values, open_option, are_values = _sorted(command, words, options)
    if open_option is not None:
        yield from _values(options[open_option], current, values)
        return
    option, equals, begun = current.partition("=")
    if not are_values and equals and option in options:
        yield from (reply._replace(word=f"{option}={reply.word}") for reply in _values(options[option], begun, values))
        return
    if not are_values and current.startswith("-"):
        yield from (Reply(name, p.declared.help) for name, p in options.items())
        yield from (Reply(name, "Show the page of help.") for name in HELP_OPTIONS)
        return
    if arguments:
        yield from _values(arguments[min(len(values), len(arguments) - 1)], current, values)


def _sorted(
    command: Command | OwnCommand, words: Sequence[str], options: Mapping[str, Parameter]
) -> tuple[list[str], str | None, bool]:
    """The values among the words, the option that waits for its value, and whether only values can follow."""
    takes_program = isinstance(command, OwnCommand) and command.takes_program
    values: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--" or (takes_program and (word in ("-m", "--module") or not word.startswith("-"))):
            return [*values, *([] if word == "--" else [word]), *rest], None, True
        if word in options and options[word].declared.metavar is not None:
            if next(rest, None) is None:
                return values, word, False
        elif word not in options and word not in HELP_OPTIONS and word.partition("=")[0] not in options:
            values.append(word)
    return values, None, False


def _values(parameter: Parameter, current: str, values: Sequence[str]) -> Iterator[Reply]:
    """What may stand as the value of a parameter, behind other values."""
    kind = parameter.declared.completes
    takes_names = isinstance(parameter.declared, Argument) and parameter.declared.takes_names
    if (file := _NAMED_FILE.fullmatch(current)) is not None and kind not in FILES:
        yield from _before(file["before"], _files(file["path"], FILES["numbers"]))
    elif takes_names and (dtype := _DTYPE.fullmatch(current)) is not None:
        yield from _before(dtype["before"], (Reply(f"{reply.word}=") for reply in names_of("any dtype")))
    elif takes_names:
        yield from _open_names(values)
    elif kind in FILES:
        yield from _files(current, FILES["file" if kind == "program" and values else kind])
    elif kind.startswith("some "):  # names between commas
        head, comma, _ = current.rpartition(",")
        yield from _before(head + comma, names_of(kind.removeprefix("some ")))
    elif "function" in kind.split(" or ") and not _PLAIN_NAME.fullmatch(current):
        begun = _LAST_NAME.search(current)  # a name at the end of an expression
        if begun is not None:
            yield from _before(current[: begun.start()], names_of("function"))
    elif kind:
        yield from names_of(kind)


def _before(head: str, found: Iterable[Reply]) -> Iterator[Reply]:
    return (reply._replace(word=head + reply.word) for reply in found)


def _open_names(values: Sequence[str]) -> Iterator[Reply]:
    """`x=` for every name of the subject that has no value yet, or for the arguments of a loss."""
    from gradcli.language import catalogue
    from gradcli.language.parser import parse
    from gradcli.language.request import is_binding
    from gradcli.language.subject import subject_text

    if not values:
        return
    given = [word.partition("=")[0].partition(":")[0] for word in values[1:] if is_binding(word)]
    loss = catalogue.find_loss(values[0])
    try:
        names = [a.name for a in loss.arguments] if loss else parse(subject_text(values[0])).free_names
    except GradcliError:
        return
    yield from (Reply(f"{name}=") for name in names if name not in given)


def _files(begun: str, endings: Sequence[str] | None) -> Iterator[Reply]:
    """The folders in a folder, and its files with these endings, with any for none, or none at all for None."""
    folder, slash, name = begun.rpartition("/")
    head = folder + slash
    with os.scandir(Path(head or ".").expanduser()) as entries:
        for entry in entries:
            if entry.name.startswith(".") and not name.startswith("."):
                continue
            if entry.is_dir():
                yield Reply(f"{head}{entry.name}/")
            elif endings is not None and (not endings or entry.name.lower().endswith(tuple(endings))):
                yield Reply(f"{head}{entry.name}")
