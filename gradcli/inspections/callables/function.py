"""A function of leaves that can be called again and again, each time as if it were the first."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch

from gradcli.diagnose.values import default_dtype
from gradcli.inspections.callables.tensors import copied, leaf_of, named_tensors
from gradcli.numerics import randomness

Leaves = Mapping[str, torch.Tensor]
SEED = 0


@dataclass(frozen=True)
class LeafFunction:
    """A function of tensors by name.

    text: what an answer calls it. call: gives whatever the function gives, with tensors in the places of leaves.
    leaves: the tensors as they were given. wrt: the names of those that are differentiated.
    output_name: what stands before the index of an output.
    """

    text: str
    call: Callable[[Leaves], Any]
    leaves: Leaves
    wrt: tuple[str, ...]
    output_name: str = "output"

    @cached_property
    def device(self) -> str:
        """Where the leaves are; the first accelerator, where some are on one."""
        devices = [str(leaf.device) for leaf in self.leaves.values()]
        return next((device for device in devices if device != "cpu"), "cpu")

    def at_dtype(self, dtype: torch.dtype, like: Leaves | None = None) -> dict[str, torch.Tensor]:
        """Leaves of the function's own, with the numbers of the caller's or of others."""
        leaves = {name: leaf_of(leaf, dtype) for name, leaf in (like or self.leaves).items()}
        return {name: leaf.requires_grad_(name in self.wrt) for name, leaf in leaves.items()}

    def outputs(self, leaves: Leaves) -> list[tuple[str, torch.Tensor]]:
        """The floating tensors that the function gives, with names."""
        floating = (leaf.dtype for leaf in leaves.values() if leaf.is_floating_point())
        self._seeded()
        with default_dtype(next(floating)):
            return self._floating({name: copied(leaf, self.leaves[name]) for name, leaf in leaves.items()})

    def vector(self, leaves: Leaves) -> torch.Tensor:
        """All outputs behind each other."""
        return _joined(self.outputs(leaves))

    def joined(self, leaves: Leaves) -> torch.Tensor:
        """The same in the middle of another call: of these very tensors, with the generators as they are."""
        return _joined(self._floating(leaves))

    def _floating(self, leaves: Leaves) -> list[tuple[str, torch.Tensor]]:
        found = [*named_tensors(self.call(leaves), self.output_name)]
        return [(name, one) for name, one in found if one.is_floating_point()]

    def has_drawn(self) -> bool:
        """Whether the last call drew random numbers of PyTorch's."""
        now = randomness.state_of(self.device)
        self._seeded()
        return now.has_moved()

    @contextmanager
    def isolated(self) -> Iterator[None]:
        """Generators, modes and the default dtype are the caller's again in the end, and none of theirs inside."""
        before, python, arrays = randomness.state_of(self.device), random.getstate(), np.random.get_state()
        try:
            with torch.inference_mode(False), torch.enable_grad():
                yield
        finally:
            before.restore()
            random.setstate(python)
            np.random.set_state(arrays)

    def _seeded(self) -> None:
        """Every call draws the numbers of the first one."""
        randomness.seed(SEED, self.device)
        random.seed(SEED)
        np.random.seed(SEED)


def _joined(outputs: Sequence[tuple[str, torch.Tensor]]) -> torch.Tensor:
    first = outputs[0][1]
    if len(outputs) == 1:
        return first.reshape(-1)
    return torch.cat([output.reshape(-1).to(first.device) for _, output in outputs])


def gradient_of(function: LeafFunction) -> LeafFunction:
    """The gradients of the function by its leaves, from a cotangent that differs from output to output.

    Their derivatives are those of second order.
    """

    def gradients(leaves: Leaves) -> dict[str, torch.Tensor]:
        wanted = {name: leaf for name, leaf in leaves.items() if name in function.wrt}
        if not all(leaf.requires_grad for leaf in wanted.values()):
            raise NotImplementedError("forward mode through a backward pass")
        outputs = function.joined(leaves)
        found = {name: torch.zeros_like(leaf) for name, leaf in wanted.items()}
        if not outputs.requires_grad:
            return found
        numbers = torch.arange(outputs.numel(), dtype=torch.float64).sin() + 2  # no two alike, and none of them 1
        given = torch.autograd.grad(
            [(outputs * numbers.to(outputs)).sum()], list(wanted.values()), create_graph=True, allow_unused=True
        )
        return {name: found[name] if one is None else one for name, one in zip(wanted, given, strict=True)}

    return replace(function, call=gradients, output_name="gradient", text=f"the gradient of {function.text}")
