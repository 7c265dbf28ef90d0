"""The kinds of rows in the catalogue: what can be called, and what is known about it.

A row is data. PyTorch is named by dotted path, so that reading the catalogue does not import it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Row:
    """One function of the expression language.

    name: what one types, `softmax` or `linalg.svd`.
    torch: dotted path of the PyTorch callable, `torch.softmax`.
    category: `elementwise`, `reduction`, `linear algebra`, `shape`, `creation`, ...
    signatures: one text per overload, see `signature.py`; the first that fits is taken.
    method: also callable as `x.name(...)`.
    function: also callable as `name(x, ...)`; only in-place methods and views are not.
    elementwise: element i of the result depends on element i of the (broadcast) arguments alone.
    subject: the call that a bare `name` stands for on the command line, None for `name(x)`.
    aliases: further names for the same row.
    """

    name: str
    torch: str
    category: str
    signatures: tuple[str, ...]
    method: bool = False
    function: bool = True
    elementwise: bool = False
    subject: str | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OperationRow(Row):
    """A tensor operation, function or method."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Activation(Row):
    """An activation function of one tensor `x` and scalar parameters.

    formula, derivative: expressions of this language in `x` and the parameters; the tests run them. At a kink the
        derivative is the value that PyTorch picks. Of a row that is not elementwise the derivative is the entry
        d y[i] / d x[j] of the Jacobian, for a 1-D `x`, the result `y` and its length `n`, where i == j counts as 1 or
        0. A parameter that the formula does not name is at its default (the `approximate` of gelu).
    parameters: names and default values (numbers, or a text such as 'none'), in PyTorch's order. Where PyTorch has no
        default (prelu, threshold, heaviside, the dim of softmax) it is the one that `subject` passes.
    range: the values it takes: intervals `[a, b)` and sets `{a, b}` of expressions in the parameters, joined by ` | `.
    kinks: where f or f' jumps: expressions in the parameters, empty for a smooth function. One that gives nan is no
        kink with these parameters (elu is smooth for alpha 1).
    flat: a condition in `x` and the parameters under which f is constant by definition, None if nowhere.
    saturation: where f' tends to zero without being zero by definition, in words, None if nowhere.
    largest_slope: an expression in the parameters for the supremum of |f'| away from the kinks (of a row that is not
        elementwise: of every entry of the Jacobian), None if unbounded; 0 for a step.
    interval: the stretch of the x axis worth looking at.
    paper: where it comes from.
    """

    formula: str
    derivative: str
    parameters: tuple[tuple[str, float | str], ...] = ()
    range: str
    kinks: tuple[str, ...] = ()
    flat: str | None = None
    saturation: str | None = None
    largest_slope: str | None = None
    interval: tuple[float, float] = (-5.0, 5.0)
    paper: str


Role = Literal["prediction", "target", "weight"]
Content = Literal["real", "class index", "class index or real"]


@dataclass(frozen=True, slots=True)
class LossArgument:
    """A tensor that a loss takes.

    role: only predictions are differentiated unless `--wrt` asks for more.
    content: class indices are read as int64.
    """

    name: str
    role: Role
    content: Content = "real"
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Loss(Row):
    """A loss function.

    arguments: its tensors, by PyTorch's names, in PyTorch's order.
    formula: the unreduced loss as an expression of this language in the arguments and parameters; the tests run it
        (of ctc it is prose). An optional tensor or a parameter that it does not name is at its default. Classes are
        the last dimension: more dimensions behind them, which PyTorch allows, are left out.
    derivative: the derivative of sum(loss) with respect to the first prediction, likewise; of multilabel_margin and ctc
        it is prose. Some take several statements.
    parameters: scalar arguments and their defaults.
    reductions: the values `reduction=` takes.
    default_reduction: PyTorch's.
    example: the smallest call worth looking at, name by name.
    kinks: where the derivative jumps, in words, None if nowhere.
    domain: what the arguments must satisfy, in words, None if anything goes.
    paper: where it comes from.
    """

    arguments: tuple[LossArgument, ...]
    formula: str
    derivative: str
    parameters: tuple[tuple[str, float | str | bool | None], ...] = ()
    reductions: tuple[str, ...] = ("mean", "sum", "none")
    default_reduction: str = "mean"
    example: tuple[tuple[str, str], ...]
    kinks: str | None = None
    domain: str | None = None
    paper: str
