"""The answer of `loss`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gradcli.results.findings import Finding, Sample
from gradcli.results.grad import Method
from gradcli.results.shown import Shown
from gradcli.results.tensors import Gradient, Input, Setting, Tensor


@dataclass(frozen=True)
class DescentStep:
    """One step of gradient descent: the loss before the update, and each parameter with its gradient."""

    step: int
    loss: float
    parameters: Mapping[str, Tensor]
    gradients: Mapping[str, Gradient | None]


@dataclass(frozen=True)
class Inside:
    """The softmax or sigmoid inside a loss, beside the target it is compared with."""

    name: str
    probabilities: Tensor
    target: Tensor
    difference: Tensor


@dataclass(frozen=True, repr=False)
class LossResult(Shown):
    """A loss, what each element contributes, and its gradients."""

    kind: ClassVar[str] = "loss"
    setting: Setting
    expression: str
    name: str
    parameters: Mapping[str, float | str | bool | None]
    reduction: str
    inputs: Mapping[str, Input]
    loss: Tensor
    contributions: Tensor | None
    gradients: Mapping[str, Gradient | None]
    norm: np.ndarray | None
    inside: Inside | None
    descent: tuple[DescentStep, ...]
    method: Method
    findings: tuple[Finding, ...] = ()
    sample: Sample | None = None
