"""Sizes of gradients, which tell at once whether all are finite and which are zero."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from weakref import ref

import numpy as np
import torch

MOST_COPIED = 2**16
"""Elements of gradients that are put together: more take less time one by one."""
_OF_NUMPY = (torch.float32, torch.float64)


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


def is_finite(sizes: Iterable[float], tensors: Iterable[torch.Tensor]) -> bool:
    """Whether all tensors are; a norm may overflow where no element does."""
    return math.isfinite(sum(sizes)) or all(map(all_finite, tensors))


def all_finite(tensor: torch.Tensor) -> bool:
    if tensor.numel() == 1 and tensor.layout is torch.strided and not tensor.is_complex():
        return math.isfinite(tensor.item())
    return bool(torch.isfinite(_values(tensor)).all())


def _values(tensor: torch.Tensor) -> torch.Tensor:
    detached = tensor.detach()
    return detached if detached.layout is torch.strided else detached.coalesce().values()


class SmallGradients:
    """The sums of absolute values of small gradients, together: for each by itself most of the time is Python's.

    The same parameters have gradients step after step, so that where each begins is found once.
    """

    def __init__(self) -> None:
        self._parameters: list[int] = []
        self._starts: list[int] = []
        self._elements = 0

    def sizes(self, parameters: Sequence[torch.Tensor], gradients: list[torch.Tensor]) -> list[float] | None:
        """One for each gradient; None where they are large, or not alike."""
        own = [*map(id, parameters)]
        if own != self._parameters:
            self._parameters = own
            self._measure(gradients)
        if not self._starts:
            return None
        try:
            flat = torch._C._nn.flatten_dense_tensors(gradients)
        except RuntimeError:  # one of them is sparse
            return None
        if flat.numel() != self._elements:  # others have come in the place of tensors that are gone
            self._parameters = []
            return None
        with np.errstate(all="ignore"):  # a sum may overflow
            found: list[float] = np.add.reduceat(np.abs(flat.detach().numpy()), self._starts).tolist()
        return found

    def _measure(self, gradients: Sequence[torch.Tensor]) -> None:
        first, counts = gradients[0], [one.numel() for one in gradients]
        self._elements, self._starts = sum(counts), []
        are_alike = all(one.dtype is first.dtype and one.is_cpu for one in gradients) and first.dtype in _OF_NUMPY
        if are_alike and all(counts) and self._elements <= MOST_COPIED:
            self._starts = [sum(counts[:number]) for number in range(len(counts))]


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
