"""One original at one set of inputs, and whether a rewrite has the same value and gradient there."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import torch
from numpy.typing import NDArray

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.diagnose.equivalence.closeness import equal
from gradcli.diagnose.equivalence.perturbations import Leaves, ulps_apart
from gradcli.diagnose.values import default_dtype
from gradcli.exceptions import GradcliError
from gradcli.language.syntax import Program
from gradcli.numerics import autodiff, reference
from gradcli.numerics.autodiff import Gradients
from gradcli.numerics.capture import TorchError, all_finite, array
from gradcli.numerics.evaluate import Context, evaluate

MAX_REFERENCE_ELEMENTS = 16
"""Larger inputs are not held against the 50-digit reference."""
REFUSALS = (TorchError, GradcliError)
"""What running a program at inputs that nobody gave may end in."""


@dataclass(frozen=True)
class Outcome:
    """One run. gradients: None where PyTorch raised in the backward pass."""

    value: torch.Tensor
    gradients: Gradients | None

    @property
    def has_finite_gradients(self) -> bool:
        return self.gradients is not None and all(map(all_finite, self.gradients.values()))

    def gradient_of(self, name: str) -> torch.Tensor | None:
        """None where it raised or there is no path."""
        return None if self.gradients is None else self.gradients.get(name)


@dataclass(frozen=True)
class Candidate:
    """A rewrite, which is run once at each point and dtype; `wide` is what stands for it in float64."""

    program: Program
    wide: Program
    _known: dict[tuple[ComparisonPoint, bool], Outcome | None] = field(default_factory=dict)

    def at(self, point: ComparisonPoint, *, wide: bool = False) -> Outcome | None:
        """What it gives at a point; None where it raises in forward."""
        wide = wide and not (point.is_double and self.wide is self.program)
        run = point, wide
        if run not in self._known:
            self._known[run] = point.run(self.wide if wide else self.program, wide=wide)
        return self._known[run]


class ComparisonPoint:
    """The original at one set of inputs, in their dtype and in float64."""

    def __init__(self, bound: BoundExpression, leaves: Leaves, cotangent: torch.Tensor | None) -> None:
        self.bound, self.leaves, self.cotangent = bound, leaves, cotangent

    @cached_property
    def is_double(self) -> bool:
        """Whether all is in float64 anyway."""
        floating = (leaf.dtype for leaf in self.leaves.values() if leaf.is_floating_point())
        return self.bound.context.dtype is torch.float64 and all(dtype is torch.float64 for dtype in floating)

    @cached_property
    def narrow(self) -> Outcome | None:
        return self.run(self.bound.program)

    @cached_property
    def wide(self) -> Outcome | None:
        return self.narrow if self.is_double else self.run(self.bound.program, wide=True)

    @property
    def gradients(self) -> Gradients:
        """Those of the original; none where it raises."""
        return {} if self.narrow is None or self.narrow.gradients is None else self.narrow.gradients

    def comparable(self) -> dict[str, torch.Tensor]:
        """For each input the elements at which the original has a gradient to agree with, or need not have one."""
        seen = {name: torch.zeros_like(self.leaves[name], dtype=torch.bool) for name in self.bound.wrt}
        for outcome in (self.narrow, self.wide):
            if outcome is None or not all_finite(outcome.value):
                continue
            for name, elements in seen.items():
                gradient = outcome.gradient_of(name)
                elements |= torch.tensor(True) if gradient is None else torch.isfinite(gradient)
        return seen

    def run(self, program: Program, *, wide: bool = False) -> Outcome | None:
        """A program at these inputs; None where it raises in forward."""
        bound = self.bound
        dtype = torch.float64 if wide else bound.context.dtype
        context = Context(dtype, bound.context.device, bound.context.max_elements)
        wrt = [name for name in bound.wrt if bound.leaves[name].requires_grad]

        def leaves(*, differentiated: bool) -> dict[str, torch.Tensor]:
            found = {n: (t.double() if wide and t.is_floating_point() else t).clone() for n, t in self.leaves.items()}
            for name in wrt if differentiated else ():
                found[name].requires_grad_()
            return found

        with default_dtype(dtype), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about inputs that nobody gave
            own = leaves(differentiated=True)
            try:
                output = evaluate(program, own, context)
            except REFUSALS:
                try:
                    with torch.no_grad():  # in-place updates that autograd forbids still have a value
                        return Outcome(evaluate(program, leaves(differentiated=False), context), None)
                except REFUSALS:
                    return None
            cotangent = torch.ones_like(output) if self.cotangent is None else self.cotangent.to(output.dtype)
            try:
                found = autodiff.gradients(output, {name: own[name] for name in wrt}, cotangent=cotangent)
            except TorchError:
                return Outcome(output.detach(), None)
            return Outcome(output.detach(), found)

    def agrees(self, candidate: Candidate) -> bool:
        """Whether a rewrite has the original's value and gradient wherever those are finite, else no worse ones.

        Worse is a gradient that is not finite though the original's value is; true overflow is no worse.
        """
        narrow, wide = candidate.at(self), candidate.at(self, wide=True)
        if self.narrow is not None and (narrow is None or not self._same(narrow, self.narrow, self.wide)):
            return False
        if self.wide is not None and (wide is None or not self._same(wide, self.wide, None)):
            return False
        if self.narrow is None or not all_finite(self.narrow.value):
            return True
        assert narrow is not None
        return narrow.has_finite_gradients or _overflows(narrow, wide)

    def _same(self, found: Outcome, original: Outcome, better: Outcome | None) -> bool:
        """better: the same in float64, where it knows more; None where that is the original."""
        if found.value.shape != original.value.shape:
            return False
        wide = better is None
        more = None if better is None else better.value
        if not equal(
            found.value,
            original.value,
            more,
            lambda: [outcome.value for outcome in self._beside(wide=wide)],
            lambda: self._value,
        ):
            return False
        if original.gradients is None or original.value.isnan().any():
            return True
        if found.gradients is None:
            return False
        trusted = None if better is None or better.value.isnan().any() else better
        for name, expected in original.gradients.items():
            zero = torch.zeros_like(self.leaves[name])
            mine, theirs = (zero if gradient is None else gradient for gradient in (found.gradients[name], expected))
            if not equal(
                mine,
                theirs,
                None if trusted is None else trusted.gradient_of(name),
                partial(self._gradients_beside, name, wide=wide),
                partial(self._slopes_of, name),
                half=True,
            ):
                return False
        return True

    def _gradients_beside(self, name: str, *, wide: bool) -> list[torch.Tensor]:
        found = (outcome.gradient_of(name) for outcome in self._beside(wide=wide))
        return [gradient for gradient in found if gradient is not None]

    def _slopes_of(self, name: str) -> torch.Tensor | None:
        return self.slopes.get(name)

    def _beside(self, *, wide: bool) -> list[Outcome]:
        """The original a few ULPs aside, which tells how well its value is determined."""
        outcomes = [side.wide for side in self._wide_sides] if wide else [side.narrow for side in self.sides]
        return [outcome for outcome in outcomes if outcome is not None]

    @cached_property
    def sides(self) -> list[ComparisonPoint]:
        """The points a few ULPs to the right and to the left."""
        return self._sides_of(self.leaves)

    @cached_property
    def _wide_sides(self) -> list[ComparisonPoint]:
        """Those a few ULPs of float64 aside."""
        if self.is_double:
            return self.sides
        return self._sides_of(
            {n: leaf.double() if leaf.is_floating_point() else leaf for n, leaf in self.leaves.items()}
        )

    def _sides_of(self, leaves: Leaves) -> list[ComparisonPoint]:
        return [self.moved_to(side) for side in ulps_apart(leaves, self.bound.wrt)]

    def moved_to(self, leaves: Leaves) -> ComparisonPoint:
        """The point at other inputs."""
        return ComparisonPoint(self.bound, leaves, self.cotangent)

    @cached_property
    def _value(self) -> torch.Tensor | None:
        """The original's value at 50 digits."""
        if not self._is_for_the_reference():
            return None
        try:
            exact = reference.value(self.bound.program, self._arrays())
        except reference.NoReference:
            return None
        return self._on_device([float(number) for number in exact.reshape(-1)], exact.shape)

    @cached_property
    def slopes(self) -> Mapping[str, torch.Tensor]:
        """The slopes of the original at 50 digits, NaN where it has none; empty if there is no reference."""
        if not self._is_for_the_reference():
            return {}
        cotangent = None if self.cotangent is None else array(self.cotangent)
        program, wrt = self.bound.program, self.bound.wrt
        try:
            found = reference.slopes(program, self._arrays(), wrt, elementwise=False, cotangent=cotangent)
        except reference.NoReference:
            return {}
        return {
            name: self._on_device(
                [float(s.value) if s.kind == "smooth" else torch.nan for s in slopes.reshape(-1)], slopes.shape
            )
            for name, slopes in found.items()
        }

    def _on_device(self, numbers: list[float], shape: tuple[int, ...]) -> torch.Tensor:
        """Numbers of the reference, where PyTorch's are."""
        return torch.tensor(numbers, dtype=torch.float64, device=self.bound.context.device).reshape(shape)

    def _is_for_the_reference(self) -> bool:
        leaves = self.leaves.values()
        return sum(leaf.numel() for leaf in leaves) <= MAX_REFERENCE_ELEMENTS and all(map(all_finite, leaves))

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {name: array(leaf) for name, leaf in self.leaves.items()}


def _overflows(narrow: Outcome, wide: Outcome | None) -> bool:
    """Whether gradients are infinite only because the dtype ends before they do."""
    if narrow.gradients is None or wide is None or not wide.has_finite_gradients:
        return False
    assert wide.gradients is not None
    for name, gradient in narrow.gradients.items():
        true = wide.gradients[name]
        if (
            gradient is not None
            and true is not None
            and torch.isfinite(true.to(gradient.dtype))[~torch.isfinite(gradient)].any()
        ):
            return False
    return True
