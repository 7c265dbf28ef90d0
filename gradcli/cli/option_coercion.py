"""Turning the words of options into numbers, at no cost.

Typer asks pydantic to do it, and importing pydantic takes longer than everything that gradcli does with the words.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import typer


def _whole_number(word: str) -> int:
    try:
        return int(word)
    except ValueError:
        raise ValueError(f"'{word}' is not a whole number") from None


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise ValueError(f"'{word}' is not a number") from None


_READERS: dict[Any, Callable[[Any], object]] = {
    bool: bool,  # a flag's value is no word
    str: str,
    int: _whole_number,
    float: _number,
    list[str]: str,
}


class Reader:
    """What Typer asks for the value of a parameter, in the place of its own."""

    def __init__(self, read: Callable[[Any], object]) -> None:
        self._read = read

    def coerce(self, value: Any, param: Any, ctx: Any) -> object:
        """The value that a word stands for; a list of them where the parameter takes several."""
        several = param.multiple or param.nargs == -1
        if value is None:
            return () if several else None
        try:
            return [self._read(word) for word in value] if several else self._read(value)
        except ValueError as error:
            raise typer.BadParameter(str(error), ctx=ctx, param=param) from None


def read_plainly(parameters: Iterable[Any]) -> None:
    """Give every parameter whose type is a plain one a reader of ours; others keep Typer's."""
    for parameter in parameters:
        read = _READERS.get(_annotation(parameter))
        if read is not None:
            reader = Reader(read)
            parameter.get_runtime_param = lambda reader=reader: reader


MOST_KEPT = 64
LONGEST_KEPT = 200
"""Sets of options of a command that are remembered, and characters in one of them."""


class ReadOptions:
    """What Click made of the options of earlier command lines, for later ones with the same options."""

    def __init__(self, parameters: Sequence[Any]) -> None:
        self._arguments = [parameter for parameter in parameters if parameter.param_type_name == "argument"]
        self._variables = [name for parameter in parameters if (name := parameter.envvar)]
        self._kept: dict[tuple[object, ...], dict[str, tuple[Any, Any]]] = {}

    def arguments(self, values: Sequence[str]) -> dict[str, Any] | None:
        """The arguments of a command by name; None where a value is missing or left over, or is no mere word."""
        rest = list(values)
        found: dict[str, Any] = {}
        for parameter in self._arguments:
            if not rest or _annotation(parameter) not in (str, list[str]):
                return None
            found[parameter.name] = rest if parameter.nargs == -1 else rest.pop(0)
            if parameter.nargs == -1:
                rest = []
        return None if rest else found

    def restore(self, context: Any, chosen: Sequence[str], arguments: Mapping[str, Any]) -> bool:
        """Fill the context with the arguments, and with these options if they are known; whether they are."""
        kept = self._kept.get(self._key(chosen))
        if kept is None:
            return False
        for name, (value, source) in kept.items():
            context.params[name] = list(value) if isinstance(value, list) else value
            context.set_parameter_source(name, source)
        context.params.update(arguments)
        return True

    def keep(self, context: Any, chosen: Sequence[str]) -> None:
        """Remember the options of a context that Click has filled."""
        if sum(map(len, chosen)) > LONGEST_KEPT:
            return
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        given = {argument.name for argument in self._arguments}
        self._kept[self._key(chosen)] = {
            name: (value, context.get_parameter_source(name))
            for name, value in context.params.items()
            if name not in given
        }

    def _key(self, chosen: Sequence[str]) -> tuple[object, ...]:
        return (*chosen, *(os.environ.get(name) for name in self._variables))


def _annotation(parameter: Any) -> Any:
    return getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
