"""The rows of operations, and where PyTorch has them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from each import each

from gradcli.language.catalogue.operations import operations

OPERATIONS = operations()

NAMES = {row.name: row for row in OPERATIONS}

by_name = each("row", OPERATIONS, ids=lambda row: row.name)


def resolved(path: str) -> Callable[..., object]:
    target: object = torch
    for name in path.split(".")[1:]:
        target = getattr(target, name)
    assert callable(target)
    return target


def reals(shape: tuple[int, ...], start: float = 0.2) -> torch.Tensor:
    """Different numbers between 0.2 and 0.8, in no order."""
    count = torch.Size(shape).numel()
    return (start + 0.6 * ((torch.arange(count, dtype=torch.float64) * 7 + 3) % count) / count).reshape(shape)


SHAPE = (3, 3)

SIGNED = (4 * reals(SHAPE) - 2).roll(1, 0)
