"""The gradient of a function as a function of its own, whose derivatives are those of second order."""

from __future__ import annotations

from dataclasses import replace

import torch

from gradcli.inspections.callables.function import LeafFunction, Leaves


def gradient_of(function: LeafFunction) -> LeafFunction:
    """The gradients of the function by its leaves, from a cotangent that differs from output to output."""

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
