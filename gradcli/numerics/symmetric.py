"""Functions of a symmetric matrix: PyTorch reads one triangle, and shares the gradient between both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

OF_SYMMETRIC = frozenset({"linalg.cholesky", "linalg.cholesky_ex", "linalg.eigh", "linalg.eigvalsh", "cholesky"})
"""Names in the catalogue."""

_FUNCTIONS = frozenset(
    {torch.linalg.cholesky, torch.linalg.cholesky_ex, torch.linalg.eigh, torch.linalg.eigvalsh, torch.cholesky}
)


class Symmetrised(TorchFunctionMode):
    """Inside, these functions get half of each triangle, as their gradients assume: moving one entry moves both."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func in _FUNCTIONS and args and isinstance(args[0], torch.Tensor) and args[0].ndim >= 2:
            args = ((args[0] + args[0].mT) / 2, *args[1:])
        return func(*args, **(kwargs or {}))


def is_symmetric(matrix: torch.Tensor) -> bool:
    """Whether both triangles are the same to rounding."""
    if matrix.ndim < 2 or matrix.shape[-1] != matrix.shape[-2]:
        return False
    values = matrix.detach()
    apart = (values - values.mT).abs()
    return bool((apart <= 4 * torch.finfo(values.dtype).eps * values.abs().max()).all())
