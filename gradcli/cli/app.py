"""The tree of commands as Typer wants it, made from their declarations; a command is made when it is asked for."""

from __future__ import annotations

import inspect
import os
from contextlib import suppress
from functools import cache
from typing import Annotated, Any, NamedTuple

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from gradcli import commands
from gradcli.cli.argv import CommandGroup, ExpressionCommand, PlainCommand, ProgramCommand, complaint
from gradcli.cli.help_imports import light_help
from gradcli.cli.own_commands import OWN
from gradcli.commands.parameters import Argument, Parameter
from gradcli.exceptions import GradcliError
from gradcli.version import __version__

CONTEXT = {"help_option_names": ["-h", "--help"]}


@cache
def command_tree() -> Any:
    """The tree of all commands, built once a process."""
    app = typer.Typer(
        cls=AllCommands,
        help="Where gradients come from: values, derivatives and PyTorch's own errors, from the command line.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings=CONTEXT,
        rich_markup_mode="rich",
        epilog="Try: gradcli grad sigmoid 0 1 10",
    )
    app.callback()(_gradcli)
    return get_command(app)


class AllCommands(CommandGroup):
    """The group whose commands are made one by one."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        return sorted((*commands.NAMES, *OWN))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return click_command(cmd_name) if cmd_name in self.list_commands(ctx) else None


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
    read.__doc__ = command.help
    kind = ExpressionCommand if command.takes_expressions else PlainCommand
    if name in OWN and OWN[name].takes_program:
        kind = ProgramCommand
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
    app.command(name, cls=kind, context_settings=CONTEXT, epilog=f"Try: {command.example}")(read)
    return get_command(app)


def read(words: list[str]) -> Given | int:
    """What the words say, or the exit code of a help page; Typer's complaints as our errors."""
    try:
        with light_help():
            given = command_tree()(words, prog_name="gradcli", standalone_mode=False)
    except typer.Exit as end:
        return end.exit_code
    except SystemExit:  # how Typer answers a closed pipe
        raise BrokenPipeError from None
    except TyperException as error:
        raise complaint(error) from None
    return given if isinstance(given, Given) else 0


def is_completing() -> bool:
    """Whether a shell asks what may follow, as Typer's scripts for shells do."""
    return os.environ.get("_GRADCLI_COMPLETE", "").startswith("complete_")


def complete() -> int:
    """Print what may follow; a line that is wrong so far has nothing, for a message would land in the user's prompt."""
    wrong = (GradcliError, TyperException, KeyError, ValueError)  # the last two: variables that no shell sets so
    with light_help(), suppress(SystemExit, *wrong):
        command_tree()([], prog_name="gradcli", standalone_mode=False)
    return 0


def _typer_parameter(parameter: Parameter) -> inspect.Parameter:
    """What Typer reads in a signature."""
    name, type_, declared, default = parameter
    told: dict[str, Any] = {"metavar": declared.metavar, "help": declared.help, "show_default": declared.default}
    if isinstance(declared, Argument):
        info = typer.Argument(**told)
    else:
        names = declared.names.split()
        info = typer.Option(*names, **told, envvar=declared.variable, rich_help_panel=declared.panel)
    annotation = Annotated[type_, info]  # type: ignore[valid-type]
    given = inspect.Parameter.empty if default is ... else default
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=given, annotation=annotation)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"gradcli {__version__}")
        raise typer.Exit


def _gradcli(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Where gradients come from: values, derivatives and PyTorch's own errors, from the command line."""
