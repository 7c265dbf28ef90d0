"""The backward graph of a tensor: its nodes, what each saved, and what has been freed since."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import torch

_PREFIX = "_saved_"


@dataclass(frozen=True)
class Saved:
    """A tensor that a node keeps for its backward pass.

    attribute: where PyTorch keeps it; reading it raises once the graph was freed.
    memory: the address of its storage, which several saved tensors and the inputs may share.
    """

    node: torch.autograd.graph.Node
    attribute: str
    shape: tuple[int, ...]
    dtype: torch.dtype
    bytes: int
    memory: int

    @property
    def name(self) -> str:
        """The name that PyTorch's formula gives it: `result`, `self`, `other`."""
        return self.attribute.removeprefix(_PREFIX)

    def is_freed(self) -> bool:
        """Whether a backward pass has let go of it; PyTorch's own error says so."""
        try:
            getattr(self.node, self.attribute)
        except RuntimeError as error:
            return "already been freed" in str(error) or "second time" in str(error)
        return False


def nodes(output: torch.Tensor) -> list[torch.autograd.graph.Node]:
    """Every node from the output's down to the leaves, each once, nearest first; a loop, for graphs of any depth."""
    if output.grad_fn is None:
        return []
    found: dict[torch.autograd.graph.Node, None] = {output.grad_fn: None}
    waiting = deque([output.grad_fn])
    while waiting:
        node = waiting.popleft()
        for following, _ in node.next_functions:
            if following is not None and following not in found:
                found[following] = None
                waiting.append(following)
    return list(found)


def saved(node: torch.autograd.graph.Node) -> Iterator[Saved]:
    """What the node saved, read off PyTorch while it is there."""
    for attribute in dir(node):
        if not attribute.startswith(_PREFIX):
            continue
        try:
            value = getattr(node, attribute)
        except RuntimeError:  # freed, or changed in place since: nothing to read
            continue
        tensors = value if isinstance(value, tuple | list) else (value,)
        for tensor in tensors:
            if isinstance(tensor, torch.Tensor):
                size = tensor.numel() * tensor.element_size()
                yield Saved(node, attribute, tuple(tensor.shape), tensor.dtype, size, storage_of(tensor))


def storage_of(tensor: torch.Tensor) -> int:
    """The address of the memory that a tensor looks at; 0 for a layout that has no single one."""
    return tensor.untyped_storage().data_ptr() if tensor.layout is torch.strided else 0
