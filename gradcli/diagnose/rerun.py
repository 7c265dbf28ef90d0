"""What is computed once more: the tape of an expression, its gradients in float64, what the reference knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.diagnose.origins.elements import spread
from gradcli.language.properties import is_elementwise, is_random, takes_eps_of_its_dtype
from gradcli.numerics import autodiff
from gradcli.numerics.autodiff import Gradients, Via
from gradcli.numerics.capture import TorchError, array, exact
from gradcli.numerics.noise import rounding_noise
from gradcli.recording.from_expression import ExpressionRecorder, NodeOperation
from gradcli.recording.recorder import record_backward
from gradcli.recording.tape import Step, Tape

MAX_ELEMENTS_OF_SHADOW = 10_000
MAX_ELEMENTS_OF_REFERENCE = 2_000
MAX_PLACES = 64
"""So many elements the reference is asked about where each has its own output,"""
MAX_JOINT_ELEMENTS = 128
MAX_JOINT_PLACES = 8
"""and where elements mix, so that each costs an evaluation of everything."""
ROUNDINGS = 64
"""So many at once: what one rounding alone has left may come out the same after another one."""
STEADY = 0.1
"""Of a gradient: what roundings move it by at most if it is one, and no rounding itself."""
BESIDE = (1e-4, 1e-2)
"""How far beside a point, measured by it, but at least by 1, a slope is looked for."""


@dataclass(frozen=True)
class Rerun:
    """An expression with the way in which its gradients are taken.

    cotangent: None passes none. order: of elementwise functions; more than 1 for repeated derivatives.
    """

    bound: BoundExpression
    cotangent: torch.Tensor | None = None
    order: int = 1
    via: Via = "grad"

    def gradients(self, output: torch.Tensor, *, retain_graph: bool | None = None) -> list[Gradients]:
        """The gradients of an output of the expression, of the first order to the last."""
        leaves, cotangent = self.bound.differentiated, self._fitting(output)
        if self.order > 1:
            return autodiff.higher_orders(output, leaves, cotangent=cotangent, order=self.order)
        return [autodiff.gradients(output, leaves, cotangent=cotangent, via=self.via, retain_graph=retain_graph)]

    def tape(self) -> Tape | None:
        """The tape of an instrumented run; None if that raises although the plain run did not."""
        recorder = ExpressionRecorder(self.bound.program, self.bound.in_place)
        try:
            output = self.bound.evaluate(observe=recorder)
            return record_backward(recorder, output, self.bound.differentiated, self._fitting(output))
        except TorchError:
            return None

    def in_float64(self) -> Rerun:
        """The same with every floating leaf in float64."""
        bound, leaves = self.bound, {}
        for name, leaf in bound.leaves.items():
            own = leaf.detach()
            wide = own.double() if leaf.is_floating_point() and leaf.dtype is not torch.float64 else own.clone()
            leaves[name] = wide.requires_grad_(leaf.requires_grad)
        context = replace(bound.context, dtype=torch.float64, checked=True)
        return replace(self, bound=replace(bound, context=context, leaves=leaves))

    def shadow(self, *, noisy: bool = False) -> Mapping[str, np.ndarray] | None:
        """The gradients of the last order in float64, at the inputs as their dtype rounded them.

        None where it would show nothing (float64 already, random numbers, another function there) or cost too much
        (large inputs).
        noisy: with every result moved by a few roundings of float64.
        """
        differentiated = self.bound.differentiated.values()
        narrow = any(leaf.dtype not in (torch.float64, torch.complex128) for leaf in differentiated)
        program = self.bound.program
        if not narrow or self.bound.elements > MAX_ELEMENTS_OF_SHADOW or is_random(program):
            return None
        if takes_eps_of_its_dtype(program):
            return None
        wide = self.in_float64()
        try:
            if noisy:
                with rounding_noise(ROUNDINGS * torch.finfo(torch.float64).eps, seed=0):
                    found = wide._last_gradients()
            else:
                found = wide._last_gradients()
        except TorchError:  # float64 is not there on every device
            return None
        return {name: array(gradient) for name, gradient in found.items() if gradient is not None}

    def slopes(self, name: str, places: Sequence[int]) -> dict[int, float]:
        """The derivatives by the first of these elements of an input, where the 50-digit reference knows them."""
        from gradcli.numerics import reference  # mpmath takes a while to import

        bound, cotangent = self.bound, self.cotangent
        shape = bound.leaves[name].shape
        elementwise = cotangent is not None and cotangent.shape == shape and is_elementwise(bound.program)
        most, count = (MAX_ELEMENTS_OF_REFERENCE, MAX_PLACES) if elementwise else (MAX_JOINT_ELEMENTS, MAX_JOINT_PLACES)
        if self.order > 1 or self.bound.elements > most or is_random(bound.program):
            return {}
        try:
            (found,) = reference.slopes(
                bound.program,
                {known: exact(leaf) for known, leaf in bound.leaves.items()},
                [name],
                elementwise=elementwise,
                cotangent=None if cotangent is None else exact(cotangent),
                only=places[:count],
            ).values()
        except reference.NoReference:
            return {}
        slopes = found.ravel()
        return {place: float(slopes[place].value) for place in places[:count] if slopes[place].kind == "smooth"}

    def value(self, step: Step) -> np.ndarray | None:
        """The value of a step by the 50-digit reference; None where that has none, or it would take long."""
        from gradcli.numerics import reference

        bound, operation = self.bound, step.operation
        if not isinstance(operation, NodeOperation) or self.bound.elements > MAX_ELEMENTS_OF_REFERENCE:
            return None
        if is_random(bound.program):
            return None
        try:
            values = {name: exact(leaf) for name, leaf in bound.leaves.items()}
            found = reference.value(replace(bound.program, result=operation.node), values)
        except reference.NoReference:
            return None
        return np.array([float(number) for number in found.ravel()], dtype=np.float64).reshape(found.shape)

    def has_slope_beside(self, name: str) -> bool:
        """Whether an input's gradient, in float64 a little beside the point, is a number other than zero."""
        wide = self.in_float64()
        leaf = wide.bound.leaves[name]
        here = leaf.detach()
        for distance in BESIDE:
            moved = here + distance * here.abs().clamp(min=1) * spread(here)
            leaves = {**wide.bound.leaves, name: moved.requires_grad_(leaf.requires_grad)}
            beside = replace(wide, bound=replace(wide.bound, leaves=leaves))
            try:
                found = beside._last_gradients().get(name)
                if found is None:
                    return False
                with rounding_noise(ROUNDINGS * torch.finfo(torch.float64).eps, seed=0):
                    noisy = beside._last_gradients()[name]
            except TorchError:
                continue
            assert noisy is not None
            if bool(((noisy - found).abs() < STEADY * found.abs()).any()):  # of zero, inf and nan it is no part
                return True  # and no rounding that is left of a sum which is constant
        return False

    def _last_gradients(self) -> Gradients:
        return self.gradients(self.bound.evaluate())[-1]

    def _fitting(self, output: torch.Tensor) -> torch.Tensor | None:
        """The cotangent in the dtype of an output."""
        return None if self.cotangent is None else self.cotangent.to(output.dtype)
