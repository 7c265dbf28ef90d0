"""The commands as Python functions: the words of the command line, values by name, options by keyword.

    gradcli.grad("sigmoid", 0, 1, 10)
    gradcli.grad("sum((x @ w - 1)**2)", x=[1, 2], w=[3, 4], jacobian=True)

They return the frozen results and print nothing; an exception of PyTorch's comes back as a `Failure`, a mistake in
the call raises `GradcliError`. An input that has an option's name is given as a word: `"order=1"`.
"""

# mypy: disable-error-code="no-any-return"
# what `_answer` returns is the record that the row of the command names

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcli import commands
from gradcli.commands.answering import answer
from gradcli.commands.command import Caller
from gradcli.commands.parameters import Parameter
from gradcli.exceptions import UsageError, did_you_mean
from gradcli.language.dtypes import FLOATING
from gradcli.language.request import Value
from gradcli.render import View, write
from gradcli.results.shown import present_with

if TYPE_CHECKING:
    import torch

    from gradcli.inspections.watching.session import WatchedBlock
    from gradcli.results import (
        ActivateResult,
        CheckResult,
        ErrorsResult,
        Failure,
        FunctionsResult,
        GradResult,
        LossResult,
        RetainDemoResult,
        SoftmaxResult,
        TraceResult,
    )

__all__ = [
    "activate",
    "autograd_errors",
    "check",
    "functions",
    "grad",
    "loss",
    "retain_demo",
    "softmax",
    "trace",
    "watch",
]

Word = str | int | float | Sequence[object] | np.ndarray
"""A word of the command line, a number, or an array of numbers."""


def grad(subject: str, *words: Word, **named: object) -> GradResult | Failure:
    """Value and derivatives. Options: order, jacobian, hessian, vjp, jvp, via; ranges as `x=-2:2:50`."""
    return _answer("grad", words, named, subject=subject)


def trace(subject: str, *words: Word, **named: object) -> TraceResult | Failure:
    """The tape. Options: path, vjp."""
    return _answer("trace", words, named, subject=subject)


def check(subject: str, *words: Word, **named: object) -> CheckResult | Failure:
    """Whether PyTorch's gradients are right, in each of `dtypes`, which are all four unless they are given."""
    return _answer("check", words, named, subject=subject)


def loss(name: str, *words: Word, **named: object) -> LossResult | Failure:
    """A loss and its gradients. Options: reduction, via, vjp, learning_rate, steps; scalar arguments in `param`."""
    return _answer("loss", words, named, name=name)


def softmax(*words: Word, **named: object) -> SoftmaxResult | Failure:
    """Probabilities and their Jacobian. Options: dim, temperature, log, index."""
    return _answer("softmax", words, named)


def activate(functions: str, *words: Word, **named: object) -> ActivateResult | Failure:
    """Functions and their derivatives over common points. Options: ranges, param, order, depth."""
    return _answer("activate", words, named, functions=functions)


def retain_demo(subject: str | None = None, *words: Word, **named: object) -> RetainDemoResult | Failure:
    """What happens when backward is called more than once. Options: calls, retain, via.

    retain: the numbers of the calls with retain_graph=True; None or "all" for all of them.
    """
    if "retain" in named:
        retain = named["retain"]
        named["retain"] = "all" if retain is None else retain or "none"
    return _answer("retain-demo", words, named, subject=subject)


def autograd_errors(*ids: str, search: str | None = None, run: bool | None = None) -> ErrorsResult:
    """Autograd errors on demand: those of `ids` are raised and mended; without ids they are listed, unless `run`."""
    return _answer("errors", (), {}, ids=ids, search=search, run=run)


def functions(name: str | None = None, *, category: str | None = None, search: str | None = None) -> FunctionsResult:
    """The catalogue."""
    return _answer("functions", (), {}, name=name, category=category, search=search)


def watch(
    model: torch.nn.Module | None = None,
    *,
    goes_on: bool = False,
    patience: int = 5,
    every: int = 1,
    from_step: int = 1,
    memory: str | int | None = None,
) -> WatchedBlock:
    """A context in which every backward pass is looked at; what it finds is in `findings`.

        with gradcli.watch(model) as watched:
            train(model)
        print(*(finding.message for finding in watched.findings), sep="\\n")

    model: whose gradients are looked at; without one, those of every optimizer's parameters. The block is left at the
    first error, before the optimizer changes a parameter, unless it `goes_on`. memory: the most that is kept of a step
    to run it again, in bytes or as in "500MB".
    """
    from gradcli.commands import option_values
    from gradcli.inspections.options import WatchOptions
    from gradcli.inspections.watching.session import WatchedBlock

    options = WatchOptions(
        goes_on=goes_on, patience=patience, every=every, from_step=from_step, memory=option_values.memory(memory)
    )
    return WatchedBlock(options, model=model)


def _answer(command_name: str, words: Sequence[object], named: Mapping[str, object], **given: object) -> Any:
    """The answer of a command: keywords that it declares are options, the others are inputs."""
    command, arrays = commands.load(command_name), _Arrays()
    declared = command.in_python
    options = {key: arrays.option(declared[key], named[key]) for key in named if key in declared}
    inputs = {key: value for key, value in named.items() if key not in declared}
    if inputs and not command.takes_names:
        wrong = next(iter(inputs))
        raise UsageError(f"there is no option '{wrong}'", hint=did_you_mean(wrong, [*declared]))
    if "words" in command.own:
        unnamed = "a point" if command.takes_names else "an array"
        texts = [arrays.word(word, unnamed) for word in words]
        given["words"] = texts + [f"{key}={arrays.word(value, key)}" for key, value in inputs.items()]
    chosen = {key: value for key, value in options.items() if value is not None}
    return answer(command.invocation(given | chosen), Caller(arrays=arrays.values))


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
        if value is None or (isinstance(value, str | bool | int | float) and not parameter.is_tensor):
            return value
        if parameter.is_tensor:
            word = self.word(value)
            return [word] if parameter.takes_several else word
        assert isinstance(value, Iterable)
        return [*value] if parameter.takes_several else ",".join(map(str, value))


def _array(value: object, name: str) -> Value:
    """Numbers in memory of their own. An array has a dtype of its own, a list takes the default."""
    numbers = np.array(value)
    if numbers.dtype.kind not in "biuf":
        raise UsageError(f"{name} is no array of numbers", hint="Give numbers or a text.")
    own = isinstance(value, np.ndarray) and numbers.dtype.name in FLOATING
    return Value(name, numbers=numbers, dtype=numbers.dtype.name if own else None)


def _draw(result: object, format_: str) -> str:
    text = StringIO()
    write(result, View(format=format_), text)  # type: ignore[arg-type]
    return text.getvalue().rstrip("\n")


present_with(_draw)
