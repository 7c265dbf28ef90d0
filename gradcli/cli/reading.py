"""Turning the words of options into numbers, at no cost.

Typer asks pydantic to do it, and importing pydantic takes longer than everything that gradcli does with the words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
        annotation = getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
        read = _READERS.get(annotation)
        if read is not None:
            reader = Reader(read)
            parameter.get_runtime_param = lambda reader=reader: reader
