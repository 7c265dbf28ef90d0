"""Ties: points where elements change places as they move together, though each of them alone moves without a kink.

The median of 2, 2, 2 stays 2 whichever element moves, so that each single slope is zero; together they move it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import torch

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.inspections.checking.conventions import Conventions
from gradcli.inspections.checking.slopes import Index, attempt, element, reverse
from gradcli.numerics.autodiff import Gradients
from gradcli.numerics.capture import exact

MAX_ELEMENTS_OF_TIES = 50
POINTS = 60
"""Beside the point; PyTorch's gradients there, which cost little, say which two are worth a reference."""
DISTANCES = (1e-5, 1e-8)
"""Relative: what depends on the distance is curvature, what does not is a tie."""
NEAREST = 1e-12
"""What would be curvature of numbers that lie close together is looked at once more from here."""
STAYS = 0.5
"""The part of the range of slopes that must be left at the smaller distance."""
SEEN = 1e-6
"""The part of the slopes that their range must be."""


@dataclass(frozen=True)
class Beside:
    """The smallest and the largest slope by one element in the neighbourhood of a tie."""

    lowest: float
    highest: float

    @property
    def width(self) -> float:
        """How far apart they are."""
        return abs(self.highest - self.lowest)


class Ties:
    """The slopes beside the point of a bound expression in float64."""

    def __init__(self, wide: BoundExpression) -> None:
        self.wide = wide
        self._slopes: dict[tuple[float, int, str, Index], float | None] = {}

    def beside(self, name: str, index: Index) -> Beside | None:
        """The range of slopes beside a tie; None where there is none, or nothing tells."""
        found = {seed: value for seed, g in self._gradients.items() if (value := element(g, name, index)) is not None}
        if not found or max(found.values()) == min(found.values()):
            return None
        seeds = min(found, key=lambda seed: found[seed]), max(found, key=lambda seed: found[seed])
        far, near = DISTANCES
        close = self._range(near, seeds, name, index)
        if close is None or close.width <= SEEN * max(abs(close.lowest), abs(close.highest)):
            return None
        before, closest = (self._range(distance, seeds, name, index) for distance in (far, NEAREST))
        if before is None or closest is None:
            return None
        stays = close.width >= STAYS * before.width and closest.width >= STAYS * close.width
        return close if stays else None

    def _range(self, distance: float, seeds: tuple[int, int], name: str, index: Index) -> Beside | None:
        slopes = [self._slope(distance, seed, name, index) for seed in seeds]
        known = sorted(slope for slope in slopes if slope is not None)
        return Beside(*known) if len(known) == len(seeds) else None

    @cached_property
    def _gradients(self) -> dict[int, Gradients]:
        """By seed: PyTorch's gradients beside the point; none for inputs that are too large to be looked at."""
        if self.wide.elements_differentiated > MAX_ELEMENTS_OF_TIES:
            return {}
        points = ((seed, self._moved(DISTANCES[-1], seed)) for seed in range(POINTS))
        return {seed: found for seed, p in points if (found := attempt(partial(reverse, p))[0]) is not None}

    def _slope(self, distance: float, seed: int, name: str, index: Index) -> float | None:
        key = (distance, seed, name, index)
        if key not in self._slopes:
            self._slopes[key] = _reference(self._moved(distance, seed), name, index)
        return self._slopes[key]

    def _moved(self, distance: float, seed: int) -> BoundExpression:
        """The inputs moved at random, each relative to itself, and zeros to the smallest other number."""
        generator = torch.Generator().manual_seed(seed)
        leaves = dict(self.wide.leaves)
        for name, scale in self._scales.items():
            steps = torch.randn(scale.shape, generator=generator, dtype=torch.float64).to(scale)
            leaves[name] = (leaves[name].detach() + distance * steps * scale).requires_grad_()
        return self.wide.at_leaves(leaves, torch.float64)

    @cached_property
    def _scales(self) -> dict[str, torch.Tensor]:
        sizes = {name: leaf.detach().abs() for name, leaf in self.wide.differentiated.items()}
        numbers = torch.cat([size.reshape(-1) for size in sizes.values()])
        smallest = numbers[numbers > 0].min() if bool((numbers > 0).any()) else torch.ones((), dtype=numbers.dtype)
        return {name: torch.where(size == 0, smallest, size) for name, size in sizes.items()}


class TiesOfDtypes:
    """The ties at the values of different dtypes; dtypes that hold the same values share theirs."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Ties] = {}

    def of(self, wide: BoundExpression, held: Conventions) -> Ties:
        """The ties of a bound expression in float64."""
        key = (held.reasons, *(exact(leaf).tobytes() for leaf in wide.leaves.values()))
        if key not in self._known:
            self._known[key] = Ties(wide)
        return self._known[key]


def _reference(point: BoundExpression, name: str, index: Index) -> float | None:
    from gradcli.numerics import reference

    values = {leaf: exact(tensor) for leaf, tensor in point.leaves.items()}
    only = [int(np.ravel_multi_index(index, values[name].shape))] if index else None
    try:
        slope = reference.slopes(point.program, values, [name], elementwise=False, only=only)[name][index]
    except reference.NoReference:
        return None
    return None if slope.value is None else float(slope.value)
