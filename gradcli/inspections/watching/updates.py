"""Parameters that are not finite because an optimizer's step made them so: which step, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, NamedTuple
from weakref import ref

import torch

from gradcli.diagnose.origins.elements import Index, element_at
from gradcli.model.place import Place
from gradcli.recording.program.places import Spot
from gradcli.results.phrasing import number

_DIVIDED_BY = ("max_exp_avg_sq", "exp_avg_sq", "square_avg", "sum")
"""What an optimizer divides by the root of, by the name that its state has for it: the first one that is there."""
_AVERAGED = ("exp_avg", "momentum_buffer")
"""Averages of gradients in an optimizer's state."""


class Update(NamedTuple):
    """A step of an optimizer. step: the backward pass before it. rates: its learning rates then, by its groups."""

    optimizer: ref[torch.optim.Optimizer]
    spot: Spot
    step: int
    rates: Sequence[Any]


@dataclass(frozen=True)
class Made:
    """What is known of a parameter that is not finite. is_proven: whether the step at the place made it so."""

    place: Place
    label: str
    why: str | None

    @property
    def is_proven(self) -> bool:
        return self.why is not None


class Updates:
    """The last step of each optimizer."""

    def __init__(self) -> None:
        self._latest: dict[int, Update] = {}

    def note(self, optimizer: torch.optim.Optimizer, spot: Spot | None, step: int) -> None:
        if spot is None:
            return
        rates = [group.get("lr") for group in optimizer.param_groups]
        self._latest[id(optimizer)] = Update(ref(optimizer), spot, step, rates)

    def made(self, parameter: object, index: Index) -> Made | None:
        """What is known of the step that changed a parameter last; index: an element that is not finite."""
        for update in sorted(self._latest.values(), key=lambda one: -one.step):
            for optimizer, group, rate in _groups(update):
                if any(one is parameter for one in group["params"]):
                    assert isinstance(parameter, torch.Tensor)
                    why = _why(optimizer.state.get(parameter, {}), group, rate, index)
                    done = "changed" if why is None else "made so"
                    return Made(update.spot.place, f"{done} here, after step {update.step}", why)
        return None


def _groups(update: Update) -> Iterator[tuple[torch.optim.Optimizer, Mapping[str, Any], Any]]:
    optimizer = update.optimizer()
    if optimizer is not None:
        for group, rate in zip(optimizer.param_groups, update.rates, strict=False):
            yield optimizer, group, rate


def _why(state: Mapping[str, Any], group: Mapping[str, Any], rate: Any, index: Index) -> str | None:
    """Why an element of a parameter is not finite, as far as the optimizer's state tells."""
    if isinstance(rate, float | int | torch.Tensor) and not isfinite(rate):
        return f"the learning rate was {number(float(rate))}"
    where = f"[{', '.join(map(str, index))}]" if index else ""
    for name in _AVERAGED:
        value = element_at(state.get(name), index)
        if value is not None and not isfinite(value):
            return f"{name}{where} of the optimizer is {number(value)}: so was a gradient that it was given"
    squares = next((name for name in _DIVIDED_BY if name in state), None)
    eps = group.get("eps")
    if squares is None or not isinstance(eps, float | int) or element_at(state[squares], index) != 0:
        return None
    if float(torch.zeros((), dtype=state[squares].dtype).add_(eps)) != 0:
        return None
    dtype = str(state[squares].dtype).removeprefix("torch.")
    divisor = "eps = 0" if eps == 0 else f"eps = {eps:g}, which is 0 in {dtype}"
    return f"the optimizer divides by sqrt({squares}) + eps: {squares}{where} is 0, and {divisor}"
