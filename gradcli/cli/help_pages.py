"""The pages of help, `gradcli --help` and one for each command, made from the commands' declarations."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Sequence

from gradcli import commands
from gradcli.cli.own_commands import OWN, OwnCommand
from gradcli.cli.screen import view_of
from gradcli.commands.command import Command
from gradcli.commands.parameters import OUTPUT, WHERE_AND_HOW, Argument, Option, Parameter
from gradcli.render.layout import Line
from gradcli.render.terminal import painted
from gradcli.render.text import width_of, wrapped

WIDTH = 80
"""Columns where there is no terminal."""
NARROWEST = 24
"""Columns for a text beside what it is about; with fewer it stands below."""
LONGEST_NAME = 26
"""Columns for what stands beside a text."""
FOLDED = (WHERE_AND_HOW, OUTPUT)
"""Panels of options that almost every command has; only `--help-all` shows them."""
_OWN = "Options"
"""The panel of a command's own options."""

Row = tuple[str, str]
"""A name, and the text beside it."""


def show_overview() -> None:
    """Print the page of gradcli itself."""
    from gradcli.cli.overview import ABOUT, EXAMPLES, GROUPS, MORE

    width = _width()
    lines = [*_text(ABOUT, width), (), *_rows(EXAMPLES, width, _longest(line for line, _ in EXAMPLES), "note")]
    column = _longest(name for group in GROUPS.values() for name in group)
    for title, group in GROUPS.items():
        lines += [(), ((title, "bold"),), *_rows(group.items(), width, column)]
    _print([*lines, (), *_text(MORE, width)])


def show_page(name: str, *, everything: bool) -> None:
    """Print the page of a command. everything: with the options that other commands have as well."""
    command = OWN[name] if name in OWN else commands.load(name)
    width = _width()
    first, *others = inspect.cleandoc(command.help or "").split("\n\n")
    lines = _text(first, width)
    lines += [(), *((("  " + example, "note"),) for example in command.examples)]
    for paragraph in others:
        lines += [(), *_text(paragraph, width)]
    line, arguments = usage(name, command)
    lines += [(), *(((piece, "bold"),) for piece in wrapped(f"Usage: {line}", width)), *_rows(arguments, width)]
    shown, folded = panels(command, everything=everything)
    for title, options in shown.items():
        lines += [(), ((title, "bold"),), *_rows(map(option_row, options), width)]
    if folded:
        names = ", ".join(parameter.words[0] for parameter in folded)
        lines += [(), *_text(f"--help-all shows what other commands have too: {names}.", width)]
    _print(lines)


def usage(name: str, command: Command | OwnCommand) -> tuple[str, list[Row]]:
    """The line that says what follows a command, and what its arguments are."""
    arguments = [p for p in command.on_command_line.values() if isinstance(p.declared, Argument)]
    shown = " ".join(map(_metavar, arguments))
    options_first = isinstance(command, OwnCommand) and command.takes_program
    words = f"[OPTIONS] {shown}" if options_first else f"{shown} [OPTIONS]"
    return f"gradcli {name} {words.strip()}", [(_metavar(one), _with_default(one)) for one in arguments]


def panels(command: Command | OwnCommand, *, everything: bool) -> tuple[dict[str, list[Parameter]], list[Parameter]]:
    """The options by the titles of their panels, and those that are left out."""
    changed = command.changed if isinstance(command, Command) else ()
    shown: dict[str, list[Parameter]] = {_OWN: []}
    folded: list[Parameter] = []
    for name, parameter in command.on_command_line.items():
        if not isinstance(parameter.declared, Option):
            continue
        panel = parameter.declared.panel or _OWN
        if panel in FOLDED and name not in changed and not everything:
            folded.append(parameter)
        else:
            shown.setdefault(panel, []).append(parameter)
    return {title: options for title, options in shown.items() if options}, folded


def option_row(parameter: Parameter) -> Row:
    """The names of an option with the word for its value, and its text."""
    long, *others = parameter.words
    short = [name for name in others if not name.startswith("--")]
    names = ", ".join([*short, long, *(name for name in others if name.startswith("--"))])
    return f"{names} {_metavar(parameter)}".strip(), _with_default(parameter)


def _metavar(parameter: Parameter) -> str:
    return parameter.declared.metavar or ""


def _with_default(parameter: Parameter) -> str:
    """The text of a parameter, with its default, unless that is nothing, and the variable that gives it."""
    declared, default = parameter.declared, parameter.default
    shown = declared.default if isinstance(declared.default, str) and declared.default != "none" else ""
    if declared.default is True and isinstance(default, str | int | float) and default is not False:
        shown = str(default)
    variable = declared.variable if isinstance(declared, Option) else None
    told = " or ".join(filter(None, [f"${variable}" if variable else "", shown]))
    return f"{declared.help} [{told}]" if told else declared.help


def _longest(names: Iterable[str]) -> int:
    return max(map(width_of, names))


def _rows(rows: Iterable[Row], width: int, column: int = 0, tone: str = "plain") -> list[Line]:
    """Names with their texts beside them, or below where there is no room."""
    pairs = list(rows)
    fitting = [width_of(name) for name, _ in pairs if width_of(name) <= LONGEST_NAME]
    column = column or max(fitting, default=0)
    indent = column + 4
    beside = width - indent >= NARROWEST
    lines: list[Line] = []
    for name, text in pairs:
        first = beside and width_of(name) <= column
        texts = wrapped(text, width - (indent if beside else 6))
        margin = " " * (indent if beside else 6)
        if first:
            lines.append(((f"  {name.ljust(column)}", tone), (f"  {texts[0]}", "plain")))
            texts = texts[1:]
        else:
            lines += [((piece, tone),) for piece in _hanging(name, width)]
        lines += [((margin + piece, "plain"),) for piece in texts]
    return lines


def _hanging(text: str, width: int) -> list[str]:
    first, *rest = wrapped(text, max(8, width - 6))
    return [f"  {first}", *(f"      {line}" for line in rest)]


def _text(text: str, width: int) -> list[Line]:
    return [((line, "plain"),) for line in wrapped(" ".join(text.split()), width)]


def _width() -> int:
    return min(view_of(sys.stdout, format_="table").width or WIDTH, 100)


def _print(lines: Sequence[Line]) -> None:
    view = view_of(sys.stdout, format_="table")
    sys.stdout.write(painted(lines, color=view.color))
