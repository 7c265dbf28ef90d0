"""The answer of `retain-demo`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from gradcli.results.findings import Failure, Finding
from gradcli.results.shown import Shown
from gradcli.results.tensors import Input, Setting, Tensor


@dataclass(frozen=True)
class Call:
    """One backward pass: what it returned or raised."""

    index: int
    expression: str
    retain_graph: bool
    ok: bool
    gradient: Mapping[str, Tensor | None] | None
    error: Failure | None = None


@dataclass(frozen=True)
class SavedTensor:
    """A tensor that a node keeps for its backward pass.

    freed_by: the number of the call after which it was gone, None if it is still there.
    """

    name: str
    shape: tuple[int, ...] | None
    dtype: str | None
    bytes: int | None
    freed_by: int | None


@dataclass(frozen=True)
class GraphNode:
    """One node of the backward graph with what it saved. `freed` is None where it saved nothing."""

    node: str
    saved: tuple[SavedTensor, ...]
    freed: bool | None


@dataclass(frozen=True)
class Scenario:
    """One way to call backward more than once."""

    name: str
    title: str
    expression: str
    via: str
    calls: tuple[Call, ...]
    graph: tuple[GraphNode, ...]
    explanation: str


@dataclass(frozen=True)
class RetainDemoResult(Shown):
    """The scenarios, and the error they were staged for."""

    kind: ClassVar[str] = "retain-demo"
    setting: Setting
    expression: str | None
    inputs: Mapping[str, Input]
    scenarios: tuple[Scenario, ...]
    error: Failure | None
    findings: tuple[Finding, ...] = ()
