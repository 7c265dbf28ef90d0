"""What each command answers: frozen records of names, numbers and numpy arrays.

The same record prints as a table, a JSON document and a plot. `None` means "there is none" and is never zero.
Field order is the order of the keys in JSON; `kind` names the JSON Schema. A command loads the records it answers
with: making all of them would cost every one-liner more than its computation.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from gradcli.results.activation import ActivateResult, Curve, Kink, Layer, Stretch, Verdict
    from gradcli.results.catalogue import FunctionEntry, FunctionsResult
    from gradcli.results.checking import CheckResult, CheckRow, CheckSummary, CheckVerdict
    from gradcli.results.emitting import ProgramResult
    from gradcli.results.erring import ErrorEntry, ErrorsResult
    from gradcli.results.findings import CODES, Failure, Finding, Sample, Severity
    from gradcli.results.gradients import Derivative, GradResult, Method
    from gradcli.results.losses import DescentStep, Inside, LossResult
    from gradcli.results.retaining import Call, GraphNode, RetainDemoResult, SavedTensor, Scenario, WayOut
    from gradcli.results.softmax import Amplification, SoftmaxResult
    from gradcli.results.tensors import Gradient, Input, Setting, Tensor
    from gradcli.results.tracing import Path, Step, TraceResult

__all__ = [
    "CODES",
    "ActivateResult",
    "Amplification",
    "Call",
    "CheckResult",
    "CheckRow",
    "CheckSummary",
    "CheckVerdict",
    "Curve",
    "Derivative",
    "DescentStep",
    "ErrorEntry",
    "ErrorsResult",
    "Failure",
    "Finding",
    "FunctionEntry",
    "FunctionsResult",
    "GradResult",
    "Gradient",
    "GraphNode",
    "Input",
    "Inside",
    "Kink",
    "Layer",
    "LossResult",
    "Method",
    "Path",
    "ProgramResult",
    "Result",
    "RetainDemoResult",
    "Sample",
    "SavedTensor",
    "Scenario",
    "Setting",
    "Severity",
    "SoftmaxResult",
    "Step",
    "Stretch",
    "Tensor",
    "TraceResult",
    "Verdict",
    "WayOut",
]

Result: TypeAlias = (
    "GradResult | ActivateResult | LossResult | SoftmaxResult | RetainDemoResult | TraceResult | CheckResult"
    " | FunctionsResult | ProgramResult | ErrorsResult"
)

_HOMES = {
    "ActivateResult": "activation",
    "Curve": "activation",
    "Kink": "activation",
    "Layer": "activation",
    "Stretch": "activation",
    "Verdict": "activation",
    "FunctionEntry": "catalogue",
    "FunctionsResult": "catalogue",
    "CheckResult": "checking",
    "CheckRow": "checking",
    "CheckSummary": "checking",
    "CheckVerdict": "checking",
    "ProgramResult": "emitting",
    "ErrorEntry": "erring",
    "ErrorsResult": "erring",
    "CODES": "findings",
    "Failure": "findings",
    "Finding": "findings",
    "Sample": "findings",
    "Severity": "findings",
    "Derivative": "gradients",
    "GradResult": "gradients",
    "Method": "gradients",
    "DescentStep": "losses",
    "Inside": "losses",
    "LossResult": "losses",
    "Call": "retaining",
    "GraphNode": "retaining",
    "RetainDemoResult": "retaining",
    "SavedTensor": "retaining",
    "Scenario": "retaining",
    "WayOut": "retaining",
    "Amplification": "softmax",
    "SoftmaxResult": "softmax",
    "Gradient": "tensors",
    "Input": "tensors",
    "Setting": "tensors",
    "Tensor": "tensors",
    "Path": "tracing",
    "Step": "tracing",
    "TraceResult": "tracing",
}


def __getattr__(name: str) -> object:
    """The record of that name, from the module that it lives in."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = found
    return found
