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


_Point = tuple[list[str | None], torch.Tensor]
"""The names of some parameters, None for those without one, and the norms of their gradients."""


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
        self._points: dict[int, _Point] = {}
        self._last: tuple[int, _Point] | None = None

    @classmethod
    def wanted(cls, options: WatchOptions, user: UserCode) -> Self | None:
        """A history as the options want it; None where nobody needs one."""
        if options.norms is not None:
            return cls(user, options.norms, asked=True)
        return cls(user) if options.keeps_norms else None

    def add(
        self,
        step: int,
        tensors: Sequence[torch.Tensor],
        norms: torch.Tensor,
        *,
        is_scaled: bool = False,
        names: Sequence[str] = (),
    ) -> None:
        """The norms of the gradients of these tensors in a step. is_scaled: whether a scaler multiplied the loss.

        names: those of the tensors, where they are known.
        """
        if step % self._every:
            return
        self._scaled |= is_scaled
        if not names:
            self._look_up(tensors)
        known: list[str | None] = [*names] if names else [self._name(one) for one in tensors]
        point = known, norms.detach()
        self._last = step, point
        if step % self._stride == 0:
            self._points[step] = point
        if len(self._points) > MOST_POINTS:
            self._stride *= 3
            self._points = {at: point for at, point in self._points.items() if at % self._stride == 0}
        if self._asked and sys.stderr is not None:
            sys.stderr.write(_lines(step, _named(point)))

    def result(self) -> GradientNorms:
        """The norms of the steps that were kept; the last one is among them."""
        last = {} if self._last is None else {self._last[0]: self._last[1]}
        points = {step: _named(point) for step, point in (self._points | last).items()}
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


def _named(point: _Point) -> dict[str, float]:
    """The norms by the names of their parameters, with the digits that their dtype has."""
    names, norms = point
    values = norms.tolist() if norms.dtype == torch.float64 else map(float, map(str, norms.float().cpu().numpy()))
    return {name: norm for name, norm in zip(names, values, strict=True) if name is not None}


def _lines(step: int, norms: Mapping[str, float]) -> str:
    """A line for each parameter, each whole in itself: they stand among other output."""
    width = max(map(len, norms), default=0)
    return "".join(f"step {step}  {name:<{width}}  {norm:.4g}\n" for name, norm in norms.items())
