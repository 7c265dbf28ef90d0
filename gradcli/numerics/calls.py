"""Calls of the catalogue's functions: what PyTorch is given for what the user wrote."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module

import torch

from gradcli.exceptions import ExpressionError, Span
from gradcli.language.catalogue.binding import Bound, bind
from gradcli.language.catalogue.rows import Row
from gradcli.language.catalogue.signature import Parameter
from gradcli.language.syntax import Call
from gradcli.numerics import bounds, scalars
from gradcli.numerics.literals import Context, is_integral, to_tensor, wants_integers

RECEIVER = "input"
"""The parameter that a method is called on."""
Positional = tuple[tuple[Parameter, object], ...]
Keywords = tuple[tuple[str, Parameter, object], ...]


@dataclass(slots=True)
class Argument:
    """One argument: its parameter, the value that the expression gave, and what PyTorch is given for it."""

    parameter: Parameter
    given: object
    passed: object


@dataclass(slots=True)
class Prepared:
    """A call that is ready to be made.

    on_numbers: a function of plain numbers, which is one itself: computed in double precision.
    """

    positional: tuple[Argument, ...]
    keywords: dict[str, Argument]
    on_numbers: bool

    @property
    def arguments(self) -> list[object]:
        return [argument.passed for argument in self.positional]

    @property
    def named(self) -> dict[str, object]:
        return {name: argument.passed for name, argument in self.keywords.items()}


class Spread(tuple[object, ...]):
    """The items that a star puts among the arguments, or into a list."""

    @classmethod
    def of(cls, value: object, span: Span) -> Spread:
        """The items of a sequence, the slices of a tensor along its first dimension; raises ExpressionError."""
        if isinstance(value, torch.Tensor):
            bounds.check_pieces("'*'", value.shape[0] if value.ndim else 0, span=span)
            return cls(value.unbind(0))
        if isinstance(value, list | tuple):
            return cls(value)
        raise ExpressionError(
            "'*' stands before a list or a tensor",
            span=span,
            hint="Write f(*x.unbind(0)), or the arguments one by one.",
        )


def spread(operands: list[object]) -> list[object]:
    """The operands, with the items of those that a star stands before."""
    return [item for operand in operands for item in (operand if isinstance(operand, Spread) else (operand,))]


@cache
def resolve(path: str) -> Callable[..., object]:
    """The PyTorch callable that a row names by its dotted path."""
    found: object = import_module("torch")
    for part in path.split(".")[1:]:
        found = getattr(found, part)
    assert callable(found)
    return found


def prepare(node: Call, operands: list[object], context: Context) -> Prepared:
    """The call with its arguments in PyTorch's order, numbers and lists turned into tensors where those are wanted.

    sqrt(2) is a number like 2 is: computed in double precision, rounded where it meets a tensor.
    Raises ArgumentError.
    """
    first = len(operands) - len(node.keywords)
    positional = spread(operands[:first])
    keywords = {name: operand for (name, _), operand in zip(node.keywords, operands[first:], strict=True)}
    row = node.function
    if node.receiver is not None:
        positional[0] = to_tensor(positional[0], node.receiver.span, context)
    on_numbers = is_number_function(row) and bool(operands) and all(map(scalars.is_number, operands))
    bound = bind(row, positional, keywords, name=node.written, is_tensor=_is_tensor)
    like: list[object] = [] if on_numbers else [*positional, *keywords.values()]
    own = Context(torch.float64, "cpu", context.max_elements) if on_numbers else context
    in_order, named = _with_receiver(row, bound)

    def argument(parameter: Parameter, value: object) -> Argument:
        return Argument(parameter, value, _passed(row, parameter, value, like, node.span, own))

    return Prepared(
        tuple(argument(parameter, value) for parameter, value in in_order),
        {name: argument(parameter, value) for name, parameter, value in named},
        on_numbers,
    )


def _with_receiver(row: Row, bound: Bound) -> tuple[Positional, Keywords]:
    """A method of PyTorch's takes its tensor first, also where it was given as `input=`: double(input=x)."""
    if bound.positional or not is_method_path(row.torch):
        return bound.positional, bound.keywords
    receiver = tuple((p, value) for _, p, value in bound.keywords if p.name == RECEIVER)
    return receiver, tuple(entry for entry in bound.keywords if entry[1].name != RECEIVER)


def is_method_path(path: str) -> bool:
    """Whether PyTorch has a function of the language only as a method of its tensors."""
    return path.startswith("torch.Tensor.")


def _passed(row: Row, parameter: Parameter, value: object, like: list[object], span: Span, context: Context) -> object:
    if value is None or parameter.kind not in ("tensor", "tensors", "any"):
        return value
    dtype = torch.int64 if is_integral(value) and wants_integers(row, parameter, value, like) else None
    if parameter.kind == "tensor":
        return to_tensor(value, span, context, like=like, dtype=dtype)
    if parameter.kind == "tensors" and isinstance(value, list | tuple):
        integers = wants_integers(row, parameter, value, like)
        dtypes = [torch.int64 if integers and is_integral(item) else None for item in value]
        return [to_tensor(i, span, context, like=value, dtype=d) for i, d in zip(value, dtypes, strict=True)]
    return value


def is_number_function(row: Row) -> bool:
    """Whether a call on plain numbers is a plain number: not where the point is to make a tensor or to change one."""
    return row.elementwise and row.category not in ("conversion", "creation", "random", "in-place")


def _is_tensor(value: object) -> bool:
    return isinstance(value, torch.Tensor)
