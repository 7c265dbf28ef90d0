"""A Python function beside the row of its command: the row says which options it has."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from textwrap import dedent, wrap
from typing import Any, ParamSpec, TypeVar

from gradcli import commands
from gradcli.commands.command import Command
from gradcli.commands.parameters import Parameter

P = ParamSpec("P")
R = TypeVar("R")

_RAISES = "Raises GradcliError for a mistake in the call.  What PyTorch raises comes back as a Failure."


def declared(function: Callable[P, R]) -> Callable[P, R]:
    """The function with the options of its command in its signature and its docstring."""
    command = commands.load(function.__name__.replace("_", "-"))
    function.__signature__ = _signature(function, command)  # type: ignore[attr-defined]
    function.__doc__ = _documented(function.__doc__ or "", command)
    return function


def _signature(function: Callable[..., Any], command: Command) -> inspect.Signature:
    own = inspect.signature(function)
    places = [one for one in own.parameters.values() if one.kind is not one.VAR_KEYWORD]
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=parameter.default)
        for name, parameter in command.in_python.items()
    ]
    inputs = [inspect.Parameter("inputs", inspect.Parameter.VAR_KEYWORD)] if command.takes_names else []
    return own.replace(parameters=[*places, *options, *inputs])


def _documented(text: str, command: Command) -> str:
    """The docstring with a line for each option before its example."""
    head, mark, example = text.partition("    >>>")
    summary, _, rest = head.partition("\n")
    options = [line for parameter in command.in_python.values() for line in _lines(parameter)]
    said = [
        summary,
        *dedent(rest).strip("\n").split("\n"),
        "",
        *(["Options:", *options, ""] if options else []),
        _RAISES,
        "",
    ]
    return "\n".join(said) + dedent(mark + example)


def _lines(parameter: Parameter) -> list[str]:
    option = parameter.declared
    default = option.default if isinstance(option.default, str) else parameter.default
    shown = "" if option.default is False or default is None else f" [{default}]"
    return wrap(f"{parameter.python_name}: {option.help}{shown}", 100, initial_indent="    ", subsequent_indent=" " * 8)
