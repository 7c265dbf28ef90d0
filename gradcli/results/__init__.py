"""What each command answers: frozen records of names, numbers and numpy arrays.

The same record prints as a table, a JSON document and a plot. `None` means "there is none" and is never zero.
Field order is the order of the keys in JSON; `kind` names the JSON Schema. A command loads the records it answers
with: making all of them would cost every one-liner more than its computation.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from gradcli.results.activate import ActivateResult, Curve, Kink, Layer, Stretch, Verdict
    from gradcli.results.audit import (
        AuditChunk,
        AuditChunks,
        AuditedFunction,
        AuditExponent,
        AuditFailure,
        AuditInterval,
        AuditLoss,
        AuditProof,
        AuditRefusal,
        AuditResult,
        AuditRow,
        AuditTroubles,
        AuditWorst,
    )
    from gradcli.results.check import CheckResult, CheckRow, CheckSummary, CheckVerdict, ReferenceBy
    from gradcli.results.compare import (
        CompareNumber,
        CompareOver,
        CompareRange,
        CompareResult,
        CompareRow,
        CompareSummary,
        PlaceBeside,
    )
    from gradcli.results.errors import ErrorEntry, ErrorsResult
    from gradcli.results.explain import Example, ExplainResult, Explanation
    from gradcli.results.findings import Failure, FilePlace, Finding, Sample, Severity
    from gradcli.results.functions import FunctionEntry, FunctionsResult
    from gradcli.results.grad import Derivative, GradResult, Method
    from gradcli.results.loss import DescentStep, Inside, LossResult
    from gradcli.results.program import ProgramResult
    from gradcli.results.retain_demo import BackwardCall, ReportedNode, RetainDemoResult, SavedTensor, Scenario, WayOut
    from gradcli.results.softmax import Amplification, SoftmaxResult
    from gradcli.results.tensors import Gradient, Input, NamedTensors, Setting, Tensor
    from gradcli.results.trace import Path, TracedStep, TraceResult
    from gradcli.results.watch import (
        GradientNorms,
        NearbyStep,
        ParameterNorms,
        ProgramFinding,
        RelatedPlace,
        SourceLine,
        WatchResult,
    )

__all__ = [
    "ActivateResult",
    "Amplification",
    "AuditChunk",
    "AuditChunks",
    "AuditExponent",
    "AuditFailure",
    "AuditInterval",
    "AuditLoss",
    "AuditProof",
    "AuditRefusal",
    "AuditResult",
    "AuditRow",
    "AuditTroubles",
    "AuditWorst",
    "AuditedFunction",
    "BackwardCall",
    "CheckResult",
    "CheckRow",
    "CheckSummary",
    "CheckVerdict",
    "CompareNumber",
    "CompareOver",
    "CompareRange",
    "CompareResult",
    "CompareRow",
    "CompareSummary",
    "Curve",
    "Derivative",
    "DescentStep",
    "ErrorEntry",
    "ErrorsResult",
    "Example",
    "ExplainResult",
    "Explanation",
    "Failure",
    "FilePlace",
    "Finding",
    "FunctionEntry",
    "FunctionsResult",
    "GradResult",
    "Gradient",
    "GradientNorms",
    "Input",
    "Inside",
    "Kink",
    "Layer",
    "LossResult",
    "Method",
    "NamedTensors",
    "NearbyStep",
    "ParameterNorms",
    "Path",
    "PlaceBeside",
    "ProgramFinding",
    "ProgramResult",
    "ReferenceBy",
    "RelatedPlace",
    "ReportedNode",
    "Result",
    "RetainDemoResult",
    "Sample",
    "SavedTensor",
    "Scenario",
    "Setting",
    "Severity",
    "SoftmaxResult",
    "SourceLine",
    "Stretch",
    "Tensor",
    "TraceResult",
    "TracedStep",
    "Verdict",
    "WatchResult",
    "WayOut",
]

Result: TypeAlias = (
    "GradResult | ActivateResult | LossResult | SoftmaxResult | RetainDemoResult | TraceResult | CheckResult"
    " | AuditResult | CompareResult | FunctionsResult | ProgramResult | ErrorsResult | ExplainResult | WatchResult"
)

_HOMES = {
    "activate": ("ActivateResult", "Curve", "Kink", "Layer", "Stretch", "Verdict"),
    "audit": (
        "AuditChunk",
        "AuditChunks",
        "AuditExponent",
        "AuditFailure",
        "AuditInterval",
        "AuditLoss",
        "AuditProof",
        "AuditRefusal",
        "AuditResult",
        "AuditRow",
        "AuditTroubles",
        "AuditWorst",
        "AuditedFunction",
    ),
    "check": ("CheckResult", "CheckRow", "CheckSummary", "CheckVerdict", "ReferenceBy"),
    "compare": (
        "CompareNumber",
        "CompareOver",
        "CompareRange",
        "CompareResult",
        "CompareRow",
        "CompareSummary",
        "PlaceBeside",
    ),
    "errors": ("ErrorEntry", "ErrorsResult"),
    "explain": ("Example", "ExplainResult", "Explanation"),
    "findings": ("Failure", "FilePlace", "Finding", "Sample", "Severity"),
    "functions": ("FunctionEntry", "FunctionsResult"),
    "grad": ("Derivative", "GradResult", "Method"),
    "loss": ("DescentStep", "Inside", "LossResult"),
    "program": ("ProgramResult",),
    "retain_demo": ("BackwardCall", "ReportedNode", "RetainDemoResult", "SavedTensor", "Scenario", "WayOut"),
    "softmax": ("Amplification", "SoftmaxResult"),
    "tensors": ("Gradient", "Input", "NamedTensors", "Setting", "Tensor"),
    "trace": ("Path", "TracedStep", "TraceResult"),
    "watch": (
        "GradientNorms",
        "NearbyStep",
        "ParameterNorms",
        "ProgramFinding",
        "RelatedPlace",
        "SourceLine",
        "WatchResult",
    ),
}


def __getattr__(name: str) -> object:
    """The record of that name, from the module that it lives in."""
    home = next((home for home, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = found
    return found
