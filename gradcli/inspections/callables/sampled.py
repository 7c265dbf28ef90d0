"""Which elements of large leaves are looked at one by one, and which of the others may be wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from gradcli.inspections.callables.derivatives import Direction, Element, Rows, by_differences
from gradcli.inspections.callables.function import LeafFunction, Leaves
from gradcli.inspections.callables.verdicts import DISAGREE, Truth, verdicts
from gradcli.numerics.capture import exact

MOST_ELEMENTS = 200
"""Of all leaves together: each costs some twenty-five calls."""
FEWEST_ELEMENTS, MOST_COPIED = 20, 2 * 10**7
"""Of large leaves fewer are looked at: as many as have so many elements copied, and no fewer than so many."""
_SMALLEST_STEP = 1e-3


def sampled(leaves: Mapping[str, torch.Tensor]) -> dict[str, np.ndarray]:
    """The places of elements in each flattened leaf: of small ones all, of others the first, the last and some."""
    generator = np.random.default_rng(0)
    every = sum(leaf.numel() for leaf in leaves.values())
    left, found = min(max(MOST_COPIED // max(every, 1), FEWEST_ELEMENTS), MOST_ELEMENTS), {}
    for waiting, name in zip(range(len(leaves), 0, -1), sorted(leaves, key=lambda n: leaves[n].numel()), strict=True):
        size, share = leaves[name].numel(), max(left // waiting, 2)
        if size <= share:
            found[name] = np.arange(size)
        else:
            between = 1 + generator.choice(size - 2, share - 2, replace=False)
            found[name] = np.sort(np.concatenate([[0, size - 1], between]))
        left -= len(found[name])
    return {name: found[name] for name in leaves}


def element_at(name: str, place: int, shape: Sequence[int]) -> Element:
    """The element at a place of the flattened leaf."""
    return Element(name, tuple(int(number) for number in np.unravel_index(place, tuple(shape))))


@dataclass(frozen=True)
class Search:
    """The search for wrong elements of a leaf among those that are not looked at one by one.

    They move together, each up or down by chance; where PyTorch's gradient does not say what comes of that, so does
    one half of them.

    leaves: in float64. dtype: in which the gradient is taken.
    """

    function: LeafFunction
    leaves: Leaves
    rows: Rows
    dtype: torch.dtype
    tolerance: float | None

    def suspect(self, name: str, gradients: Sequence[torch.Tensor | None], places: np.ndarray) -> Element | None:
        """An element that may be wrong; None if the places as a whole are right, or there are none.

        gradients: of each row.
        """
        if not len(places) or not self._is_wrong(name, gradients, places):
            return None
        while len(places) > 1:
            first, second = np.array_split(places, 2)
            places = first if self._is_wrong(name, gradients, first) else second
        return element_at(name, places[0], self.leaves[name].shape)

    def _is_wrong(self, name: str, gradients: Sequence[torch.Tensor | None], places: np.ndarray) -> bool:
        leaf = self.leaves[name].detach()
        signs = np.random.default_rng(len(places)).choice([-1.0, 1.0], len(places))
        step = torch.zeros(leaf.numel(), dtype=leaf.dtype, device=leaf.device)
        where = torch.as_tensor(places, device=leaf.device)
        step[where] = torch.as_tensor(signs).to(step) * leaf.reshape(-1)[where].abs().clamp_min(_SMALLEST_STEP)
        direction = Direction(name, step.reshape(leaf.shape))
        computed = np.array([[0.0 if one is None else _along(one, direction)] for one in gradients])
        truth = Truth.of(by_differences(self.function, self.leaves, self.rows, [direction]))
        found = verdicts(computed, truth, self.dtype, self.tolerance)
        return bool(((found == DISAGREE) & ~truth.kink).any())


def _along(gradient: torch.Tensor, direction: Direction) -> float:
    return float((exact(gradient) * exact(direction.step)).sum())
