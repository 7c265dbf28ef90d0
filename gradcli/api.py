"""The inspections as Python functions: the words of the command line, values by name, options by keyword.

    gradcli.grad("sigmoid", 0, 1, 10)
    gradcli.grad("sum((x @ w - 1)**2)", x=[1, 2], w=[3, 4], jacobian=True)

They return the frozen results and print nothing; an exception of PyTorch's comes back as a `Failure`, a mistake in
the call raises `GradcliError`. An input that has an option's name is given as a word: `"order=1"`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from io import StringIO
from typing import TYPE_CHECKING

import numpy as np

from gradcli.errors import UsageError, did_you_mean
from gradcli.inspections.options import (
    ActivateOptions,
    GradOptions,
    LossOptions,
    RetainOptions,
    SoftmaxOptions,
    TraceOptions,
)
from gradcli.language.curve import interesting_points, read_curves, read_stretch
from gradcli.language.dtypes import FLOATING, check_device, floating
from gradcli.language.loss_call import read_loss
from gradcli.language.ranges import read_ranges
from gradcli.language.request import Value, is_binding, read, read_value
from gradcli.render import View, write
from gradcli.results.shown import present_with
from gradcli.sources import sources

if TYPE_CHECKING:
    from gradcli.diagnose.bound_expression import ComputeOptions, Selection
    from gradcli.language.request import Request
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

__all__ = ["activate", "autograd_errors", "check", "functions", "grad", "loss", "retain_demo", "softmax", "trace"]

Word = str | int | float | Sequence[object] | np.ndarray
"""A word of the command line, a number, or an array of numbers."""

_ENGINE = ("device", "dtype", "seed", "max_elements")
_SELECTION = ("wrt", "frozen")


def grad(subject: str, *words: Word, ranges: Sequence[str] = (), **named: object) -> GradResult | Failure:
    """Value and derivatives. Options: order, jacobian, hessian, vjp, jvp, via; ranges as `x=-2:2:50`."""
    from gradcli.inspections.grad import grad as inspect

    options, values = _options(named, GradOptions, "vjp", "jvp")
    compute, selection = _setting(named)
    if ranges:
        from gradcli.inspections.curves.ranges import over_ranges, selected

        texts, numbers = _words(words, values)
        over = read_ranges(subject, texts, ranges, numbers)
        asked, selection = over_ranges(over, compute), selected(over, selection)
    else:
        asked = _request("grad", subject, words, values)
    return inspect(asked, GradOptions(**options), compute, selection)  # type: ignore[arg-type]


def trace(subject: str, *words: Word, **named: object) -> TraceResult | Failure:
    """The tape. Options: path, vjp."""
    from gradcli.inspections.trace import trace as inspect

    options, values = _options(named, TraceOptions, "vjp")
    asked = _request("trace", subject, words, values)
    return inspect(asked, TraceOptions(**options), *_setting(named))  # type: ignore[arg-type]


def check(subject: str, *words: Word, dtypes: Sequence[str] = FLOATING, **named: object) -> CheckResult | Failure:
    """Whether PyTorch's gradients are right, in each of `dtypes`."""
    from gradcli.inspections.check import check as inspect

    points = words if words or set(named) - {*_ENGINE, *_SELECTION} else tuple(interesting_points(subject))
    asked = _request("check", subject, points, _values(named))
    return inspect(asked, [floating(dtype) for dtype in dtypes], *_setting(named))


def loss(
    name: str,
    *words: Word,
    reduction: str | None = None,
    param: Mapping[str, object] | None = None,
    **named: object,
) -> LossResult | Failure:
    """A loss and its gradients. Options: via, vjp, learning_rate, steps; scalar arguments in `param`."""
    from gradcli.inspections.loss import loss as inspect

    options, values = _options(named, LossOptions, "vjp")
    texts, numbers = _words(words, values)
    parameters = [f"{key}={value}" for key, value in (param or {}).items()]
    asked = read_loss(name, texts, reduction=reduction, parameters=parameters, sources=numbers)
    return inspect(asked, LossOptions(**options), *_setting(named))  # type: ignore[arg-type]


def softmax(*words: Word, **named: object) -> SoftmaxResult | Failure:
    """Probabilities and their Jacobian. Options: dim, temperature, log, index."""
    from gradcli.inspections.softmax import softmax as inspect

    options, values = _options(named, SoftmaxOptions)
    _refuse(values, SoftmaxOptions)
    return inspect(_points(words), SoftmaxOptions(**options), _setting(named)[0])  # type: ignore[arg-type]


def activate(
    names: str,
    *words: Word,
    ranges: Sequence[str] = (),
    param: Mapping[str, object] | None = None,
    order: int = 1,
    depth: int | None = None,
    **named: object,
) -> ActivateResult | Failure:
    """Functions and their derivatives over common points."""
    from gradcli.inspections.activate import activate as inspect

    _refuse(_values(named), ActivateOptions)
    curves = read_curves(names, [f"{key}={value}" for key, value in (param or {}).items()])
    options = ActivateOptions(_points(words), tuple(map(read_stretch, ranges)), order, depth)
    return inspect(curves, options, _setting(named)[0])


def retain_demo(subject: str | None = None, *words: Word, **named: object) -> RetainDemoResult | Failure:
    """What happens when backward is called more than once. Options: calls, retain, via."""
    from gradcli.inspections.retain_demo import retain_demo as inspect

    options, values = _options(named, RetainOptions)
    asked = None if subject is None else _request("retain-demo", subject, words, values)
    return inspect(asked, RetainOptions(**options), *_setting(named))  # type: ignore[arg-type]


def autograd_errors(*ids: str, search: str | None = None, run: bool | None = None) -> ErrorsResult:
    """Autograd errors on demand: those of `ids` are raised and mended; without ids they are listed, unless `run`."""
    from gradcli.inspections.errors import errors as inspect

    return inspect(ids, search=search, run=run)


def functions(name: str | None = None, *, category: str | None = None, search: str | None = None) -> FunctionsResult:
    """The catalogue."""
    from gradcli.inspections.functions import functions as inspect

    return inspect(name, category=category, search=search)


def _setting(named: Mapping[str, object]) -> tuple[ComputeOptions, Selection]:
    """Where and how to compute, and what to differentiate."""
    from gradcli.diagnose.bound_expression import ComputeOptions, Selection

    chosen = {name: named[name] for name in _ENGINE if named.get(name) is not None}
    chosen["dtype"] = floating(str(chosen.get("dtype", "float32")))
    check_device(str(chosen.get("device", "cpu")))
    wrt, frozen = (_name_list(named.get(name)) for name in _SELECTION)
    return ComputeOptions(**chosen), Selection(wrt, frozen or ())  # type: ignore[arg-type]


def _options(named: Mapping[str, object], kind: type, *texts: str) -> tuple[dict[str, object], dict[str, object]]:
    """The keywords that are options of `kind`, those in `texts` as values; and the rest, which are inputs."""
    known = {field.name for field in fields(kind)}
    options = {name: value for name, value in named.items() if name in known}
    for name in texts:
        if isinstance(options.get(name), Mapping):
            options[name] = {key: _value(value) for key, value in options[name].items()}  # type: ignore[attr-defined]
        elif options.get(name) is not None:
            options[name] = {"": _value(options[name])} if name == "jvp" else _value(options[name])
    return options, {name: value for name, value in _values(named).items() if name not in known}


def _values(named: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in named.items() if name not in (*_ENGINE, *_SELECTION)}


def _request(command: str, subject: str, words: Sequence[object], values: Mapping[str, object]) -> Request:
    texts, numbers = _words(words, values)
    return read(subject, texts, command=command, sources=numbers)


def _words(words: Sequence[object], values: Mapping[str, object]) -> tuple[list[str], dict[str, Value]]:
    """Words as text; arrays under names of their own that no expression can have."""
    texts: list[str] = []
    numbers: dict[str, Value] = {}
    for prefix, value in [("", word) for word in words] + [(f"{name}=", value) for name, value in values.items()]:
        if isinstance(value, str):
            texts.append(prefix + value)
            continue
        key = f"<array {len(numbers)}>"
        numbers[key] = _array(value, prefix.rstrip("=") or "a point")
        texts.append(prefix + key)
    return texts, sources(texts) | numbers


def _array(value: object, name: str) -> Value:
    """Numbers in memory of their own. An array has a dtype of its own, a list takes the default."""
    numbers = np.array(value)
    if numbers.dtype.kind not in "biuf":
        raise UsageError(f"{name} is no array of numbers", hint="Give numbers or a text.")
    own = isinstance(value, np.ndarray) and numbers.dtype.name in FLOATING
    return Value(name, numbers=numbers, dtype=numbers.dtype.name if own else None)


def _value(value: object) -> Value:
    if isinstance(value, str):
        return read_value(value, sources([value]))
    return _array(value, "an array")


def _points(words: Sequence[object]) -> tuple[Value, ...]:
    for word in words:
        if isinstance(word, str) and is_binding(word):
            raise UsageError(f"'{word}' is no point", hint="Give numbers.")
    return tuple(map(_value, words))


def _refuse(values: Mapping[str, object], kind: type) -> None:
    for name in values:
        known = [field.name for field in fields(kind)]
        if name not in known:
            raise UsageError(f"there is no option '{name}'", hint=did_you_mean(name, known))


def _name_list(names: object) -> tuple[str, ...] | None:
    if names is None:
        return None
    if isinstance(names, str):
        return tuple(name.strip() for name in names.split(",") if name.strip())
    assert isinstance(names, Sequence)
    return tuple(map(str, names))


def _draw(result: object, format_: str) -> str:
    text = StringIO()
    write(result, View(format=format_), text)  # type: ignore[arg-type]
    return text.getvalue().rstrip("\n")


present_with(_draw)
