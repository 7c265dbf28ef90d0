"""The gradient of a function of leaves, held against what its values say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import isclose, isfinite, isnan

import numpy as np
import torch

from gradcli.inspections.callables.blocks import Block, Mode, WrongDerivative
from gradcli.inspections.callables.derivatives import Element, Rows, at_elements, by_differences, forward, reverse
from gradcli.inspections.callables.function import LeafFunction, Leaves
from gradcli.inspections.callables.sampled import Search, element_at, sampled
from gradcli.inspections.callables.verdicts import ERROR_BARS, Truth
from gradcli.numerics.capture import TORCH_ERRORS, exact
from gradcli.numerics.differences import Differences
from gradcli.numerics.noise import moved_by_rounding, rounding_noise
from gradcli.numerics.precision import half_the_digits
from gradcli.results import CheckRow

DRAWS = 6
"""Runs with noise; their spread is what rounding may do."""
_NEARER = 2.0**-14
"""Of the usual steps, where those step over what happens."""
ROUNDINGS = 16
"""Roundings that a sum is allowed, each of the sum of its terms' sizes."""


@dataclass(frozen=True)
class Output:
    """One number that the function gives, and what it gives in the next call, with inputs and generators as before."""

    name: str
    value: float
    again: float


@dataclass(frozen=True)
class Checked:
    """What is known of a gradient.

    unsteady: an output that changes, so that nothing is known. not_finite: the first one that is NaN or infinite.
    """

    rows: tuple[CheckRow, ...]
    blocks: Mapping[str, Block]
    draws: bool
    unsteady: Output | None = None
    not_finite: Output | None = None

    @property
    def wrong(self) -> list[WrongDerivative]:
        return [one for block in self.blocks.values() for one in block.wrong()]


def _steady(output: Output, allowed: float) -> bool:
    both_nan = isnan(output.value) and isnan(output.again)
    return both_nan or isclose(output.value, output.again, rel_tol=allowed)


def checked(function: LeafFunction, dtype: torch.dtype, tolerance: float | None) -> Checked:
    """Every derivative by reverse mode, forward mode and differences; of large leaves some, and the rest together."""
    with function.isolated():
        return _Checker(function, dtype, tolerance).checked()


class _Checker:
    def __init__(self, function: LeafFunction, dtype: torch.dtype, tolerance: float | None) -> None:
        self.function = function
        self.dtype = dtype
        self.tolerance = tolerance
        self.leaves = function.at_dtype(dtype)
        self.rows = Rows.of(function, self.leaves)
        self.wide = self._widest()

    def checked(self) -> Checked:
        outputs = self._outputs()
        draws = self.function.has_drawn()
        allowed = half_the_digits(self.dtype)
        unsteady = next((one for one in outputs if not _steady(one, allowed)), None)
        if unsteady is not None:
            return Checked((), {}, draws, unsteady)
        gradients = reverse(self.function, self.leaves, self.rows)
        blocks = {name: self._block(name, gradients[name], places) for name, places in self._sampled().items()}
        self._exempt(blocks)
        rows = tuple(row for block in blocks.values() for row in block.check_rows(self.dtype))
        not_finite = next((one for one in outputs if not isfinite(one.value)), None)
        return Checked(rows, blocks, draws, not_finite=not_finite)

    def _widest(self) -> Leaves:
        """The leaves in float64, or in float32 where the function does not take that: for differences."""
        for dtype in (torch.float64, torch.float32):
            wide = self.function.at_dtype(dtype, self.leaves)
            with suppress(*TORCH_ERRORS):
                self.function.vector(wide)
                break
        return wide

    def _outputs(self) -> list[Output]:
        """What two calls give."""
        first, second = (exact(self.function.vector(self.leaves)).tolist() for _ in range(2))
        if len(first) != len(second):
            return [Output("the number of outputs", len(first), len(second))]
        return [Output(name, *values) for name, *values in zip(self.rows.names, first, second, strict=True)]

    def _block(self, name: str, gradients: list[torch.Tensor | None], places: np.ndarray) -> Block:
        leaf = self.leaves[name]
        others = np.setdiff1d(np.arange(leaf.numel()), places)
        search = Search(self.function, self.wide, self.rows, self.dtype, self.tolerance)
        suspect = search.suspect(name, gradients, others)
        elements = [element_at(name, place, leaf.shape) for place in places] + ([suspect] if suspect else [])
        computed: dict[Mode, np.ndarray] = {"reverse": at_elements(gradients, elements)}
        tangents = forward(self.function, self.leaves, self.rows, elements)
        if tangents is not None:
            computed["forward"] = tangents
        differences = self._differences(elements)
        return Block.of(elements, leaf, self.rows, gradients, computed, differences, self.tolerance)

    def _differences(self, elements: Sequence[Element]) -> Differences:
        """By the usual steps; by smaller ones where those step over what happens."""
        found = by_differences(self.function, self.wide, self.rows, elements)
        vague = Truth.of(found).wide.all(axis=0) & ~found.kink
        if not vague.any():
            return found
        closer = by_differences(self.function, self.wide, self.rows, elements, nearer=_NEARER)
        confirmed = np.abs(closer.slope - found.slope) <= ERROR_BARS * found.error
        return closer.where(vague & confirmed & (closer.error < found.error), found)

    def _sampled(self) -> dict[str, np.ndarray]:
        return sampled({name: self.leaves[name] for name in self.function.wrt})

    def _exempt(self, blocks: Mapping[str, Block]) -> None:
        """What rounding may do is no mistake of the formula, but where the caller says how far off it may be."""
        which = sorted({row for block in blocks.values() for row in block.doubtful_rows})
        if not which or self.tolerance is not None:
            return
        noisy = self._noisy(which)
        for name, block in blocks.items():
            allowed = np.zeros(block.computed["reverse"].shape)
            runs = np.array([at_elements(run[name], block.elements) for run in noisy])
            if len(runs):
                runs = np.where(np.isfinite(runs), runs, np.nan)
                allowed[which] = 2 * np.nan_to_num(np.fmax.reduce(runs) - np.fmin.reduce(runs))
            if self.rows.one_by_one:
                terms = np.abs(block.computed["reverse"][1:]).sum(axis=0)
                allowed[0] = np.fmax(allowed[0], ROUNDINGS * torch.finfo(self.dtype).eps * terms)
            block.exempt(allowed, half_the_digits(self.dtype))

    def _noisy(self, which: list[int]) -> list[dict[str, list[torch.Tensor | None]]]:
        """Gradients in float64 with the inputs and every result moved by the rounding of the dtype."""
        eps = torch.finfo(self.dtype).eps
        generator = torch.Generator().manual_seed(0)
        found = []
        for draw in range(DRAWS):
            moved: Leaves = {
                name: moved_by_rounding(leaf, eps, generator).requires_grad_() if name in self.function.wrt else leaf
                for name, leaf in self.wide.items()
            }
            with suppress(*TORCH_ERRORS), rounding_noise(eps, seed=draw):
                found.append(reverse(self.function, moved, self.rows, which))
        return found
