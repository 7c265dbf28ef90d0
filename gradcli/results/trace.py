"""The answer of `trace`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from gradcli.exceptions import Span
from gradcli.results.findings import Failure, Finding
from gradcli.results.shown import Shown
from gradcli.results.tensors import Gradient, Input, Setting, Tensor

LARGEST_STEP = 1_000_000
"""Elements of a tensor that a step carries."""


@dataclass(frozen=True)
class TracedStep:
    """One sub-expression of a trace.

    node: PyTorch's node of its value, None where it has none.
    value, gradient: what it was, and the gradient that reached it; None where there is none or it is too large.
    derivative: of an operation that works element by element, by its first differentiated operand.
    findings: codes of what was found at this place.
    """

    expression: str
    span: Span
    operation: str
    node: str | None
    operands: tuple[int, ...]
    value: Tensor | None
    gradient: Tensor | None
    derivative: Tensor | None
    findings: tuple[str, ...]


@dataclass(frozen=True)
class Path:
    """One way from the output down to an input, with the gradient that came along it.

    steps: the expressions on the way, output first; arriving: what reached each of them on this way alone.
    share: of the sum of absolute contributions.
    """

    variable: str
    steps: tuple[str, ...]
    arriving: tuple[Tensor, ...]
    gradient: Tensor
    share: float


@dataclass(frozen=True, repr=False)
class TraceResult(Shown):
    """What flowed through every sub-expression, forward and backward.

    agrees: whether the instrumented run gave the same bits as the plain one.
    raised: the exception with which the run ended, if it did. stopped: the number of the step that it is about.
    """

    kind: ClassVar[str] = "trace"
    setting: Setting
    expression: str
    inputs: Mapping[str, Input]
    output: Tensor | None
    gradients: Mapping[str, Gradient | None]
    steps: tuple[TracedStep, ...]
    paths: tuple[Path, ...]
    agrees: bool
    raised: Failure | None
    findings: tuple[Finding, ...] = ()
    stopped: int | None = field(default=None, metadata={"key": None})
