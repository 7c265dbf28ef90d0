"""Commands as Typer wants them, made from their declarations; a command is made when it is asked for."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Annotated, Any, NamedTuple

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from gradcli import commands
from gradcli.cli.argv import ExpressionCommand, HelpAsked, PlainCommand, ProgramCommand, complaint
from gradcli.cli.own_commands import OWN
from gradcli.commands.parameters import Argument, Parameter


class Given(NamedTuple):
    """What Typer makes of a command line: the name of a command, and the values of its parameters."""

    name: str
    values: dict[str, object]


@cache
def click_command(name: str) -> Any:
    """The command as Typer reads it; called with words, it gives what they say."""
    command = OWN[name] if name in OWN else commands.load(name)

    def read(**values: object) -> Given:
        return Given(name, values)

    signature = inspect.Signature([_typer_parameter(p) for p in command.on_command_line.values()])
    read.__signature__ = signature  # type: ignore[attr-defined]
    kind = ExpressionCommand if command.takes_expressions else PlainCommand
    if name in OWN and OWN[name].takes_program:
        kind = ProgramCommand
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command(name, cls=kind, add_help_option=False)(read)
    return get_command(app)


def read(words: list[str]) -> Given | int:
    """What the words of a command say, or the exit code of its help page; Typer's complaints as our errors."""
    name, *rest = words
    try:
        given = click_command(name)(rest, prog_name=f"gradcli {name}", standalone_mode=False)
    except HelpAsked as asked:
        from gradcli.cli.help_pages import show_page

        show_page(name, everything=asked.everything)
        return 0
    except TyperException as error:
        raise complaint(error) from None
    assert isinstance(given, Given)
    return given


def _typer_parameter(parameter: Parameter) -> inspect.Parameter:
    """What Typer reads in a signature."""
    name, type_, declared, default = parameter
    told: dict[str, Any] = {"metavar": declared.metavar}
    if isinstance(declared, Argument):
        info = typer.Argument(**told)
    else:
        names = declared.names.split()
        info = typer.Option(*names, **told, envvar=declared.variable)
    annotation = Annotated[type_, info]  # type: ignore[valid-type]
    given = inspect.Parameter.empty if default is ... else default
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=given, annotation=annotation)
