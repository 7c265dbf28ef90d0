"""Lines of the user's own backward functions that make what is not finite out of what is."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from gradcli.numerics import graph
from gradcli.numerics.capture import all_finite
from gradcli.recording.program.entries import AnyTensor, tensors_among
from gradcli.recording.program.operations import name_of
from gradcli.recording.program.places import Spot, UserCode


@dataclass(frozen=True)
class OwnLine:
    """An operation inside of a backward function. function: the qualified name of that."""

    spot: Spot
    operation: str

    @property
    def function(self) -> str:
        return self.spot.code.co_qualname


class OwnBackward(TorchFunctionMode):
    """Notes such lines while the nodes of custom functions have their turn in a backward pass.

    Where a backward function raises, PyTorch's engine takes the mode off itself.
    """

    def __init__(self, user: UserCode, output: torch.Tensor) -> None:
        super().__init__()
        self.lines: list[OwnLine] = []
        self._user = user
        nodes: list[Any] = [*graph.nodes(output)]
        for node in nodes:
            if isinstance(node, torch.autograd.function.BackwardCFunction):
                node.register_prehook(self._put_on)
                node.register_hook(self._take_off)

    def _put_on(self, *_gradients: object) -> None:
        self.__enter__()  # type: ignore[no-untyped-call]

    def _take_off(self, *_gradients: object) -> None:
        self.__exit__(None, None, None)  # type: ignore[no-untyped-call]

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = list(tensors_among((*args, *(kwargs or {}).values())))
        was_finite = all(map(_is_finite, given))
        out = func(*args, **(kwargs or {}))
        if was_finite and not all(map(_is_finite, tensors_among((out,)))):
            frame = self._user.innermost(sys._getframe(1))
            if frame is not None:
                self.lines.append(OwnLine(Spot(frame.f_code, frame.f_lasti), name_of(func)))
        return out


def _is_finite(tensor: AnyTensor) -> bool:
    # PyTorch computes the shapes of some derivatives with meta tensors
    return not isinstance(tensor, torch.Tensor) or tensor.is_meta or all_finite(tensor)
