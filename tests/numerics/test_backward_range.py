"""What leaves the range of a dtype in a backward pass."""

from __future__ import annotations

import torch

from gradcli.numerics.backward_range import Excess, watching_range


def excesses(output: torch.Tensor, x: torch.Tensor) -> list[Excess]:
    with watching_range() as found:
        torch.autograd.grad(output.sum(), x)
    return found


def test_an_overflow_inside_of_a_node_is_found() -> None:
    x = torch.tensor([1.0, 1e25], requires_grad=True)
    (found,) = excesses(torch.asinh(x), x)
    assert (found.node, found.kind, found.where.tolist()) == ("AsinhBackward0", "overflow", [False, True])


def test_a_gradient_without_memory_is_a_zero() -> None:
    """PyTorch gives sgn such a gradient, and ends the process where it is asked whether its elements are finite."""
    x = torch.tensor([0.5, 3.0], requires_grad=True)
    assert excesses(torch.sgn(x) - torch.sin(x), x) == []
