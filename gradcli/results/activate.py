"""The answer of `activate`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from gradcli.results.findings import Failure, Finding
from gradcli.results.shown import Shown
from gradcli.results.tensors import Input, Setting, Tensor


@dataclass(frozen=True)
class Kink:
    """A point where the function (`jump`) or its derivative jumps: both one-sided slopes and PyTorch's choice there."""

    at: float
    jump: bool
    left: float | None
    right: float | None
    torch: float | None


@dataclass(frozen=True)
class Stretch:
    """Neighbouring points, from the smallest to the largest of them, that are all saturated or all dead."""

    state: str
    start: float
    stop: float


@dataclass(frozen=True)
class Verdict:
    """What an activation does to the points it was given.

    range: the values it can take, from the catalogue; None for an expression.
    lowest, highest: of the values seen.
    saturated, dead: how many points have a derivative below a thousandth of its largest, and exactly zero where the
    function is constant around them: by definition, or as the values of an expression show; None where there is no
    derivative. Of several layers: at how many points less than a thousandth of a gradient gets through, and nothing.
    """

    points: int
    range: str | None
    lowest: float | None
    highest: float | None
    saturated: int | None
    dead: int | None
    kinks: tuple[Kink, ...]
    summary: str
    stretches: tuple[Stretch, ...] = ()


@dataclass(frozen=True)
class Layer:
    """One application of the function in a stack of equal layers, with |dy/dx| from the stack's input."""

    layer: int
    values: Tensor
    slope: Tensor


@dataclass(frozen=True)
class Curve:
    """One function over the points. `error` says why there is no derivative."""

    name: str
    expression: str
    parameters: Mapping[str, float | str]
    values: Tensor
    derivative: Tensor | None
    second_derivative: Tensor | None
    layers: tuple[Layer, ...]
    verdict: Verdict
    error: Failure | None = None


@dataclass(frozen=True, repr=False)
class ActivateResult(Shown):
    """Functions and their derivatives, side by side over the same points."""

    kind: ClassVar[str] = "activate"
    setting: Setting
    expression: str
    inputs: Mapping[str, Input]
    functions: tuple[Curve, ...]
    order: int
    findings: tuple[Finding, ...] = ()
