"""The Jacobian times a direction, by dual numbers.

PyTorch's own entrance imports a third of PyTorch, for two things: programs that are exported as graphs, and derivatives
of a dozen functions that have none for dual numbers and are compiled. So it is entered only where that is imported
anyway, or where the bare dual numbers of its C++ code do not answer.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from gradcli import lean_torch
from gradcli.numerics.autodiff import Leaves, raised_in
from gradcli.numerics.capture import TorchError

Function = Callable[[Leaves], torch.Tensor]


def tangent(function: Function, leaves: Leaves, tangents: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """The Jacobian times a direction; a leaf without a tangent stands still.

    function: may be called a second time, with the same random numbers.
    """
    if lean_torch.waiting():
        drawn = torch.get_rng_state()
        try:
            return _tangent(function, leaves, tangents, _Bare())
        except TorchError:
            torch.set_rng_state(drawn)
    from torch.autograd import forward_ad

    return _tangent(function, leaves, tangents, forward_ad)


def _tangent(function: Function, leaves: Leaves, tangents: Mapping[str, torch.Tensor], dual: Any) -> torch.Tensor:
    with dual.dual_level():
        with raised_in("tangent"), warnings.catch_warnings():
            # the first dual number loads decompositions, by a function that PyTorch itself has deprecated
            warnings.filterwarnings("ignore", message=r".*torch\.jit")
            still = {name: leaf.detach() for name, leaf in leaves.items()}
            moving = {name: dual.make_dual(still[name], tangent) for name, tangent in tangents.items() if name in still}
        result = function({**still, **moving})
        with raised_in("tangent"):
            primal, found = dual.unpack_dual(result)
            return torch.zeros_like(primal) if found is None else found


class _Bare:
    """What `torch.autograd.forward_ad` calls in the end."""

    level = -1

    @contextmanager
    def dual_level(self) -> Iterator[None]:
        self.level = torch._C._enter_dual_level()
        try:
            yield
        finally:
            torch._C._exit_dual_level(level=self.level)

    def make_dual(self, primal: torch.Tensor, tangent: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = torch._VF._make_dual(primal, tangent, level=self.level)
        return found

    def unpack_dual(self, result: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        return torch._VF._unpack_dual(result, level=self.level)
