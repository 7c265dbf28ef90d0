"""The same gradients in float64, beside those of the dtype asked for: cheap, and nearly always the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from gradcli.compute.autodiff import Gradients
from gradcli.compute.capture import TorchError, array
from gradcli.inspections.question import Question
from gradcli.language.elementwise import is_random

MAX_ELEMENTS = 10_000


def shadow(question: Question, gradients: Callable[[Question], Gradients]) -> dict[str, np.ndarray] | None:
    """`gradients` of the question in float64, at the inputs as their dtype rounded them.

    None where it would show nothing (float64 already, random numbers) or cost too much (large inputs).
    """
    differentiated = question.differentiated.values()
    narrow = any(leaf.dtype not in (torch.float64, torch.complex128) for leaf in differentiated)
    if not narrow or sum(leaf.numel() for leaf in question.leaves.values()) > MAX_ELEMENTS:
        return None
    if is_random(question.program):
        return None
    try:
        found = gradients(widened(question))
    except TorchError:  # float64 is not there on every device
        return None
    return {name: array(gradient) for name, gradient in found.items() if gradient is not None}


def widened(question: Question) -> Question:
    """The question with every floating leaf in float64."""
    leaves = {}
    for name, leaf in question.leaves.items():
        own = leaf.detach()
        wide = own.double() if leaf.is_floating_point() and leaf.dtype is not torch.float64 else own.clone()
        leaves[name] = wide.requires_grad_(leaf.requires_grad)
    context = replace(question.context, dtype=torch.float64, checked=True)
    return replace(question, context=context, leaves=leaves)
