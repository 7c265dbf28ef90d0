"""The answer of `softmax`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from gradcli.results.findings import Finding
from gradcli.results.shown import Shown
from gradcli.results.tensors import Gradient, Input, Setting, Tensor


@dataclass(frozen=True)
class Amplification:
    """How many times smaller than the largest entry this one is, before and after the softmax."""

    index: tuple[int, ...]
    input_ratio: float
    output_ratio: float


@dataclass(frozen=True, repr=False)
class SoftmaxResult(Shown):
    """Probabilities, their Jacobian, and how the softmax amplifies differences.

    jacobian: d probabilities / d input, shape probabilities.shape + input.shape.
    gradient: of the one probability that `--index` named, else None.
    """

    kind: ClassVar[str] = "softmax"
    setting: Setting
    expression: str
    inputs: Mapping[str, Input]
    probabilities: Tensor
    sum: Tensor
    jacobian: Tensor
    index: int | None
    gradient: Gradient | None
    amplification: tuple[Amplification, ...]
    findings: tuple[Finding, ...] = ()
