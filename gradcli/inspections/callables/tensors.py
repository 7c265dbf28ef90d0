"""Tensors with names, wherever in lists, tuples and dictionaries they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch


def named_tensors(value: object, name: str) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors in a value: `x` itself, or `x[0]` and `x['state']` inside of it."""
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from named_tensors(item, f"{name}[{key!r}]")
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            yield from named_tensors(item, f"{name}[{place}]")


def with_tensors(value: Any, name: str, leaves: Mapping[str, torch.Tensor]) -> Any:
    """The value with other tensors in the places of its own."""
    if isinstance(value, torch.Tensor):
        return leaves[name]
    if isinstance(value, Mapping):
        return {key: with_tensors(item, f"{name}[{key!r}]", leaves) for key, item in value.items()}
    if isinstance(value, list | tuple):
        items = [with_tensors(item, f"{name}[{place}]", leaves) for place, item in enumerate(value)]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    return value


def copied(tensor: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """A copy that lies in memory as another tensor does, and through which derivatives flow; it may change in place."""
    if like.is_contiguous() and tensor.is_contiguous():
        return tensor.clone()  # through which sparse gradients flow too
    return _room(like, tensor.dtype).copy_(tensor)


def leaf_of(tensor: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """The same numbers as a leaf of its own, in one piece; floating ones in `dtype`."""
    source = tensor.detach()
    return source.to(dtype if source.is_floating_point() else source.dtype, copy=True).contiguous()


def _room(like: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Memory with the strides of a tensor; without them where elements of it share a place, as in an expanded one."""
    if not _has_own_places(like):
        return torch.empty(like.shape, dtype=dtype, device=like.device)
    return torch.empty_strided(like.shape, like.stride(), dtype=dtype, device=like.device)


def _has_own_places(tensor: torch.Tensor) -> bool:
    """Whether no two elements share a place in memory."""
    reached = 0
    for stride, size in sorted(zip(tensor.stride(), tensor.shape, strict=True)):
        if size > 1 and stride <= reached:
            return False
        reached += stride * (size - 1)
    return True
