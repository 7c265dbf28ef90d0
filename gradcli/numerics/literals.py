"""Literals as tensors: what a number or a nested list becomes where a tensor is wanted."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from gradcli.exceptions import ArgumentError, BoundError, Span
from gradcli.language.catalogue.rows import Loss, Row
from gradcli.language.catalogue.signature import Parameter
from gradcli.numerics import bounds, scalars

INTEGER_ARGUMENTS = frozenset({"index", "indices", "repeats", "offsets"})
_OF_INTEGERS = frozenset({"bincount", "embedding", "embedding_bag", "one_hot"})


@dataclass(frozen=True)
class Context:
    """What literals become, and how large a tensor may be.

    frozen: names that derivatives inside an expression cannot be taken by, since they require no gradient.
    checked: the same program has run within the bounds before, so that sizes need not be worked out again.
    """

    dtype: torch.dtype = torch.float32
    device: str = "cpu"
    max_elements: int = bounds.DEFAULT_MAX_ELEMENTS
    checked: bool = False
    frozen: frozenset[str] = frozenset()


def to_tensor(
    value: object,
    span: Span,
    context: Context,
    *,
    like: list[object] | tuple[object, ...] = (),
    dtype: torch.dtype | None = None,
) -> torch.Tensor:
    """A number or nested list as a tensor, with the dtype of the floating tensors it meets."""
    if isinstance(value, torch.Tensor):
        return value
    if not (scalars.is_number(value) or isinstance(value, list | tuple)):
        raise ArgumentError(
            f"{_named(value)} stands where a tensor is wanted",
            span=span,
            hint="Write a name, a number or a list of numbers.",
        )
    meets = next(
        (item.dtype for item in like if isinstance(item, torch.Tensor) and item.is_floating_point()),
        context.dtype,
    )
    try:
        return _build(value, dtype or meets, context)
    except BoundError as error:
        error.span = span
        raise
    except (ValueError, TypeError):
        raise ArgumentError(
            "this list does not fit together into a tensor",
            span=span,
            hint="Give every row the same number of numbers: [[1, 2], [3, 4]].",
        ) from None


def _build(value: object, dtype: torch.dtype, context: Context) -> torch.Tensor:
    if isinstance(value, torch.Tensor):
        return value
    if isinstance(value, bool):
        return torch.tensor(value, device=context.device)
    if isinstance(value, complex):
        return torch.tensor(value, dtype=_complex_of(dtype), device=context.device)
    if isinstance(value, int | float):
        return torch.tensor(_clipped(value, dtype), dtype=dtype, device=context.device)
    if not isinstance(value, list | tuple):
        raise TypeError(type(value).__name__)
    if _is_plain(value):
        bounds.check_elements(math.prod(_nested_shape(value)), "this list", most=context.max_elements)
        return torch.tensor(value, dtype=dtype, device=context.device)
    parts = [_build(item, dtype, context) for item in value]
    bounds.check_elements(sum(part.numel() for part in parts), "this list", most=context.max_elements)
    if len({part.shape for part in parts}) > 1:
        raise ValueError("ragged")
    return torch.stack(parts)


def _named(value: object) -> str:
    """What a value that is no tensor is called in a message."""
    if value is None or isinstance(value, str):
        return repr(value)
    kinds = ((torch.dtype, "a dtype"), (slice, "a slice"), (type(...), "'...'"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "this value")


def is_integral(value: object) -> bool:
    """Whether a value is made of integer literals only."""
    if isinstance(value, list | tuple):
        return bool(value) and all(map(is_integral, value))
    return isinstance(value, int) and not isinstance(value, bool)


def _nested_shape(value: object) -> tuple[int, ...]:
    """The shape of a nested list whose rows are of one length."""
    lengths = []
    while isinstance(value, list | tuple) and value:
        lengths.append(len(value))
        value = value[0]
    return tuple(lengths)


def _is_plain(value: object) -> bool:
    """Whether a nested list holds nothing but real numbers, which PyTorch reads at once."""
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**63


def wants_integers(row: Row, parameter: Parameter, value: object, given: list[object]) -> bool:
    """Whether integer literals are indices here. A target with the prediction's shape holds probabilities."""
    if not isinstance(row, Loss):
        return parameter.name in INTEGER_ARGUMENTS or (row.name in _OF_INTEGERS and parameter.name == "input")
    content = next((a.content for a in row.arguments if a.name == parameter.name), "real")
    if content != "class index or real":
        return content == "class index"
    prediction = next((item for item in given if isinstance(item, torch.Tensor)), None)
    return prediction is not None and prediction.shape != _nested_shape(value)


def _clipped(value: int | float, dtype: torch.dtype) -> int | float:
    """An integer beyond 64 bits as a float, so that PyTorch can read it."""
    if isinstance(value, int) and abs(value) > 2**63 - 1 and dtype.is_floating_point:
        return float(value) if value.bit_length() <= 1023 else float("inf") * (1 if value > 0 else -1)
    return value


def _complex_of(dtype: torch.dtype) -> torch.dtype:
    return torch.complex128 if dtype is torch.float64 else torch.complex64
