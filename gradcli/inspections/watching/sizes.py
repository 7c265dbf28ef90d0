"""Sizes of gradients, which tell at once whether all are finite and which may be zero."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from weakref import ref

import torch


def sizes_of(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    """The norm of each tensor, computed together where they are alike."""
    first = tensors[0]
    alike = all(
        one.dtype == first.dtype and one.device == first.device and one.layout is torch.strided and one.numel()
        for one in tensors
    )
    if alike:
        return torch.stack(torch._foreach_norm(tensors))  # type: ignore[arg-type]
    norms = [torch.linalg.vector_norm(_values(one)).float() for one in tensors]
    if len({one.device for one in norms}) > 1:
        norms = [one.cpu() for one in norms]
    return torch.stack(norms)


def sums_of(tensors: Sequence[torch.Tensor]) -> list[float] | None:
    """The size of the sum of each tensor's elements, one by one; None where one is not on the CPU, or sparse.

    On small ones the fewest different kernels take the least time: none of their code is in a cache any more.
    """
    if all(one.is_cpu and one.layout is torch.strided for one in tensors):
        return [abs(one.sum().item()) for one in tensors]
    return None


def is_finite(sizes: Iterable[float], tensors: Iterable[torch.Tensor]) -> bool:
    """Whether all tensors are, by their norms or sums, which may overflow where no element does."""
    return math.isfinite(sum(sizes)) or all(map(all_finite, tensors))


def all_finite(tensor: torch.Tensor) -> bool:
    if tensor.numel() == 1 and tensor.layout is torch.strided and not tensor.is_complex():
        return math.isfinite(tensor.item())
    return bool(torch.isfinite(_values(tensor)).all())


def _values(tensor: torch.Tensor) -> torch.Tensor:
    detached = tensor.detach()
    return detached if detached.layout is torch.strided else detached.coalesce().values()


class SoundGradients:
    """Gradients that were finite after a backward pass: the program may change them before its optimizer sees them."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[int, int]] = {}

    def note(self, pairs: Iterable[tuple[torch.Tensor, torch.Tensor | None]]) -> None:
        """All parameters that were looked at, with their gradients."""
        self._seen = {id(one): (id(found), found._version) for one, found in pairs if found is not None}

    def broken(self, parameters: Iterable[torch.Tensor]) -> torch.Tensor | None:
        """The first parameter whose gradient has changed since, and is not finite any more. No GPU is waited for."""
        seen, self._seen = self._seen, {}
        for one in parameters if seen else ():
            gradient, known = one.grad, seen.get(id(one))
            if gradient is None or known in (None, (id(gradient), gradient._version)):
                continue
            if gradient.is_cpu and not all_finite(gradient):
                return one
        return None


class BrokenGradients:
    """Gradients that are not finite, and were seen: they stay where later passes send nothing to their parameters."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[ref[torch.Tensor], int]] = {}

    def are_new(self, parameters: Iterable[torch.Tensor]) -> bool:
        """Whether one of the gradients is not finite, and has come or has changed since it was asked last."""
        pairs = [(id(one), one.grad) for one in parameters]
        broken = {key: gradient for key, gradient in pairs if gradient is not None and not all_finite(gradient)}
        are_new = any(not self._has_seen(key, gradient) for key, gradient in broken.items())
        self._seen = {key: (ref(gradient), gradient._version) for key, gradient in broken.items()}
        return are_new

    def _has_seen(self, key: int, gradient: torch.Tensor) -> bool:
        known = self._seen.get(key)
        return known is not None and known[0]() is gradient and known[1] == gradient._version
