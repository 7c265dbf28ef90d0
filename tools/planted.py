"""Functions with a right value and a wrong gradient, to check checkers with."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import torch

import gradcli.numerics.evaluate

Function = Callable[[torch.Tensor], torch.Tensor]
Spoil = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""From the point and the right gradient to the one that PyTorch is told."""

SPOILS: dict[str, Spoil] = {
    "off by 1e-4": lambda _, right: right * (1 + 1e-4),
    "sign flipped": lambda _, right: -right,
    "zero": lambda _, right: right * 0,
    "right only at one point": lambda x, right: torch.where(x == -1, right, right * 1.01),
    "wrong only at one point": lambda x, right: torch.where(x == -1, right * 1.01, right),
    "NaN": lambda _, right: right * math.nan,
}


def planted(value: Function, spoil: Spoil) -> Callable[..., torch.Tensor]:
    """The function with its gradient spoiled."""

    class Planted(torch.autograd.Function):
        @staticmethod
        def forward(context: Any, x: torch.Tensor) -> torch.Tensor:
            context.save_for_backward(x)
            return value(x)

        @staticmethod
        def backward(context: Any, *incoming: torch.Tensor) -> torch.Tensor:
            (x,) = context.saved_tensors
            with torch.enable_grad():
                leaf = x.detach().requires_grad_()
                (right,) = torch.autograd.grad(value(leaf), leaf, incoming[0])
            return spoil(x, right)

    return lambda x, *_, **__: Planted.apply(x)


Step = Callable[..., torch.Tensor]


def own_function(value: Function, backward: Step, jvp: Step | None = None) -> Function:
    """A torch.autograd.Function of one tensor.

    backward, jvp: from what arrives, a cotangent or a tangent, and the input to what is sent on.
    """

    class Own(torch.autograd.Function):
        @staticmethod
        def forward(context: Any, x: torch.Tensor) -> torch.Tensor:
            context.save_for_backward(x)
            context.save_for_forward(x)
            return value(x)

        @staticmethod
        def backward(context: Any, *incoming: torch.Tensor) -> torch.Tensor:
            return backward(*incoming, *context.saved_tensors)

    if jvp is not None:
        Own.jvp = staticmethod(lambda context, tangent: jvp(tangent, *context.saved_tensors))  # type: ignore[assignment]
    return Own.apply


class Swapped(torch.autograd.Function):
    """atan2 with the gradients of its arguments in each other's place."""

    @staticmethod
    def forward(context: Any, y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        context.save_for_backward(y, x)
        return torch.atan2(y, x)

    @staticmethod
    def backward(context: Any, *incoming: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        y, x = context.saved_tensors
        size = x * x + y * y
        return incoming[0] * -y / size, incoming[0] * x / size


class Unsummed(torch.autograd.Function):
    """A bias added to rows, whose gradient forgets to add the rows up."""

    @staticmethod
    def forward(_: Any, x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        return x + bias

    @staticmethod
    def backward(_: Any, *incoming: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return incoming[0], incoming[0][0]


class SwappedOutputs(torch.autograd.Function):
    """Sine and cosine with the cotangents of the two in each other's place."""

    @staticmethod
    def forward(context: Any, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        context.save_for_backward(x)
        return x.sin(), x.cos()

    @staticmethod
    def backward(context: Any, *incoming: torch.Tensor) -> torch.Tensor:
        (x,) = context.saved_tensors
        return incoming[1] * x.cos() - incoming[0] * x.sin()


class OneWeightWrong(torch.nn.Module):
    """x * weight with the gradient of one element of the weight a hundredth too large."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        factor = torch.tensor([1, 1, 1.01])
        weight = own_function(torch.clone, lambda g, _: g * factor)(self.weight)
        return x * weight


def detached_silu(x: torch.Tensor, **_: object) -> torch.Tensor:
    """x * sigmoid(x) whose second factor passes no gradient."""
    return x * torch.sigmoid(x).detach()


@contextmanager
def in_place_of(path: str | None, function: Callable[..., object]) -> Iterator[None]:
    """The language calls `function` where it would call the PyTorch function of that dotted path."""
    real = gradcli.numerics.evaluate.resolve
    with mock.patch.object(gradcli.numerics.evaluate, "resolve", lambda p: function if p == path else real(p)):
        yield
