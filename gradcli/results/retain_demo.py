"""The answer of `retain-demo`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from gradcli.exceptions import Span
from gradcli.results.findings import Failure, Finding
from gradcli.results.shown import Shown
from gradcli.results.tensors import Input, Setting, Tensor


@dataclass(frozen=True)
class BackwardCall:
    """One backward pass: what it returned or raised.

    kept_bytes: what the graph still holds after it that is no input's own memory.
    node: where the pass ended in an exception; its place in the expression is the error's.
    """

    index: int
    expression: str
    retain_graph: bool
    ok: bool
    gradient: Mapping[str, Tensor | None] | None
    error: Failure | None = None
    kept_bytes: int | None = None
    node: str | None = None


@dataclass(frozen=True)
class SavedTensor:
    """A tensor that a node keeps for its backward pass.

    freed_by: the number of the call after which it was gone, None if it is still there.
    used_by: the calls that ran its node. missed_by: the calls that came to its node and found it gone.
    input: the input whose own memory it is, which costs nothing to keep.
    """

    name: str
    shape: tuple[int, ...] | None
    dtype: str | None
    bytes: int | None
    freed_by: int | None
    used_by: tuple[int, ...] = ()
    missed_by: tuple[int, ...] = ()
    input: str | None = None


@dataclass(frozen=True)
class ReportedNode:
    """One node of the backward graph, the sub-expression that made it, and what it saved.

    `freed` is None where it saved nothing.
    """

    node: str
    saved: tuple[SavedTensor, ...]
    freed: bool | None
    expression: str | None = None
    span: Span | None = None


@dataclass(frozen=True)
class WayOut:
    """A fix for a pass that raised, as it was run on this graph.

    gives: the sum of the gradients of all calls, or the gradient of each call.
    gradients: what came out, one mapping a pass. verified: whether that is what fresh graphs give.
    forward_passes, backward_nodes: the work it took. kept_bytes: the most that the graph held between two passes.
    """

    name: str
    advice: str
    program: str
    gives: Literal["sum", "each"]
    verified: bool
    gradients: tuple[Mapping[str, Tensor | None], ...]
    forward_passes: int
    backward_nodes: int
    kept_bytes: int
    error: Failure | None = None


@dataclass(frozen=True)
class Scenario:
    """One way to call backward more than once.

    code: the calls as Python; None for a graph of the user's own. why: the explanation in a few words.
    fixes: the best for this graph first; none where no call raised.
    agrees: whether the run that was watched did the same as the plain one before it.
    """

    name: str
    title: str
    expression: str
    via: str
    calls: tuple[BackwardCall, ...]
    graph: tuple[ReportedNode, ...]
    explanation: str
    why: str = ""
    code: str | None = None
    fixes: tuple[WayOut, ...] = ()
    agrees: bool = True


@dataclass(frozen=True, repr=False)
class RetainDemoResult(Shown):
    """The scenarios, and the error they were staged for.

    given: what the code of every scenario begins with.
    """

    kind: ClassVar[str] = "retain-demo"
    setting: Setting
    expression: str | None
    inputs: Mapping[str, Input]
    scenarios: tuple[Scenario, ...]
    error: Failure | None
    given: str | None = None
    findings: tuple[Finding, ...] = ()
