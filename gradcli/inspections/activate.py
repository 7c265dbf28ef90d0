"""`activate`: functions and their derivatives side by side, and what they do to the points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from gradcli.diagnose.bound_expression import BoundExpression, ComputeOptions, Selection, bind
from gradcli.diagnose.diagnosis import findings_of
from gradcli.diagnose.explain.failure import explain
from gradcli.diagnose.findings.backward_pass import no_derivative
from gradcli.diagnose.findings.finding import usual
from gradcli.diagnose.findings.table import NOT_FINITE
from gradcli.diagnose.values import tensor_of
from gradcli.exceptions import UsageError
from gradcli.inspections.curves.ranges import points_of, real
from gradcli.inspections.curves.verdict import verdict
from gradcli.inspections.options import ActivateOptions
from gradcli.language.curve import INTERESTING_POINTS, CurveRequest
from gradcli.language.request import Binding, Request, Value
from gradcli.numerics import autodiff, bounds
from gradcli.numerics.capture import TorchError, to_tensor
from gradcli.numerics.evaluate import Context
from gradcli.progress import steps
from gradcli.results import ActivateResult, Curve, Failure, Finding, Layer

MAX_LAYERS = 100
DEFAULT_INTERVAL = (-5.0, 5.0)


def activate(
    curves: Sequence[CurveRequest],
    options: ActivateOptions = ActivateOptions(),
    compute: ComputeOptions = ComputeOptions(),
) -> ActivateResult | Failure:
    """Each function over common points; a Failure where PyTorch raised in a function itself.

    A function without a derivative is an answer: its curve says so.
    """
    if options.order not in (1, 2):
        raise UsageError(f"--order {options.order} is out of bounds", hint="activate draws orders 1 and 2.")
    if options.depth is not None and not 1 <= options.depth <= MAX_LAYERS:
        raise UsageError(f"--depth {options.depth} is out of bounds", hint=f"Choose 1 to {MAX_LAYERS}.")
    try:
        expressions = [_bound(curve, curves, options, compute) for curve in curves]
        points = expressions[0].leaves[curves[0].variable].numel()
        kept = len(curves) * (options.order + 1 + 2 * (options.depth or 0)) * points
        bounds.check_kept(kept, f"{len(curves)} x {points:,} points", most=compute.max_elements)
        pairs = steps(list(zip(curves, expressions, strict=True)), "functions")
        drawn = tuple(_curve(curve, bound, options) for curve, bound in pairs)
    except TorchError as raised:
        return explain(raised, ", ".join(curve.name for curve in curves))
    inputs = {curves[0].variable: expressions[0].inputs[curves[0].variable]}
    return ActivateResult(
        setting=expressions[0].setting,
        expression=", ".join(curve.program.text for curve in curves),
        inputs=inputs,
        functions=drawn,
        order=options.order,
        findings=tuple(_findings(drawn, expressions)),
    )


def _bound(
    curve: CurveRequest, curves: Sequence[CurveRequest], options: ActivateOptions, compute: ComputeOptions
) -> BoundExpression:
    binding = Binding(curve.variable, _axis(curves, options, compute))
    return bind(Request(curve.program, (binding,), (), None), compute, Selection())


def _axis(curves: Sequence[CurveRequest], options: ActivateOptions, compute: ComputeOptions) -> Value:
    """The points, then the stretches; the functions' own interesting interval if there are neither."""
    # files keep their own dtype where nothing else stands on the axis
    own = {None} if options.stretches else {point.dtype for point in options.points}
    kept = own.pop() if len(own) == 1 else None
    context = Context(torch.float64, "cpu", compute.max_elements)
    parts = [real(point, tensor_of(point, context)).reshape(-1) for point in options.points]
    parts += [points_of(stretch, context) for stretch in options.stretches]
    if not parts:
        intervals = [curve.row.interval if curve.row else DEFAULT_INTERVAL for curve in curves]
        low, high = min(start for start, _ in intervals), max(stop for _, stop in intervals)
        parts.append(torch.linspace(low, high, INTERESTING_POINTS, dtype=torch.float64))
    return Value("points", numbers=torch.cat(parts).numpy(), dtype=kept)


def _curve(curve: CurveRequest, bound: BoundExpression, options: ActivateOptions) -> Curve:
    x = bound.differentiated
    output = bound.evaluate()
    values = to_tensor(output)
    derivative = second = None
    error: Failure | None = None
    try:
        ones = torch.ones_like(output)
        first = autodiff.gradients(output, x, cotangent=ones, create_graph=False, retain_graph=True)[curve.variable]
        derivative = None if first is None else to_tensor(first)
        if options.order == 2:
            found = autodiff.higher_orders(output, x, cotangent=ones, order=2)[1][curve.variable]
            second = None if found is None else to_tensor(found)
    except TorchError as raised:
        error = explain(raised, curve.program.text)
    layers = _layers(curve, bound, options.depth) if derivative is not None else ()
    return Curve(
        name=curve.name,
        expression=curve.program.text,
        parameters=curve.parameters,
        values=values,
        derivative=derivative,
        second_derivative=second,
        layers=layers,
        verdict=verdict(curve, bound, values, derivative, layers),
        error=error,
    )


def _layers(curve: CurveRequest, bound: BoundExpression, depth: int | None) -> tuple[Layer, ...]:
    """The function applied over and over: the value after each layer, and |dy/dx| from the first input."""
    if depth is None:
        return ()
    x = bound.leaves[curve.variable]
    value, layers = x, []
    for layer in steps(range(1, depth + 1), "layers"):
        value = bound.evaluate({curve.variable: value})
        slope = autodiff.gradients(value, {"x": x}, cotangent=torch.ones_like(value), retain_graph=True)["x"]
        assert slope is not None
        layers.append(Layer(layer, to_tensor(value), to_tensor(slope.abs())))
    return tuple(layers)


def _findings(curves: Sequence[Curve], expressions: Sequence[BoundExpression]) -> Iterator[Finding]:
    """What the verdicts do not say, each finding with its place in the list of functions."""
    start = 0
    for curve, bound in zip(curves, expressions, strict=True):
        if curve.derivative is None:
            found = [_not_differentiable(curve)]
        else:
            found = findings_of(bound, bound.evaluate(), ("underflow-forward", *NOT_FINITE))
        for finding in found:
            span = finding.span
            yield replace(finding, span=None if span is None else (span[0] + start, span[1] + start))
        start += len(curve.expression) + len(", ")


def _not_differentiable(curve: Curve) -> Finding:
    why = curve.error.message if curve.error is not None else "there is no path from the points to the output"
    return Finding(
        code="not-differentiable",
        severity=usual("not-differentiable"),
        variable=None,
        expression=curve.expression,
        span=(0, len(curve.expression)),
        operation=curve.name,
        phrase=no_derivative(curve.name, why),
    )
