"""How far the gradients of a rewrite are from the true ones, in ULPs: of those that hold, the closest is shown."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from gradcli.diagnose.equivalence.truth import Truth
from gradcli.numerics.autodiff import Gradients
from gradcli.numerics.precision import ulp

CLOSE = 4.0
"""An error that is not worth looking further for, in ULPs."""
MORE = 24
"""How many further rewrites are tried once one holds that is not close."""


def worst_error(truth: Truth, gradients: Gradients) -> float | None:
    """The largest error of a number of the gradients, in ULPs of its dtype; None if no number of them has a truth."""
    return max(_errors(truth, gradients), default=None)


def _errors(truth: Truth, gradients: Gradients) -> Iterator[float]:
    for name, known in truth.slopes.items():
        gradient = gradients.get(name)
        found = torch.zeros_like(known) if gradient is None else gradient.detach().cpu()
        dtype = truth.points[0].leaves[name].dtype
        for number, true in zip(found.double().reshape(-1).tolist(), known.reshape(-1).tolist(), strict=True):
            if not math.isnan(true):
                yield math.inf if not math.isfinite(number) else abs(number - true) / ulp(true, dtype)
