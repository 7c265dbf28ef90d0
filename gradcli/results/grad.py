"""The answer of `grad`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gradcli.results.findings import Finding, Sample
from gradcli.results.shown import Shown
from gradcli.results.tensors import Gradient, Input, Setting, Tensor


@dataclass(frozen=True)
class Method:
    """How the gradients were taken.

    via: `torch.autograd.grad` or `Tensor.backward`.
    cotangent: `ones`, `given`, or None when none was passed.
    """

    via: str
    order: int
    cotangent: str | None
    elementwise: bool


@dataclass(frozen=True)
class Derivative:
    """All gradients of one order of differentiation."""

    order: int
    gradients: Mapping[str, Gradient | None]


@dataclass(frozen=True, repr=False)
class GradResult(Shown):
    """Value and gradients of one expression."""

    kind: ClassVar[str] = "grad"
    setting: Setting
    expression: str
    inputs: Mapping[str, Input]
    output: Tensor
    gradients: Mapping[str, Gradient | None]
    norm: np.ndarray | None
    derivatives: tuple[Derivative, ...]
    jacobians: Mapping[str, Tensor | None] | None
    hessians: Mapping[str, Mapping[str, Tensor | None]] | None
    tangent: Tensor | None
    method: Method
    findings: tuple[Finding, ...] = ()
    sample: Sample | None = None
