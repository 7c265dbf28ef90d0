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


class KeptOptions:
    """What Click made of the options of earlier command lines, for later ones with the same options.

    Click makes of options what their words and the environment say, and nothing else.
    """

    def __init__(self, parameters: Sequence[Any]) -> None:
        self._arguments = [parameter for parameter in parameters if parameter.param_type_name == "argument"]
        self._variables = [name for parameter in parameters if (name := parameter.envvar)]
        self._kept: dict[tuple[object, ...], dict[str, Any]] = {}

    def values(self, chosen: Sequence[str], words: Sequence[str]) -> dict[str, Any] | None:
        """The values of all parameters; None where Click has to read these options or these arguments."""
        kept = self._kept.get(self._key(chosen))
        arguments = None if kept is None else self._named(words)
        if kept is None or arguments is None:
            return None
        return {name: list(value) if isinstance(value, list) else value for name, value in kept.items()} | arguments

    def keep(self, chosen: Sequence[str], values: Mapping[str, Any]) -> None:
        """Remember the values of options that Click has read."""
        if sum(map(len, chosen)) > LONGEST_KEPT:
            return
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        given = {argument.name for argument in self._arguments}
        self._kept[self._key(chosen)] = {name: value for name, value in values.items() if name not in given}

    def _named(self, words: Sequence[str]) -> dict[str, Any] | None:
        """The arguments by name; None where one is missing or left over, or is no mere word."""
        rest = list(words)
        found: dict[str, Any] = {}
        for parameter in self._arguments:
            if not rest or _annotation(parameter) not in (str, list[str]):
                return None
            found[parameter.name] = rest if parameter.nargs == -1 else rest.pop(0)
            if parameter.nargs == -1:
                rest = []
        return None if rest else found

    def _key(self, chosen: Sequence[str]) -> tuple[object, ...]:
        return (*chosen, *(os.environ.get(name) for name in self._variables))


def _annotation(parameter: Any) -> Any:
    return getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
