"""Which nodes a backward pass ran, and at which one it ended: hooks that change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch

Node = torch.autograd.graph.Node


class Watch:
    """Hooks on the nodes of a graph, until `close`.

    The hooks hold numbers and no nodes: a node that could be reached from its own hook would never be freed.
    """

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = list(nodes)
        self._ran: list[int] = []
        self._at: int | None = None  # one node runs after the other
        self._handles = []
        for place, node in enumerate(self.nodes):
            self._handles.append(node.register_prehook(partial(self._enter, place)))
            self._handles.append(node.register_hook(partial(self._leave, place)))

    def begin(self) -> None:
        """Forget the passes so far."""
        self._ran.clear()
        self._at = None

    @property
    def ran(self) -> list[Node]:
        """The nodes that were run to their end since `begin`, in order."""
        return [self.nodes[place] for place in self._ran]

    @property
    def stopped(self) -> Node | None:
        """The node that was entered and not left: the one at which an exception ended the pass."""
        return None if self._at is None else self.nodes[self._at]

    def close(self) -> None:
        for handle in self._handles:
            handle.remove()

    def _enter(self, place: int, _incoming: object) -> None:
        self._at = place

    def _leave(self, place: int, _outgoing: object, _incoming: object) -> None:
        self._at = None
        self._ran.append(place)
