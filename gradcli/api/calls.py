"""A call of a Python function as the call of its command: arrays and keywords become words and options."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gradcli import commands
from gradcli.api.showing import drawn, with_notes
from gradcli.api.wording import failure_in_python, in_python
from gradcli.commands.answering import answer
from gradcli.commands.command import Caller, Command, Invocation
from gradcli.commands.parameters import Parameter
from gradcli.exceptions import GradcliError, UsageError, did_you_mean
from gradcli.language.dtypes import COMPLEX, FLOATING
from gradcli.language.request import Value
from gradcli.results import Failure, Result
from gradcli.results.shown import present_with

Word = str | int | float | Sequence[object] | np.ndarray
"""A word of the command line, a number, or an array or a tensor of numbers."""

_MOST_WRITTEN = 6
"""Elements of an array that a message writes out."""


def call(command_name: str, words: Sequence[object], named: Mapping[str, object], **given: object) -> Any:
    """The answer of a command: keywords that it declares are options, the others are inputs.

    Raises GradcliError in the words of Python.
    """
    try:
        arrays = _Arrays()
        invocation = _invocation(commands.load(command_name), words, named, given, arrays)
        return _in_python(answer(invocation, Caller(arrays=arrays.values)))
    except GradcliError as error:
        raise with_notes(in_python(error)).with_traceback(None) from None


def _in_python(result: Result | Failure) -> Result | Failure:
    """The result with keywords in the hint about what PyTorch raised."""
    if isinstance(result, Failure):
        return failure_in_python(result)
    raised: Failure | None = getattr(result, "raised", None)
    return result if raised is None else replace(result, raised=failure_in_python(raised))  # type: ignore[arg-type]


def _invocation(
    command: Command,
    words: Sequence[object],
    named: Mapping[str, object],
    given: dict[str, object],
    arrays: _Arrays,
) -> Invocation:
    options = command.in_python
    inputs = {key: value for key, value in named.items() if key not in options}
    if inputs and not command.takes_names:
        wrong = next(iter(inputs))
        raise UsageError(f"there is no option '{wrong}'", hint=did_you_mean(wrong, [*options]))
    if "words" in command.own:
        unnamed = "a point" if command.takes_names else "an array"
        texts = [arrays.word(word, unnamed) for word in words]
        given["words"] = texts + [f"{key}={arrays.word(value, key)}" for key, value in inputs.items()]
    chosen = {options[key].name: arrays.option(options[key], value) for key, value in named.items() if key in options}
    return command.invocation({key: value for key, value in (given | chosen).items() if value is not None})


class _Arrays:
    """The arrays of a call, each by a word that no expression can have."""

    def __init__(self) -> None:
        self.values: dict[str, Value] = {}

    def word(self, value: object, name: str = "an array") -> str:
        """A text as it is; the word for anything else.  Raises UsageError for what is no array of numbers."""
        if isinstance(value, str):
            return value
        word = f"<array {len(self.values)}>"
        self.values[word] = _array(value, name)
        return word

    def option(self, parameter: Parameter, value: object) -> object:
        """The value of an option as the command line gives it: what is no single number becomes text."""
        if isinstance(value, Mapping):
            of = self.word if parameter.is_tensor else str
            return [f"{key}={of(item)}" for key, item in value.items()]
        if parameter.takes_several and not parameter.is_tensor:
            return [*value] if isinstance(value, Iterable) and not isinstance(value, str) else value and [value]
        if value is None or (isinstance(value, str | bool | int | float) and not parameter.is_tensor):
            return value
        if parameter.is_tensor:
            word = self.word(value)
            return [word] if parameter.takes_several else word
        return ",".join(map(str, value)) if isinstance(value, Iterable) else str(value)


def _array(value: object, name: str) -> Value:
    """Numbers in memory of their own. An array and a tensor have a dtype of their own, a list takes the default."""
    plain, own = _plain(value)
    try:
        numbers = np.array(plain)
    except (TypeError, ValueError):
        numbers = np.array(None)
    if numbers.dtype.kind not in "biufc":
        raise UsageError(f"{name} is no array of numbers", hint="Give numbers or a text.")
    if own is None and (numbers.dtype.kind == "c" or isinstance(value, np.ndarray)):
        own = numbers.dtype.name
    text = str(numbers.tolist()) if numbers.size <= _MOST_WRITTEN else name
    return Value(text, numbers=numbers, dtype=own if own in (*FLOATING, *COMPLEX) else None)


def _plain(value: object) -> tuple[Any, str | None]:
    """What NumPy can read, without a graph; and the dtype of a tensor."""
    if isinstance(value, list | tuple):
        return [_plain(item)[0] for item in value], None
    if not hasattr(value, "detach"):
        return value, None
    tensor = value.detach().to_dense().cpu().resolve_conj().resolve_neg()
    dtype = str(tensor.dtype).removeprefix("torch.")
    return (tensor.float() if dtype == "bfloat16" else tensor).numpy(), dtype


present_with(drawn)  # type: ignore[arg-type]
