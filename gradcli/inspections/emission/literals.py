"""Numbers and tensors as Python source that reads back to the same bits."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from gradcli.language.printer import Spelling, number
from gradcli.numerics.capture import array, dtype_name
from gradcli.numerics.scalars import is_number

PROGRAM = Spelling(prefix="torch.", paths=())
"""How a program spells an expression: every name is PyTorch's own."""

_EXACT_INTEGER = 2**53


def dtype_source(dtype: torch.dtype) -> str:
    return f"torch.{dtype_name(dtype)}"


def tensor(value: torch.Tensor, default: torch.dtype, *, requires_grad: bool = False) -> str:
    """`torch.tensor([1.0, 2.0], requires_grad=True)`: every element as its shortest decimal."""
    flag = ", requires_grad=True" if requires_grad else ""
    kind = "" if value.dtype in (default, torch.bool) else f", dtype={dtype_source(value.dtype)}"
    if value.numel() == 0:
        return f"torch.zeros({tuple(value.shape)}{kind}{flag})"
    elements = iter(_elements(value))
    return f"torch.tensor({_nested(tuple(value.shape), elements)}{kind}{flag})"


def numbers(value: object, dtype: torch.dtype, default: torch.dtype) -> str:
    """`torch.tensor(0.5)` for a number or a nested list of them that becomes a tensor of that dtype."""
    kind = "" if dtype in (default, torch.bool) else f", dtype={dtype_source(dtype)}"
    if not kind and dtype.is_floating_point and not _has_float(value):
        kind = f", dtype={dtype_source(dtype)}"
    return f"torch.tensor({_written(value, dtype)}{kind})"


def _written(value: object, dtype: torch.dtype) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(_written(item, dtype) for item in value)}]"
    if dtype.is_floating_point and isinstance(value, int) and not isinstance(value, bool) and _is_exact(value):
        return repr(float(value))
    assert is_number(value)
    return number(value, PROGRAM).text


def _has_float(value: object) -> bool:
    """Whether one element is written with a point, which makes the tensor a floating one."""
    if isinstance(value, list | tuple):
        return any(map(_has_float, value))
    return isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool) and _is_exact(value))


def _is_exact(value: int) -> bool:
    return abs(value) <= _EXACT_INTEGER


def _elements(value: torch.Tensor) -> Iterator[str]:
    """Each element; str of a numpy number is its shortest decimal in its own precision."""
    for element in array(value).reshape(-1):
        if element.dtype.kind == "f":
            plain = float(element)
            yield repr_of(element) if math.isfinite(plain) else number(plain, PROGRAM).text
        else:
            yield number(element.item(), PROGRAM).text


def repr_of(element: object) -> str:
    text = str(element)
    return text if any(mark in text for mark in ".en") else f"{text}.0"


def _nested(shape: tuple[int, ...], elements: Iterator[str]) -> str:
    if not shape:
        return next(elements)
    return f"[{', '.join(_nested(shape[1:], elements) for _ in range(shape[0]))}]"
