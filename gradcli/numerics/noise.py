"""Rounding as random noise: what a coarser dtype may do to a computation, seen in float64.

Source: Vignes (1993), A stochastic arithmetic for reliable scientific computation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from gradcli.numerics.dispatch import DispatchMode

# fmt: off
_EXACT = frozenset((
    "_to_copy", "abs", "cat", "clone", "constant_pad_nd", "copy_", "fill_", "full", "full_like", "gather", "index",
    "index_select", "masked_fill", "max", "maximum", "min", "minimum", "neg", "new_full", "new_ones", "new_zeros",
    "ones", "ones_like", "relu", "repeat", "scalar_tensor", "sort", "stack", "where", "zeros", "zeros_like",
))
# fmt: on
"""Operations that hand on their operands' numbers, or make exact ones: rounding does nothing to them."""


@contextmanager
def rounding_noise(eps: float, seed: int) -> Iterator[None]:
    """Every result that PyTorch has to round inside, forward and backward, is moved by up to `eps` of itself.

    The generator is its own: random numbers of a program stay the same.
    """
    with _Noise(eps, torch.Generator().manual_seed(seed)):
        yield


def moved_by_rounding(leaf: torch.Tensor, eps: float, generator: torch.Generator) -> torch.Tensor:
    """Every element moved, by two to three units in the last place up or down: no run is made at the point itself."""
    random = torch.rand(leaf.shape, generator=generator, dtype=torch.float64).to(leaf.device) * 2 - 1
    return leaf.detach() * (1 + eps * (random + 2 * random.sign()))


class _Noise(DispatchMode):
    """Below autograd, so that what a node saves for its backward pass carries the noise too."""

    def __init__(self, eps: float, generator: torch.Generator) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.eps = eps
        self.generator = generator

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if func.overloadpacket.__name__ in _EXACT:  # type: ignore[attr-defined]
            return result
        given = {tensor.untyped_storage().data_ptr() for tensor in _tensors([*args, *(kwargs or {}).values()])}
        for tensor in _tensors(result if isinstance(result, list | tuple) else [result]):
            # a view shares its numbers with what has had its noise already
            if tensor.is_floating_point() and tensor.untyped_storage().data_ptr() not in given:
                moved = torch.rand(tensor.shape, generator=self.generator, dtype=torch.float64).mul_(2).sub_(1)
                tensor.mul_((1 + self.eps * moved).to(tensor))
        return result


def _tensors(values: Sequence[Any]) -> Iterator[torch.Tensor]:
    for value in values:
        if isinstance(value, torch.Tensor):
            if not value._is_zerotensor():  # forward mode's zeros have no storage, and nothing to round
                yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)
