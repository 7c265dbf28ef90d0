"""What stands behind a tensor in brackets or behind a dot."""

from __future__ import annotations

import torch

from gradcli.exceptions import ExpressionError, Span, UnknownNameError
from gradcli.language.catalogue.operations import ATTRIBUTES
from gradcli.numerics.literals import Context, to_tensor


def as_index(value: object, span: Span, context: Context) -> object:
    """An index as PyTorch takes it: a list of integers is a tensor of them, a list of truth values a mask."""
    if isinstance(value, tuple):
        return tuple(as_index(item, span, context) for item in value)
    if isinstance(value, list):
        boolean = bool(value) and all(isinstance(item, bool) for item in value)
        return to_tensor(value, span, context, dtype=torch.bool if boolean else torch.int64)
    if isinstance(value, str | float | complex):
        raise ExpressionError(f"an index is an integer, a slice or a mask, not {value!r}", span=span)
    return value


def index(operand: object, where: object, span: Span) -> object:
    """`x[where]` of a tensor or a list."""
    if isinstance(operand, torch.Tensor | list | tuple):
        item: object = operand.__getitem__(where)  # type: ignore[index, call-overload]
        return item
    raise ExpressionError("only a tensor can be indexed", span=span, hint="Index a name or a list: x[0].")


def attribute(operand: object, name: str, span: Span) -> object:
    """`x.T` of a tensor, `r.S` of a result with several parts."""
    is_result = isinstance(operand, tuple) and not isinstance(operand, torch.Size)
    if is_result and hasattr(operand, name) and name not in ("count", "index"):
        return getattr(operand, name)
    if isinstance(operand, torch.Tensor) and name in ATTRIBUTES:
        return getattr(operand, name)
    what = "these tensors have" if is_result else "a tensor has" if isinstance(operand, torch.Tensor) else "this has"
    raise UnknownNameError(f"{what} no attribute '{name}'", span=span, hint="x.T, x.shape, x.real and the like.")
