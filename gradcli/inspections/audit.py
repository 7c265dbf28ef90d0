"""`audit`: a function's value and derivatives at every number of a dtype, against a proven truth."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

import torch

from gradcli.diagnose.bound_expression import ComputeOptions
from gradcli.diagnose.explain.failure import explain
from gradcli.exceptions import UsageError
from gradcli.inspections.options import AuditOptions
from gradcli.language.curve import CurveRequest
from gradcli.numerics.capture import TorchError
from gradcli.progress import steps
from gradcli.results import Failure
from gradcli.results.audit import AuditedFunction, AuditProof, AuditResult, AuditRow

if TYPE_CHECKING:
    from gradcli.inspections.auditing.span import Span


def audit(
    curves: Sequence[CurveRequest], options: AuditOptions, compute: ComputeOptions = ComputeOptions()
) -> AuditResult | Failure:
    """Each function over the numbers of the dtype; a Failure where PyTorch raised in a function itself."""
    if find_spec("flint") is None:
        raise UsageError("audit needs python-flint", hint="Install it: pip install 'gradcli[audit]'.")
    from gradcli.inspections.auditing.running.work import bound_function  # python-flint is an extra
    from gradcli.inspections.auditing.span import span_of

    span = span_of(compute.dtype, options.low, options.high)
    try:
        bound = [bound_function(curve.program, compute) for curve in curves]
        functions = tuple(_audited(curve, options, compute, span) for curve in steps(curves, "functions"))
    except TorchError as raised:
        return explain(raised, ", ".join(curve.name for curve in curves))
    most = options.most_ulps
    return AuditResult(
        setting=bound[0].setting,
        capability=torch.backends.cpu.get_cpu_capability(),
        low=span.low,
        high=span.high,
        functions=functions,
        most_ulps=most,
        passes=None if most is None else all(_keeps_to(function, most) for function in functions),
    )


def _keeps_to(function: AuditedFunction, most: float) -> bool:
    """Whether no error is larger, and nothing wrong in kind but an underflow to 0. What is unproven does not pass."""
    kinds = {one.trouble for row in function.rows for one in row.troubles}
    largest = max((row.worst.ulps for row in function.rows if row.worst is not None), default=0.0)
    return largest <= most and kinds <= {"flushed"} and not any(proof.unproven for proof in function.proofs)


def _audited(curve: CurveRequest, options: AuditOptions, compute: ComputeOptions, span: Span) -> AuditedFunction:
    from gradcli.inspections.auditing.answers import ways
    from gradcli.inspections.auditing.counts import Counts
    from gradcli.inspections.auditing.running.work import work
    from gradcli.inspections.auditing.task import Task, chunks_of
    from gradcli.numerics.proven.expressions import NotBoundedError

    proofs: list[AuditProof] = []
    rows: list[AuditRow] = []
    try:
        for order in options.orders:
            task = Task(curve.program.text, order, span.sides, tuple(ways(order)), options.most_ulps, compute)
            counts = Counts.of(task)
            for chunk in chunks_of(span.sides):
                counts.merge(work(task, chunk))
            proofs.append(counts.proof(task))
            rows += counts.rows(order)
    except NotBoundedError as missing:
        raise UsageError(
            f"audit knows no proven truth of {missing}",
            expression=curve.program.text,
            hint="'gradcli check' holds any gradient against 50 digits, at points.",
        ) from None
    return AuditedFunction(curve.program.text, tuple(proofs), tuple(rows))
