"""Sizes of gradients, which tell at once whether all are finite and which may be zero."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from weakref import ref

import torch

from gradcli.numerics.graph import storage_of
from gradcli.recording.program.log import Log

_STRIDED = torch.strided


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
    found = []
    for one in tensors:
        if not one.is_cpu or one.layout is not _STRIDED:
            return None
        found.append(abs(one.sum().item()))
    return found


def are_ordinary(sizes: Sequence[float]) -> bool:
    """Whether they say that all tensors are finite, and that none is zero."""
    return math.isfinite(sum(sizes)) and 0 not in sizes


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

    def __init__(self, log: Log) -> None:
        self._log = log
        self._parameters: Sequence[torch.Tensor] = ()
        self._states: list[tuple[int, int]] = []

    def note(self, parameters: Sequence[torch.Tensor], gradients: Iterable[torch.Tensor]) -> None:
        """Parameters, and the gradient of each."""
        self._parameters, self._states = parameters, _states(gradients)
        self._log.has_heard = False
        self._log.changes.ask()

    def broken(self, parameters: Sequence[torch.Tensor]) -> torch.Tensor | None:
        """The first parameter whose gradient has changed since, and is not finite any more. No GPU is waited for."""
        known, states = self._parameters, self._states
        self._parameters, self._states = (), []
        if not self._log.has_heard or not states:  # nearly always
            return None
        gradients = [one.grad for one in parameters]
        now = _states(gradients)
        changed = {one.memory for one in self._log.changes.recent or ()}  # also by `.data`, of which no version tells
        if now == states and not changed:
            return None
        seen = dict(zip(map(id, known), states, strict=True))
        with_gradient = [(one, found) for one, found in zip(parameters, gradients, strict=True) if found is not None]
        for (one, found), state in zip(with_gradient, now, strict=True):
            is_changed = seen.get(id(one), state) != state or (changed and storage_of(found) in changed)
            if is_changed and found.is_cpu and not all_finite(found):
                return one
        return None


def _states(gradients: Iterable[torch.Tensor | None]) -> list[tuple[int, int]]:
    """Which tensors they are, and how often each was changed in place."""
    return [(id(one), one._version) for one in gradients if one is not None]


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
