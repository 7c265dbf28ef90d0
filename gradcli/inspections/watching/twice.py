"""Gradients that are differentiated again: why the derivative of an operation has none itself."""

from __future__ import annotations

from math import isfinite

import torch

from gradcli.diagnose.origins.elements import element_at
from gradcli.diagnose.origins.local import REFUSALS, applied
from gradcli.diagnose.origins.origin import Origin
from gradcli.numerics.literals import Context
from gradcli.recording.program.gradient_steps import Derivative
from gradcli.results.phrasing import number


def second_derivative(origin: Origin | None) -> str | None:
    """`the second derivative of x**1.5 is inf at [3, 0]`, where that is why a gradient is not finite."""
    operation = None if origin is None else origin.step.operation
    if origin is None or origin.position is None or not isinstance(operation, Derivative):
        return None
    source, position = operation.source, origin.position
    argument = source.arguments[position] if position < len(source.arguments) else None
    if not source.elementwise or not isinstance(argument, torch.Tensor):
        return None
    chosen = argument.detach().clone().requires_grad_()
    try:
        value = applied(source, {position: chosen}, Context())
        if value is None or not value.requires_grad:
            return None
        (slope,) = torch.autograd.grad(value.sum(), chosen, create_graph=True)
        (second,) = torch.autograd.grad(slope.sum(), chosen)
    except REFUSALS:
        return None
    found = element_at(second, origin.index)
    if found is None or isfinite(found):
        return None
    where = f" at [{', '.join(map(str, origin.index))}]" if origin.index else ""
    return f"the second derivative of {source.text} is {number(found)}{where}"
