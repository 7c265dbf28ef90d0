"""The gradient norm of each parameter over the steps of a program: kept with bounded memory, and told as it goes."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Self
from weakref import ref

import torch

from gradcli.inspections.options import WatchOptions
from gradcli.inspections.watching.naming import names_of_tensors
from gradcli.recording.program.places import UserCode
from gradcli.results.watch import GradientNorms, ParameterNorms

MOST_POINTS = 999
"""Steps of which norms are kept: with more of them every third stays, which is odd, so that passes that take turns
all stay."""
MOST_NAMINGS = 50
"""How often names are looked up; what is made anew in every step gets none from then on."""


class NormHistory:
    """Norms of the gradients by the names of their parameters.

    every: of which steps. asked: whether each is told on standard error.
    """

    def __init__(self, user: UserCode, every: int = 1, *, asked: bool = False) -> None:
        self._user = user
        self._scaled = False
        self._every, self._asked = every, asked
        self._stride = every
        self._names: dict[int, tuple[ref[torch.Tensor], str]] = {}
        self._namings = 0
        self._points: dict[int, dict[str, float]] = {}
        self._last: tuple[int, dict[str, float]] | None = None

    @classmethod
    def wanted(cls, options: WatchOptions, user: UserCode) -> Self | None:
        """A history as the options want it; None where nobody needs one."""
        if options.norms is not None:
            return cls(user, options.norms, asked=True)
        return cls(user) if options.keeps_norms else None

    def add(self, step: int, tensors: Sequence[torch.Tensor], norms: torch.Tensor, *, is_scaled: bool) -> None:
        """The norms of the gradients of these tensors in a step. is_scaled: whether a scaler multiplied the loss."""
        if step % self._every:
            return
        self._scaled |= is_scaled
        self._look_up(tensors)
        named = {
            name: norm
            for one, norm in zip(tensors, _decimals(norms), strict=True)
            if (name := self._name(one)) is not None
        }
        self._last = step, named
        if step % self._stride == 0:
            self._points[step] = named
        if len(self._points) > MOST_POINTS:
            self._stride *= 3
            self._points = {at: point for at, point in self._points.items() if at % self._stride == 0}
        if self._asked and sys.stderr is not None:
            sys.stderr.write(_lines(step, named))

    def result(self) -> GradientNorms:
        """The norms of the steps that were kept; the last one is among them."""
        points = {**self._points, **({} if self._last is None else {self._last[0]: self._last[1]})}
        names = dict.fromkeys(name for point in points.values() for name in point)
        return GradientNorms(
            steps=tuple(points),
            parameters=tuple(ParameterNorms(name, tuple(one.get(name) for one in points.values())) for name in names),
            scaled=self._scaled,
            asked=self._asked,
        )

    def _look_up(self, tensors: Sequence[torch.Tensor]) -> None:
        """Find names for those that have none; what the program has no name for is numbered."""
        if self._namings >= MOST_NAMINGS or all(self._name(one) is not None for one in tensors):
            return
        self._namings += 1
        names = names_of_tensors(self._user.frames())
        for number, one in enumerate(tensors, 1):
            if self._name(one) is None:
                self._names[id(one)] = ref(one), names.get(id(one), f"parameter {number}")

    def _name(self, tensor: torch.Tensor) -> str | None:
        known = self._names.get(id(tensor))
        return known[1] if known is not None and known[0]() is tensor else None


def _decimals(norms: torch.Tensor) -> list[float]:
    """The norms, with the digits that their dtype has."""
    if norms.dtype == torch.float64:
        return norms.tolist()
    return [float(str(norm)) for norm in norms.detach().float().cpu().numpy()]


def _lines(step: int, norms: Mapping[str, float]) -> str:
    """A line for each parameter, each whole in itself: they stand among other output."""
    width = max(map(len, norms), default=0)
    return "".join(f"step {step}  {name:<{width}}  {norm:.4g}\n" for name, norm in norms.items())
