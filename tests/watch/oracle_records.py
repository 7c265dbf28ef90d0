"""What the oracle keeps of a program, and how it looks at tensors, nodes and parameters."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import torch

WRITERS = ("masked_fill", "masked_fill_", "full", "where", "__setitem__", "tensor")
"""Calls that write an infinity which the program asks for."""


@dataclass
class Call:
    """One call of PyTorch by a line of the program."""

    number: int
    operation: str
    line: tuple[str, int] | None
    parents: list[Call]
    broken_operand: bool
    element: list[int] | None
    has_nan: bool
    cuts: bool
    changes: bool


@dataclass
class Truth:
    step: int = 0
    updates: int = 0
    births: list[dict[str, Any]] = field(default_factory=list)
    grads: list[dict[str, str]] = field(default_factory=list)
    cuts: list[list[Any]] = field(default_factory=list)
    changes: list[list[Any]] = field(default_factory=list)
    written: list[list[Any]] = field(default_factory=list)
    error: str | None = None
    error_line: list[Any] | None = None
    exit_code: int = 0
    out: str = ""


def origin(call: Call, known: dict[int, Call | None]) -> Call | None:
    """The call where what is not finite began; None for an infinity that was written."""
    if call.number not in known:
        earlier = [found for parent in call.parents if (found := origin(parent, known))]
        if earlier:
            known[call.number] = min(earlier, key=lambda one: one.number)
        elif not call.has_nan and (call.operation in WRITERS or call.parents):
            known[call.number] = None
        else:
            known[call.number] = call
    return known[call.number]


def places(calls: Iterable[Call]) -> list[list[Any]]:
    """File, line and operation of each, once."""
    return [list(one) for one in dict.fromkeys((*call.line, call.operation) for call in calls if call.line)]


def tensors(values: Iterable[Any]) -> Iterator[torch.Tensor]:
    for value in values:
        if isinstance(value, torch.Tensor):
            if not torch._C._functorch.is_batchedtensor(value) and not value.is_meta:  # which has no numbers
                yield value
        elif isinstance(value, list | tuple):
            yield from tensors(value)


def first_bad(one: torch.Tensor) -> list[int] | None:
    if not one.dtype.is_floating_point:
        return None
    one = one.detach()
    if math.isfinite(one.sum()):  # the quick way; the sum of numbers that are finite may be too large
        return None
    good = torch.isfinite(one)
    return None if good.all() else [int(index) for index in (~good).nonzero()[0]]


def nan(one: torch.Tensor) -> bool:
    return bool(one.isnan().any())


def version(one: torch.Tensor) -> int:
    return -1 if one.is_inference() else one._version


def condition(grad: torch.Tensor | None) -> str:
    if grad is None:
        return "none"
    if first_bad(grad) is not None:
        return "not finite"
    return "finite" if grad.any() else "zero"


def nodes(roots: Iterable[torch.Tensor]) -> list[Any]:
    found, waiting = {}, [root.grad_fn for root in roots if root.grad_fn is not None]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found[node] = None
            waiting.extend(following for following, _ in node.next_functions if following is not None)
    return [node for node in found if node.name() != "torch::autograd::AccumulateGrad"]


def lines(texts: Iterable[str], folder: str) -> list[tuple[str, int]]:
    """The places in the program that a traceback names."""
    named = re.findall(r'File "([^"]+)", line (\d+)', "".join(texts))
    return [(Path(file).name, int(number)) for file, number in named if file.startswith(folder)]


def parameters(folder: str) -> dict[str, torch.Tensor]:
    """The parameters by the names that the program's own lines see."""
    found: dict[int, tuple[str, torch.Tensor]] = {}
    frame: FrameType | None = sys._getframe()
    while frame:
        if frame.f_code.co_filename.startswith(folder):
            for name, value in {**frame.f_globals, **frame.f_locals}.items():
                if isinstance(value, torch.nn.Module):
                    for inner, one in value.named_parameters():
                        found.setdefault(id(one), (f"{name}.{inner}", one))
                elif isinstance(value, torch.Tensor) and value.is_leaf and value.requires_grad:
                    found.setdefault(id(value), (name, value))
        frame = frame.f_back
    return dict(found.values())
