"""The tree of commands as Typer wants it, made from their declarations; a command is made when it is asked for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.main import get_command

from gradcli import commands
from gradcli.cli.argv import CommandGroup, ExpressionCommand, PlainCommand
from gradcli.cli.own_commands import OWN
from gradcli.commands.parameters import Argument, Parameter
from gradcli.version import __version__

if TYPE_CHECKING:
    from gradcli.commands.command import Command

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


@cache
def click_command(name: str) -> Any:
    """The command as Typer runs it."""
    if name in OWN:
        own = OWN[name]
        return _click_command(name, own.run, own.parameters, own.example, expressions=False)
    command = commands.load(name)
    run = partial(_run, command)
    run.__doc__ = command.read.__doc__
    return _click_command(name, run, command.on_command_line, command.example, expressions=command.takes_expressions)


def _click_command(
    name: str, run: Callable[..., int], parameters: Mapping[str, Parameter], example: str, *, expressions: bool
) -> Any:
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")

    def declared(**given: object) -> int:
        return run(**given)

    declared.__doc__ = run.__doc__
    declared.__signature__ = inspect.Signature([_typer_parameter(p) for p in parameters.values()])  # type: ignore[attr-defined]
    kind = ExpressionCommand if expressions else PlainCommand
    app.command(name, cls=kind, context_settings=CONTEXT, epilog=f"Try: {example}")(declared)
    return get_command(app)


def _run(command: Command, **given: object) -> int:
    from gradcli.cli.running import run_command

    return run_command(command, given)


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
