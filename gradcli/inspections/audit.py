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
from gradcli.results import Failure
from gradcli.results.audit import AuditChunks, AuditedFunction, AuditResult

if TYPE_CHECKING:
    from gradcli.inspections.auditing.span import Span


def audit(
    curves: Sequence[CurveRequest], options: AuditOptions, compute: ComputeOptions = ComputeOptions()
) -> AuditResult | Failure:
    """Each function over the numbers of the dtype; a Failure where PyTorch raised in a function itself."""
    if find_spec("flint") is None:
        raise UsageError("audit needs python-flint", hint="Install it: pip install 'gradcli[audit]'.")
    from gradcli.inspections.auditing.running.jobs import no_truth  # python-flint is an extra
    from gradcli.inspections.auditing.running.work import bound_function, check_bounded
    from gradcli.inspections.auditing.span import span_of
    from gradcli.inspections.auditing.verdict import failures, wrongs_of
    from gradcli.numerics.proven.expressions import NotBoundedError

    span = span_of(compute.dtype, options.low, options.high, curves[0].program.text)
    bound = []
    try:
        for curve in curves:
            bound.append(bound_function(curve.program, compute))
            check_bounded(curve.program)
        functions, chunks = _counted(curves, options, compute, span)
    except NotBoundedError as missing:
        raise no_truth(curve.program.text, str(missing)) from None
    except TorchError as raised:
        return explain(raised, ", ".join(curve.name for curve in curves))
    fail_on = wrongs_of(options.fail_on)
    failed = failures(functions, options.most_ulps, fail_on)
    return AuditResult(
        setting=bound[0].setting,
        capability=torch.backends.cpu.get_cpu_capability(),
        low=span.low,
        high=span.high,
        functions=functions,
        chunks=chunks,
        most_ulps=options.most_ulps,
        fail_on=fail_on,
        passes=None if options.most_ulps is None and not fail_on else not failed,
        failures=failed,
    )


def _counted(
    curves: Sequence[CurveRequest], options: AuditOptions, compute: ComputeOptions, span: Span
) -> tuple[tuple[AuditedFunction, ...], AuditChunks]:
    from gradcli.inspections.auditing.answers import ways
    from gradcli.inspections.auditing.running.counting import counted
    from gradcli.inspections.auditing.task import Task

    def task(curve: CurveRequest, order: int) -> Task:
        asked = tuple(ways(order, options.ways))
        return Task(curve.program.text, order, span.sides, asked, options.most_ulps, compute)

    tasks = [[task(curve, order) for order in options.orders] for curve in curves]
    counts, chunks = counted([one for several in tasks for one in several], options.running)
    functions = tuple(
        AuditedFunction(
            expression=curve.program.text,
            proofs=tuple(counts[one].proof(one) for one in several),
            rows=tuple(row for one in several for row in counts[one].rows(one.order)),
        )
        for curve, several in zip(curves, tasks, strict=True)
    )
    return functions, chunks
