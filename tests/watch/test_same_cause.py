"""Infinities that make one NaN, or one infinite loss, are one finding with several places."""

from __future__ import annotations

from collections.abc import Callable

import torch
from each import each
from torch import Tensor, nn

import gradcli

Loss = Callable[[Tensor, Tensor], Tensor]


def of_one_number(x: Tensor, _: Tensor) -> Tensor:
    sigma = torch.exp(-1000 * x)
    return -0.5 * (1.5 / sigma) ** 2 - torch.log(sigma)


def of_two_numbers(x: Tensor, y: Tensor) -> Tensor:
    return torch.exp(1000 * x) - torch.cosh(1000 * y)


def of_one_sign(x: Tensor, y: Tensor) -> Tensor:
    return torch.exp(1000 * x) + torch.cosh(1000 * y)


def of_one_alone(x: Tensor, y: Tensor) -> Tensor:
    return torch.exp(1000 * x) - torch.cosh(y)


def of_many(x: Tensor, y: Tensor) -> Tensor:
    return torch.stack([torch.exp(1000 * x), *(torch.cosh(k * y) for k in (1000.0, 2000.0, 3000.0, 4000.0))]).sum(0)


AS_WELL = "is born here as well"
CASES: list[tuple[Loss, str, str, list[tuple[str, str]]]] = [
    (of_one_number, "nan-forward", "div", [("log", f"-inf {AS_WELL}")]),
    (of_two_numbers, "nan-forward", "exp", [("cosh", f"inf {AS_WELL}")]),
    (of_one_sign, "inf-forward", "exp", [("cosh", f"inf {AS_WELL}")]),
    (of_one_alone, "inf-forward", "exp", []),
    (of_many, "inf-forward", "exp", [("cosh", f"inf {AS_WELL}")] * 3),
]


@each("loss, code, operation, others", CASES)
def test_infinities_that_meet_are_one_finding(
    loss: Loss, code: str, operation: str, others: list[tuple[str, str]]
) -> None:
    x, y = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([x, y], lr=0.1)
    with gradcli.watch() as block:
        loss(x, y).sum().backward()
        optimizer.step()
    (found,) = block.findings
    assert (found.code, found.operation) == (code, operation)
    told = [(one.label, one.place.text) for one in found.related if AS_WELL in one.label]
    assert [label for label, _ in told] == [label for _, label in others]
    assert all(name in text for (name, _), (_, text) in zip(others, told, strict=True))
