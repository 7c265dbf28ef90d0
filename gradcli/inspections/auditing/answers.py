"""PyTorch's answers by the ways it has: values, reverse and forward mode, over memory of different shapes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from gradcli.numerics import forward_mode
from gradcli.numerics.capture import TorchError
from gradcli.numerics.proven.formats import Format, Magnitudes
from gradcli.results.audit import AuditMode, AuditPath

Function = Callable[[torch.Tensor], torch.Tensor]

NO_DERIVATIVE = "the output does not require grad"
"""What is answered of a function for which PyTorch has no backward pass."""
MOST_SINGLE = 2**10
"""Numbers that are given to PyTorch one by one: of more a part."""
_BITS = {
    "float16": (np.int16, torch.float16),
    "bfloat16": (np.int16, torch.bfloat16),
    "float32": (np.int32, torch.float32),
}


class NoDerivativeError(Exception):
    """PyTorch's answer has no path back to its input."""


@dataclass(frozen=True)
class Way:
    """One way to an answer: the mode, and how the numbers lie in memory.

    contiguous numbers go through the vector code of a kernel, strided ones through its scalar code; single ones come
    in tensors of one element.
    """

    mode: AuditMode
    path: AuditPath

    @property
    def is_reference(self) -> bool:
        """Whether the bits of the other ways are held against those of this one."""
        return self.path == "contiguous" and self.mode != "forward"


def ways(order: int, names: Collection[str] = ("contiguous", "strided", "single", "forward")) -> Iterator[Way]:
    """Those ways to a derivative that are named; forward mode gives the first one."""
    paths: tuple[AuditPath, ...] = ("contiguous", "strided", "single")
    for path in paths:
        if path in names:
            yield Way("reverse" if order else "value", path)
    if order == 1 and "forward" in names:
        yield Way("forward", "contiguous")


def numbers_of(dtype: Format, sign: int, magnitudes: Magnitudes) -> torch.Tensor:
    """The numbers of these magnitudes, to the bit."""
    integer, floating = _BITS[dtype.name]
    bits = magnitudes if sign > 0 else magnitudes | (1 << (dtype.bits - 1))
    unsigned = bits.astype(np.uint16 if dtype.bits == 16 else np.uint32)
    return torch.from_numpy(unsigned.view(integer)).view(floating)


def answers(function: Function, order: int, way: Way, numbers: torch.Tensor) -> torch.Tensor | str:
    """The answer at each number, or what PyTorch raised."""
    try:
        if way.path == "single":
            return _single(function, order, numbers)
        x = _strided(numbers) if way.path == "strided" else numbers
        if way.mode == "forward":
            if not function(x[:1].detach().requires_grad_()).requires_grad:
                raise NoDerivativeError(NO_DERIVATIVE)  # a tangent would be 0 without a word
            found = forward_mode.tangent(lambda leaves: function(leaves["x"]), {"x": x}, {"x": torch.ones_like(x)})
            return found.detach().contiguous()
        return _derivative(function, order, x).contiguous()
    except (TorchError, RuntimeError, NoDerivativeError) as raised:
        return str(raised).splitlines()[0]


def _derivative(function: Function, order: int, x: torch.Tensor) -> torch.Tensor:
    if order == 0:
        with torch.no_grad():
            return function(x)
    leaf = x.detach().requires_grad_()
    return _differentiated([function(leaf)], [leaf], order)[0].detach()


def _differentiated(found: list[torch.Tensor], leaves: list[torch.Tensor], order: int) -> list[torch.Tensor]:
    """Of each tensor that derivative by its leaf; 0 where a derivative does not depend on it."""
    for degree in range(1, order + 1):
        if not all(one.requires_grad for one in found):
            if degree == 1:
                raise NoDerivativeError(NO_DERIVATIVE)
            return [torch.zeros_like(leaf) for leaf in leaves]
        ones = [torch.ones_like(one) for one in found]
        more = degree < order
        found = list(torch.autograd.grad(found, leaves, ones, create_graph=more, materialize_grads=True))
    return found


def _strided(numbers: torch.Tensor) -> torch.Tensor:
    """The same numbers, with another one between two of them."""
    wide = torch.zeros(2 * numbers.numel(), dtype=numbers.dtype)
    wide[::2] = numbers
    return wide[::2]


def _single(function: Function, order: int, numbers: torch.Tensor) -> torch.Tensor:
    """Each number in a tensor of its own; their backward passes are one."""
    parts = list(torch.split(numbers.detach().clone(), 1))
    if order == 0:
        with torch.no_grad():
            return torch.cat([function(part) for part in parts])
    leaves = [part.requires_grad_() for part in parts]
    return torch.cat(_differentiated([function(leaf) for leaf in leaves], leaves, order)).detach()
