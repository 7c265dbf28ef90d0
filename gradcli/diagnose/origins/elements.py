"""Elements of tensors for the rules: which are not finite, and which one stands where."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TypeGuard

import torch

from gradcli.numerics.capture import all_finite

Index = tuple[int, ...]


def non_finite(tensor: torch.Tensor) -> torch.Tensor:
    """Where a tensor is NaN or infinite."""
    if not (tensor.is_floating_point() or tensor.is_complex()):
        return torch.zeros((), dtype=torch.bool, device=tensor.device)
    return ~torch.isfinite(tensor)


def has_non_finite(tensor: torch.Tensor | None) -> TypeGuard[torch.Tensor]:
    """Whether it holds a NaN or an infinity."""
    return not all_finite(tensor)


def has_nan(tensor: torch.Tensor | None) -> bool:
    """Whether it holds a NaN."""
    return tensor is not None and bool(torch.isnan(tensor).any())


def first(mask: torch.Tensor) -> Index:
    """The first element where a mask holds."""
    return tuple(map(int, torch.nonzero(mask)[0])) if mask.ndim else ()


def element_mask(index: Index | None, value: torch.Tensor) -> torch.Tensor:
    """One element of a value; all of them where the index is empty or not known."""
    mask = torch.zeros(value.shape, dtype=torch.bool, device=value.device)
    mask[... if index is None else index] = True
    return mask


def element_at(tensor: object, index: Index) -> float | None:
    """One element as a number, any of a tensor of one; None where there is none there, or it is no real number."""
    if not isinstance(tensor, torch.Tensor) or tensor.is_complex():
        return None
    if tensor.ndim == 0:
        return float(tensor)
    if len(index) != tensor.ndim or any(i >= n for i, n in zip(index, tensor.shape, strict=True)):
        return None
    return float(tensor[index])


def not_finite_number(element: torch.Tensor) -> float:
    """An element that is not finite; of a complex one its real part, if that is infinite."""
    if bool(torch.isnan(element)):
        return math.nan
    return float(element.real) if bool(torch.isinf(element.real)) else math.inf


def inside(index: Index, shape: torch.Size | tuple[int, ...]) -> Index | None:
    """The element of a smaller tensor that was stretched to one with this index; None if it was not."""
    if len(shape) > len(index):
        return None
    tail = index[len(index) - len(shape) :]
    if any(i >= n and n != 1 for i, n in zip(tail, shape, strict=True)):
        return None
    return tuple(0 if n == 1 else i for i, n in zip(tail, shape, strict=True))


def aligned(elementwise: bool, focus: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
    """The elements of an operand that some elements of a value were made of; all, where that cannot be told."""
    if elementwise and own.shape == focus.shape:
        return focus
    everything = torch.ones(own.shape, dtype=torch.bool, device=own.device)
    if not elementwise or own.ndim > focus.ndim:
        return everything
    reduced = focus.reshape(-1, *focus.shape[focus.ndim - own.ndim :]).any(dim=0)
    for dim, (size, target) in enumerate(zip(reduced.shape, own.shape, strict=True)):
        if size != target:
            if target != 1:
                return everything
            reduced = reduced.any(dim=dim, keepdim=True)
    return reduced


def nan_arrives(arguments: Iterable[object], mask: torch.Tensor) -> torch.Tensor:
    """The elements of an elementwise value whose operands hold NaN already: none is the operation's own fault."""
    found = torch.zeros_like(mask)
    for argument in arguments:
        if isinstance(argument, torch.Tensor) and _stretches_to(argument.shape, mask.shape):
            found |= torch.isnan(argument)
    return found


def _stretches_to(shape: torch.Size, whole: torch.Size) -> bool:
    return len(shape) <= len(whole) and all(
        own in (1, size) for own, size in zip(reversed(shape), reversed(whole), strict=False)
    )


def rather(wanted: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The elements of a mask that are wanted; all of it if none is."""
    chosen = wanted & mask
    return chosen if bool(chosen.any()) else mask


def largest(tensor: torch.Tensor | None) -> float:
    """The largest absolute value; NaN counts as infinite, nothing as zero."""
    if tensor is None or tensor.numel() == 0:
        return 0.0
    value = float(torch.linalg.vector_norm(tensor.detach(), float("inf")))
    return value if value == value else float("inf")


def spread(like: torch.Tensor, low: float = 0.5, high: float = 1.0, start: int = 1) -> torch.Tensor:
    """Numbers that are the same in every run, and share no pattern with what the user wrote."""
    count = torch.arange(start, start + like.numel(), dtype=torch.float64, device=like.device)
    return (low + (high - low) * ((count * 0.6180339887498949) % 1)).reshape(like.shape)
