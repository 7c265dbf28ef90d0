"""The slopes of a bound expression by PyTorch's two modes and by finite differences, at leaves of any dtype."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import torch

from gradcli.diagnose.bound_expression import BoundExpression
from gradcli.diagnose.values import default_dtype
from gradcli.numerics import autodiff, forward_mode
from gradcli.numerics.autodiff import Gradients
from gradcli.numerics.capture import TorchError, exact
from gradcli.numerics.differences import Differences, differences, smallest
from gradcli.progress import steps

Index = tuple[int, ...]


def reverse(bound: BoundExpression) -> Gradients:
    """The gradients of the sum of all outputs."""
    output = bound.evaluate()
    return autodiff.gradients(output, bound.differentiated, cotangent=torch.ones_like(output))


def forward(bound: BoundExpression, *, elementwise: bool) -> Gradients:
    """The same by forward mode: one pass for elementwise functions, else one for each element."""
    found: Gradients = {}
    for name in bound.wrt:
        leaf = bound.leaves[name].detach()
        if elementwise:
            found[name] = forward_mode.tangent(bound.evaluate, bound.leaves, {name: torch.ones_like(leaf)})
            continue
        slopes = torch.empty_like(leaf)
        for index in steps(np.ndindex(*leaf.shape), "tangents in forward mode", leaf.numel()):
            direction = torch.zeros_like(leaf)
            direction[index] = 1
            slopes[index] = forward_mode.tangent(bound.evaluate, bound.leaves, {name: direction}).sum()
        found[name] = slopes
    return found


def tangent_of(bound: BoundExpression, *, name: str, index: Index, elementwise: bool) -> Gradients:
    """One element by forward mode; of an elementwise function all elements of the input come with it."""
    leaf = bound.leaves[name].detach()
    direction = torch.ones_like(leaf) if elementwise else torch.zeros_like(leaf)
    direction[index] = 1
    tangent = forward_mode.tangent(bound.evaluate, bound.leaves, {name: direction})
    return {name: tangent if elementwise else direction * tangent.sum()}


def attempt(compute: Callable[[], Gradients]) -> tuple[Gradients | None, str | None]:
    """The result, or PyTorch's message: a dtype without an implementation is no failure of the whole check."""
    try:
        return compute(), None
    except TorchError as raised:
        return None, str(raised.error).strip()


def element(gradients: Mapping[str, torch.Tensor | None] | None, name: str, index: Index) -> float | None:
    """One number of a gradient; None if there is no gradient."""
    gradient = None if gradients is None else gradients[name]
    return None if gradient is None else float(gradient.detach()[index].double())


def by_differences(bound: BoundExpression, *, elementwise: bool) -> dict[str, Differences]:
    """Finite differences of the values of a bound expression in float64."""
    bound = bound.for_moved_inputs()

    def value(name: str, values: np.ndarray) -> np.ndarray:
        try:
            result = bound.evaluate({name: torch.as_tensor(values, device=bound.context.device)})
        except TorchError:  # moved out of the function's domain, as it sees it
            return np.full(values.shape if elementwise else (), np.nan)
        array: np.ndarray = (
            result.detach().double().cpu().numpy()
        )  # detach: requires_grad_() may stand in the expression
        return array

    def one_by_one(name: str, here: np.ndarray, values: np.ndarray) -> np.ndarray:
        if values is here:  # no element is moved: one run is that of all
            return np.full(here.shape, value(name, here).sum())
        sums = np.empty(here.shape)
        for index in np.ndindex(*here.shape):
            changed = here.copy()
            changed[index] = values[index]
            sums[index] = value(name, changed).sum()
        return sums

    near = smallest(exact(leaf) for leaf in bound.leaves.values() if leaf.is_floating_point())
    found = {}
    for name in bound.wrt:
        here = exact(bound.leaves[name]).copy()
        function = partial(value, name) if elementwise else partial(one_by_one, name, here)
        with torch.no_grad(), default_dtype(bound.context.dtype):
            found[name] = differences(function, here, around_zero=near)
    return found
