"""Lines inside of the user's custom functions, forward or backward, that make what is not finite out of what is."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from gradcli.numerics import graph
from gradcli.numerics.capture import all_finite
from gradcli.recording.program.entries import tensors_among
from gradcli.recording.program.operations import name_of
from gradcli.recording.program.places import Spot, UserCode


@dataclass(frozen=True)
class OwnLine:
    """An operation inside of a custom function. function: the qualified name of what runs there."""

    spot: Spot
    operation: str

    @property
    def function(self) -> str:
        return self.spot.code.co_qualname


class OwnLines(TorchFunctionMode):
    """Notes such lines while it is on: around a call of a custom function, and while its node has its turn.

    Where a backward function raises, PyTorch's engine takes the mode off itself.
    """

    def __init__(self, user: UserCode) -> None:
        super().__init__()
        self.lines: list[OwnLine] = []
        self._user = user

    def look_at_backward(self, output: torch.Tensor) -> None:
        """Be on while the nodes of custom functions behind a value have their turn in a backward pass."""
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
        values = (*args, *(kwargs or {}).values())
        was_finite, had_nan = _are_finite(values) and not any(map(_is_infinite, values)), _have_nan(values)
        out = func(*args, **(kwargs or {}))
        if (was_finite and not _are_finite((out,))) or (not had_nan and _have_nan((out,))):
            frame = self._user.innermost(sys._getframe(1))
            if frame is not None:
                self.lines.append(OwnLine(Spot(frame.f_code, frame.f_lasti), name_of(func)))
        return out


def _numbers_of(values: Iterable[Any]) -> list[torch.Tensor]:
    # PyTorch computes the shapes of some derivatives with meta tensors
    return [one for one in tensors_among(values) if isinstance(one, torch.Tensor) and not one.is_meta]


def _are_finite(values: Iterable[Any]) -> bool:
    return all(map(all_finite, _numbers_of(values)))


def _have_nan(values: Iterable[Any]) -> bool:
    return any(bool(one.isnan().any()) for one in _numbers_of(values))


def _is_infinite(value: Any) -> bool:
    """Whether it is the number that a mask is filled with."""
    return isinstance(value, float) and math.isinf(value)
