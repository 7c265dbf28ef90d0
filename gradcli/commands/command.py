"""A command as one row: its parameters, the inspection it asks, and what its answers are called."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from gradcli.commands.parameters import Argument, Option, Parameter, parameter_of
from gradcli.commands.shared import SharedOptions, shared_options
from gradcli.language.dtypes import FLOATING
from gradcli.sources import sources

if TYPE_CHECKING:
    from gradcli.language.request import Value

Row = TypeVar("Row", bound="Command")


@dataclass(frozen=True)
class Caller:
    """What differs between the command line, a batch and Python for one and the same call.

    stdin: what `-` reads; None for that of the process.
    arrays: the numbers that Python gives, by the words that stand for them; functions: its functions, by their subjects.
    """

    stdin: TextIO | None = None
    arrays: Mapping[str, Value] = field(default_factory=dict)
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    def values(self, words: Sequence[str], most: int | None) -> dict[str, Value]:
        """The numbers that words stand for: files, standard input, arrays. most: the elements that each may have."""
        return {**sources(words, most, self.stdin), **self.arrays}


@dataclass(frozen=True)
class Inquiry:
    """What the words of a call come to: the arguments of an inspection.

    plot: whether a plot is wanted; None on a terminal alone. subject: the word that a plot is drawn from.
    raises: whether an exception of PyTorch's is let out.
    """

    arguments: tuple[object, ...]
    plot: bool | None = False
    subject: str = ""
    raises: bool = False


@dataclass(frozen=True, eq=False)
class Command:
    """One command.

    read: makes the inquiry of what was given, without PyTorch; its signature declares the command's own parameters,
        its docstring is the help.
    examples: three command lines, with which the help opens.
    shared: the shared options that it has too, in the order of the help; changed: those that it declares otherwise.
    inspection, program, drawing, reproduction: `module:function`s that answer an inquiry, write the program of
        --emit torch, draw a plot of many points, and let an exception out.
    result: the record that it answers with; has_tensors: whether there are tensors in it, for files that hold nothing
        else. is_pictured: whether a notebook shows a picture that a terminal does not.
        is_looked_up: whether an answer that is longer than the terminal is read page by page.
        is_bad: whether such a result means exit code 1.
    dtypes: those that it computes in.
    """

    read: Callable[..., Inquiry]
    examples: tuple[str, ...]
    inspection: str
    result: str
    shared: tuple[str, ...]
    changed: Mapping[str, tuple[object, Option]] = field(default_factory=dict)
    program: str = ""
    drawing: str = ""
    reproduction: str = ""
    has_tensors: bool = True
    is_looked_up: bool = False
    is_pictured: bool = False
    is_bad: Callable[[Any], bool] = lambda _result: False
    dtypes: tuple[str, ...] = FLOATING

    @property
    def name(self) -> str:
        return self.read.__name__.replace("_", "-")

    @property
    def help(self) -> str | None:
        return self.read.__doc__

    @property
    def takes_expressions(self) -> bool:
        """Whether a word that begins with a minus sign may be a value."""
        return "device" in self.shared

    @cached_property
    def own(self) -> dict[str, Parameter]:
        """The parameters that only this command has."""
        return parameters_of(self.read)

    @cached_property
    def parameters(self) -> dict[str, Parameter]:
        """All parameters by name, in the order of the help."""
        found = dict(self.own)
        for name in self.shared:
            plain = shared_options()[name]
            default, option = self.changed.get(name, (plain.default, plain.declared))
            found[name] = plain._replace(default=default, declared=option)
        return found

    @property
    def on_command_line(self) -> dict[str, Parameter]:
        """The parameters that a line of words has."""
        return {
            name: parameter
            for name, parameter in self.parameters.items()
            if isinstance(parameter.declared, Argument) or parameter.declared.names
        }

    @cached_property
    def in_python(self) -> dict[str, Parameter]:
        """The options that its Python function has, by their names there."""
        return {
            parameter.python_name: parameter
            for parameter in self.parameters.values()
            if isinstance(parameter.declared, Option) and parameter.declared.in_python
        }

    @cached_property
    def takes_names(self) -> bool:
        """Whether values may be given by name."""
        return any(isinstance(p.declared, Argument) and p.declared.takes_names for p in self.own.values())

    def invocation(self, given: Mapping[str, Any]) -> Invocation:
        """A call with these values.  Raises GradcliError where a shared option is out of bounds."""
        options = SharedOptions(**{name: given.get(name, self.parameters[name].default) for name in self.shared})
        options.check(self.dtypes)
        return Invocation(self, options, {name: given[name] for name in self.own if name in given})


@dataclass(frozen=True)
class Invocation:
    """One call of a command, before anything is read or computed."""

    command: Command
    options: SharedOptions
    own: Mapping[str, object]

    def read(self, caller: Caller) -> Inquiry:
        """What is asked.  Raises GradcliError for what the words alone show to be wrong."""
        return self.command.read(self.options, caller, **self.own)


def parameters_of(function: Callable[..., object]) -> dict[str, Parameter]:
    """The parameters that a function's signature declares, by name."""
    declared = {}
    for parameter in inspect.signature(function).parameters.values():
        default = ... if parameter.default is parameter.empty else parameter.default
        if (found := parameter_of(parameter.name, parameter.annotation, default)) is not None:
            declared[parameter.name] = found
    return declared
