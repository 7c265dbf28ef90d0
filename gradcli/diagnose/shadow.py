"""What a gradient is held against: the same in float64, which is cheap, and where that raises doubts the reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.diagnose.origins.elements import spread
from gradcli.diagnose.slopes import exact
from gradcli.language.properties import is_elementwise, is_random
from gradcli.numerics.autodiff import Gradients
from gradcli.numerics.capture import TorchError, array
from gradcli.numerics.noise import rounding_noise
from gradcli.recording.from_expression import NodeOperation
from gradcli.recording.tape import Step

MAX_ELEMENTS_OF_SHADOW = 10_000
MAX_ELEMENTS_OF_REFERENCE = 2_000
MAX_PLACES = 64
"""So many elements the reference is asked about where each has its own output,"""
MAX_JOINT_ELEMENTS = 128
MAX_JOINT_PLACES = 8
"""and where elements mix, so that each costs an evaluation of everything."""
BESIDE = (1e-4, 1e-2)
"""How far beside a point, measured by it, but at least by 1, a slope is looked for."""


def shadow(bound: BoundExpression, gradients: Callable[[BoundExpression], Gradients]) -> dict[str, np.ndarray] | None:
    """`gradients` of the expression in float64, at the inputs as their dtype rounded them.

    None where it would show nothing (float64 already, random numbers) or cost too much (large inputs).
    """
    differentiated = bound.differentiated.values()
    narrow = any(leaf.dtype not in (torch.float64, torch.complex128) for leaf in differentiated)
    if not narrow or sum(leaf.numel() for leaf in bound.leaves.values()) > MAX_ELEMENTS_OF_SHADOW:
        return None
    if is_random(bound.program):
        return None
    try:
        found = gradients(widened(bound))
    except TorchError:  # float64 is not there on every device
        return None
    return {name: array(gradient) for name, gradient in found.items() if gradient is not None}


def widened(bound: BoundExpression) -> BoundExpression:
    """The expression with every floating leaf in float64."""
    leaves = {}
    for name, leaf in bound.leaves.items():
        own = leaf.detach()
        wide = own.double() if leaf.is_floating_point() and leaf.dtype is not torch.float64 else own.clone()
        leaves[name] = wide.requires_grad_(leaf.requires_grad)
    context = replace(bound.context, dtype=torch.float64, checked=True)
    return replace(bound, context=context, leaves=leaves)


def slopes_at(
    bound: BoundExpression, cotangent: torch.Tensor | None, name: str, places: Sequence[int]
) -> dict[int, float]:
    """The derivatives by the first of these elements of an input, by the 50-digit reference, where that knows them."""
    from gradcli.numerics import reference  # mpmath takes a while to import

    elements = sum(leaf.numel() for leaf in bound.leaves.values())
    shape = bound.leaves[name].shape
    elementwise = cotangent is not None and cotangent.shape == shape and is_elementwise(bound.program)
    most, count = (MAX_ELEMENTS_OF_REFERENCE, MAX_PLACES) if elementwise else (MAX_JOINT_ELEMENTS, MAX_JOINT_PLACES)
    if elements > most or is_random(bound.program):
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


def value_at(bound: BoundExpression, step: Step) -> np.ndarray | None:
    """The value of a step by the 50-digit reference; None where that has none, or it would take long."""
    from gradcli.numerics import reference

    operation, elements = step.operation, sum(leaf.numel() for leaf in bound.leaves.values())
    if not isinstance(operation, NodeOperation) or elements > MAX_ELEMENTS_OF_REFERENCE or is_random(bound.program):
        return None
    try:
        values = {name: exact(leaf) for name, leaf in bound.leaves.items()}
        found = reference.value(replace(bound.program, result=operation.node), values)
    except reference.NoReference:
        return None
    return np.array([float(number) for number in found.ravel()], dtype=np.float64).reshape(found.shape)


def with_noise(gradients: Callable[[BoundExpression], Gradients], bound: BoundExpression) -> Gradients:
    """`gradients` with every result moved by the rounding of float64."""
    with rounding_noise(torch.finfo(torch.float64).eps, seed=0):
        return gradients(bound)


def has_slope_beside(bound: BoundExpression, gradients: Callable[[BoundExpression], Gradients], name: str) -> bool:
    """Whether an input's gradient, in float64 a little beside the point, is a number other than zero."""
    wide = widened(bound)
    here = wide.leaves[name].detach()
    for distance in BESIDE:
        moved = here + distance * here.abs().clamp(min=1) * spread(here)
        beside = replace(wide, leaves={**wide.leaves, name: moved.requires_grad_(wide.leaves[name].requires_grad)})
        try:
            found = gradients(beside).get(name)
        except TorchError:
            continue
        if found is not None and bool((found != 0).any()) and bool(torch.isfinite(found).all()):
            return True
    return False
