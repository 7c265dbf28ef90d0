"""How a parameter of a command is declared: as the metadata of a type, `Annotated[int, Option("--order", ...)]`.

The command line reads words by it, Python functions take it by name, and the help is written from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, get_args, get_origin

DERIVATIVES, WHERE_AND_HOW, OUTPUT = "Derivatives", "Where and how", "Output"
"""The panels of the help, behind the one for a command's own options."""


@dataclass(frozen=True)
class Argument:
    """What stands behind a command by its position.

    default: what the help calls it; True for the value itself, False for nothing.
    takes_names: whether its words may be NAME=VALUE. takes_functions: whether a caller in Python may give any function.
    completes: the kinds of names that it takes, as `gradcli/cli/completion_names.py` calls them, or the words
        themselves, with "or" between them; "some" before them where there may be several between commas.
    """

    metavar: str
    help: str
    default: str | bool = True
    takes_names: bool = False
    takes_functions: bool = False
    completes: str = ""


@dataclass(frozen=True)
class Option:
    """What is given by name.

    names: on the command line, such as `--dtype -t`; empty where Python alone has it.
    default: what the help calls it; True for the value itself, False for nothing.
    variable: of the environment, which gives the value where the option is not given.
    is_tensor: its words are values as points are, and a caller in Python may give arrays.
    in_python: whether it is one of the Python function as well, which neither prints nor ends.
    python: its name there, where no name of the command line says it.
    completes: as for an argument.
    """

    names: str
    metavar: str | None = None
    help: str = ""
    default: str | bool = True
    panel: str | None = None
    variable: str | None = None
    is_tensor: bool = False
    in_python: bool = True
    python: str = ""
    completes: str = ""


class Parameter(NamedTuple):
    """A declared parameter, its type and its default."""

    name: str
    type: object
    declared: Argument | Option
    default: object

    @property
    def takes_several(self) -> bool:
        """Whether it may be given more than once."""
        return self.type == list[str] | None

    @property
    def number(self) -> Callable[[Any], int | float] | None:
        """int or float, for what takes a number and no text."""
        kinds = {self.type, *get_args(self.type)}
        return None if str in kinds else int if int in kinds else float if float in kinds else None

    @property
    def words(self) -> list[str]:
        """The names of an option, one by one: `--color/--no-color` is two. None for an argument."""
        return self.declared.names.replace("/", " ").split() if isinstance(self.declared, Option) else []

    @property
    def python_name(self) -> str:
        """What a caller in Python writes: `lr` for --lr, `max_elements` for --max-elements."""
        if isinstance(self.declared, Argument):
            return self.name
        return self.declared.python or self.words[0].removeprefix("--").replace("-", "_")

    @property
    def is_tensor(self) -> bool:
        return isinstance(self.declared, Option) and self.declared.is_tensor


def parameter_of(name: str, annotation: object, default: object) -> Parameter | None:
    """The parameter that an annotation declares; None if it declares none."""
    if get_origin(annotation) is not Annotated:
        return None
    type_, declared = get_args(annotation)
    return Parameter(name, type_, declared, default)


Subject = Annotated[
    str,
    Argument(
        "SUBJECT",
        "A function, an expression: 'x * sigmoid(x)', or FILE.py:NAME.",
        takes_functions=True,
        completes="function",
    ),
]
Words = Annotated[
    list[str] | None,
    Argument(
        "[POINT | NAME=VALUE]...", "Points for the one open name, or values by name.", default=False, takes_names=True
    ),
]
Param = Annotated[
    list[str] | None, Option("--param", "KEY=VALUE", "A parameter of the function; may be repeated.", default=False)
]
