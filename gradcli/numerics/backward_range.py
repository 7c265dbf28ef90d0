"""Where a backward pass leaves the range of its dtype: an infinity or a zero that is made of other numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from gradcli.numerics.dispatch import DispatchMode

_PRODUCTS = frozenset({"mul", "div", "pow", "square", "exp", "reciprocal", "rsqrt", "prod"})
"""Operations that give zero for numbers other than zero only by underflow."""
_POLES = frozenset({"div", "reciprocal", "rsqrt", "pow", "log", "log2", "log10", "log1p"})
"""Operations that are infinite at a finite number too: at the zero of a divisor."""


@dataclass(frozen=True)
class Excess:
    """One operation of a backward pass whose result is beyond the range of its dtype at some elements.

    node: of the graph, `AsinhBackward0`. kind: `overflow` or `underflow`. inside: whether the node went on computing
    with the result, so that it is PyTorch's formula that leaves the range and not the gradient itself.
    """

    node: str
    kind: str
    where: torch.Tensor
    inside: bool


@contextmanager
def watching_range() -> Iterator[list[Excess]]:
    """What leaves the range in the backward passes inside; complete once the block has ended."""
    found: list[Excess] = []
    watch = _Watch()
    try:
        with watch:
            yield found
    finally:
        found += watch.excesses()


class _Watch(DispatchMode):
    """Sees each operation that a node of the graph runs, in order."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seen: list[tuple[int, str, list[tuple[str, torch.Tensor]]]] = []

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        node = torch._C._current_autograd_node()
        if node is not None and isinstance(result, torch.Tensor) and result.is_floating_point():
            name = func.overloadpacket.__name__.rstrip("_")  # type: ignore[attr-defined]
            self.seen.append((node._sequence_nr(), node.name(), list(_excesses(name, args, result))))
        return result

    def excesses(self) -> Iterator[Excess]:
        for place, (sequence, node, found) in enumerate(self.seen):
            went_on = any(other == sequence for other, _, _ in self.seen[place + 1 :])
            for kind, where in found:
                yield Excess(node, kind, where, inside=went_on)


def _excesses(name: str, operands: Sequence[Any], result: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
    tensors = [_with_numbers(o) for o in operands if isinstance(o, torch.Tensor) and o.is_floating_point()]
    numbers = [operand for operand in operands if isinstance(operand, int | float) and not isinstance(operand, bool)]
    if not tensors or not all(map(math.isfinite, numbers)) or result._is_zerotensor():
        return
    try:
        finite = _all(torch.isfinite(tensor) for tensor in tensors)
        nonzero = _all(tensor != 0 for tensor in tensors)
        if name not in _POLES or all(numbers):
            overflows = result.isinf() & (finite & nonzero if name in _POLES else finite)
            if overflows.any():
                yield "overflow", overflows
        if name in _PRODUCTS and all(numbers):
            underflows = (result == 0) & finite & nonzero
            if underflows.any():
                yield "underflow", underflows
    except RuntimeError:  # a result of another shape than its operands: which element it was is not known
        return


def _with_numbers(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor, or a zero in place of one without memory, such as the gradient of sgn: comparing that kills Python."""
    return torch.zeros((), dtype=tensor.dtype, device=tensor.device) if tensor._is_zerotensor() else tensor


def _all(masks: Iterator[torch.Tensor]) -> torch.Tensor:
    found = next(masks)
    for mask in masks:
        found = found & mask
    return found
