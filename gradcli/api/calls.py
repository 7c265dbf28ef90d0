"""A call of a Python function as the call of its command: arrays and keywords become words and options."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gradcli import commands
from gradcli.api import subjects
from gradcli.api.showing import with_notes
from gradcli.api.wording import failure_in_python, in_python
from gradcli.commands.answering import drawn, inspected
from gradcli.commands.command import Caller, Command, Inquiry, Invocation
from gradcli.commands.parameters import Argument, Option, Parameter
from gradcli.exceptions import GradcliError, UsageError, did_you_mean
from gradcli.language.dtypes import ALL, COMPLEX, FLOATING
from gradcli.language.request import Value
from gradcli.results import Failure, Result

if TYPE_CHECKING:
    import torch

Word: TypeAlias = "str | int | float | Sequence[object] | np.ndarray | torch.Tensor"
"""A word of the command line, a number, or an array or a tensor of numbers."""
Subject = str | Callable[..., Any]
"""An expression, the name of a function, or a function."""

_MOST_WRITTEN = 6
"""Elements of an array that a message writes out."""


def call(command_name: str, words: Sequence[object], named: Mapping[str, object], **given: object) -> Any:
    """The answer of a command: keywords that it declares are options, the others are inputs.

    given: its arguments before the words, by name.  Raises GradcliError in the words of Python.
    """
    try:
        asked = _Call(commands.load(command_name), words, named, given)
        invocation = asked.invocation()
        with _generators_kept(invocation):
            inquiry = invocation.read(Caller(arrays=asked.arrays, functions=asked.functions))
            result = _in_python(inspected(invocation, inquiry))
        return result if isinstance(result, Failure) else _drawable(result, invocation, inquiry)
    except GradcliError as error:
        raise with_notes(in_python(error)).with_traceback(None) from None


def _in_python(result: Result | Failure) -> Result | Failure:
    """The result with keywords in the hint about what PyTorch raised."""
    if isinstance(result, Failure):
        return failure_in_python(result)
    raised: Failure | None = getattr(result, "raised", None)
    return result if raised is None else replace(result, raised=failure_in_python(raised))  # type: ignore[arg-type]


def _drawable(result: Result, invocation: Invocation, inquiry: Inquiry) -> Result:
    """The result, which knows what its picture is drawn from; that is computed when there is a picture."""

    @cache
    def drawing() -> Result | None:
        with _generators_kept(invocation):
            return drawn(invocation, inquiry, result)

    # a frozen record: what it knows besides its fields is no part of it
    object.__setattr__(result, "_drawing", drawing)
    object.__setattr__(result, "_has_picture", inquiry.plot is not False or invocation.command.is_pictured)
    return result


@contextmanager
def _generators_kept(invocation: Invocation) -> Iterator[None]:
    """What the caller draws next is what it would have been without the call, which seeds generators of its own."""
    if not invocation.command.takes_expressions:
        yield
        return
    import torch

    devices = range(torch.cuda.device_count()) if invocation.options.device.startswith(("cuda", "auto")) else ()
    with torch.random.fork_rng([*devices]):
        yield


class _Call:
    """One call. arrays, functions: what is no text, by the words that stand for it."""

    def __init__(
        self, command: Command, words: Sequence[object], named: Mapping[str, object], given: Mapping[str, object]
    ) -> None:
        self.command = command
        self.arrays: dict[str, Value] = {}
        self.functions: dict[str, Callable[..., Any]] = {}
        self._options = {key: value for key, value in named.items() if key in command.in_python}
        self._inputs = {key: value for key, value in named.items() if key not in command.in_python}
        self._words, self._count = words, len(words)
        several = {name for name, parameter in command.own.items() if parameter.takes_several}
        self._given = {key: value if key in several else self._subject(key, value) for key, value in given.items()}

    def invocation(self) -> Invocation:
        """The call with words and options as the command line gives them.  Raises UsageError."""
        command, declared = self.command, self.command.in_python
        if self._inputs and not command.takes_names:
            wrong = next(iter(self._inputs))
            raise UsageError(f"there is no option '{wrong}'", hint=did_you_mean(wrong, [*declared]))
        given = dict(self._given)
        if "words" in command.own:
            unnamed = "a point" if command.takes_names else "an array"
            texts = [self._word(word, unnamed) for word in self._words]
            given["words"] = texts + [f"{key}={self._word(value, key)}" for key, value in self._inputs.items()]
        given |= {declared[key].name: self._option(declared[key], value) for key, value in self._options.items()}
        return command.invocation({key: value for key, value in given.items() if value is not None})

    def _subject(self, name: str, value: object) -> object:
        """The text of a subject, which may be a function; one of PyTorch's is an expression."""
        if value is None or isinstance(value, str):
            return value
        declared = self.command.own[name].declared
        takes_any = isinstance(declared, Argument) and declared.takes_functions
        text = subjects.name_of(value) if callable(value) else None
        if takes_any and callable(value):
            names = None if text is None else subjects.open_names(text, self._count)
            if names is None:
                return self._function(value)
            if names and self._words:  # the second of two subjects finds them named
                self._inputs, self._words = {**dict(zip(names, self._words, strict=True)), **self._inputs}, ()
        return text or subjects.by_name(value, self.command.name)

    def _function(self, function: Callable[..., Any]) -> str:
        text = subjects.described(function)
        while self.functions.get(text, function) is not function:
            text += "'"  # another one of that name
        self.functions[text] = function
        own = subjects.dtype_of(function)
        if own is not None and self.command.parameters["dtype"].default is not None:
            self._options.setdefault("dtype", own)
        return text

    def _word(self, value: object, name: str = "an array") -> str:
        """A text as it is; the word for anything else.  Raises UsageError for what is no array of numbers."""
        if isinstance(value, str):
            return value
        word = f"<array {len(self.arrays)}>"  # no expression can have it
        self.arrays[word] = _array(value, name, kept=ALL if self.functions else (*FLOATING, *COMPLEX))
        return word

    def _option(self, parameter: Parameter, value: object) -> object:
        """The value of an option as the command line gives it.  Raises UsageError."""
        if isinstance(value, Mapping):
            of = self._word if parameter.is_tensor else lambda item: _text(parameter, item)
            return [f"{key}={of(item)}" for key, item in value.items()]
        if value is None or isinstance(value, bool):
            return value
        if parameter.is_tensor:
            word = self._word(value)
            return [word] if parameter.takes_several else word
        if parameter.takes_several:
            several = _is_several(value) and not _is_range(parameter, value)
            return [_text(parameter, one) for one in (value if several else [value])]  # type: ignore[attr-defined]
        return _text(parameter, value) if parameter.number is None else _number(parameter, parameter.number, value)


def _text(parameter: Parameter, value: object) -> str:
    """The text of an option: of several values with commas, of the numbers of a range with colons."""
    if not _is_several(value):
        return str(value)
    return (":" if _is_range(parameter, value) else ",").join(map(str, value))  # type: ignore[call-overload]


def _is_several(value: object) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str)


def _is_range(parameter: Parameter, value: object) -> bool:
    """Whether these are the numbers of one range, such as LOW:HIGH."""
    is_range = isinstance(parameter.declared, Option) and ":" in (parameter.declared.metavar or "")
    return (
        is_range and isinstance(value, list | tuple) and not any(isinstance(one, str | list | tuple) for one in value)
    )


def _number(parameter: Parameter, kind: Callable[[Any], int | float], value: object) -> int | float:
    """What is given for a number, which may be one of NumPy's, or text."""
    try:
        found = kind(value)
        if isinstance(value, str) or found == value:
            return found
    except (TypeError, ValueError, OverflowError):
        pass
    what = "a whole number" if kind is int else "a number"
    raise UsageError(f"{parameter.python_name}= takes {what}, not '{value}'")


def _array(value: object, name: str, *, kept: Sequence[str]) -> Value:
    """Numbers in memory of their own. Arrays and tensors have a dtype of their own, a list takes the default.

    kept: the dtypes that an array keeps.
    """
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
    return Value(text, numbers=numbers, dtype=own if own in kept else None)


def _plain(value: object) -> tuple[Any, str | None]:
    """What NumPy can read, without a graph; and the dtype of a tensor."""
    if isinstance(value, list | tuple):
        return [_plain(item)[0] for item in value], None
    if not hasattr(value, "detach"):
        return value, None
    tensor = value.detach().to_dense().cpu().resolve_conj().resolve_neg()
    dtype = str(tensor.dtype).removeprefix("torch.")
    return (tensor.float() if dtype == "bfloat16" else tensor).numpy(), dtype
