"""The curve of an answer over many points between its smallest and its largest: for a plot, not for a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradcli.diagnose.bound_expression import ComputeOptions, Selection
from gradcli.inspections.activate import activate
from gradcli.inspections.curves.ranges import at_points
from gradcli.inspections.grad import grad
from gradcli.inspections.options import ActivateOptions, GradOptions
from gradcli.language import catalogue
from gradcli.language.curve import CurveRequest, read_curves
from gradcli.language.in_file import FunctionRequest
from gradcli.language.names import without_prefix
from gradcli.language.properties import is_elementwise, is_random
from gradcli.language.ranges import RangeRequest
from gradcli.language.request import Binding, Request, Value
from gradcli.results import ActivateResult, Failure, GradResult

POINTS = 401


def drawn_grad(
    subject: str,
    result: GradResult,
    asked: Request | FunctionRequest | RangeRequest,
    options: GradOptions,
    compute: ComputeOptions,
    selection: Selection,
) -> GradResult | ActivateResult:
    """The curve of `grad`, or its result where that is no curve.

    A function of the catalogue comes with what is known about it: its kinks, where it is saturated or dead.
    """
    if isinstance(asked, FunctionRequest):  # what it does at other points, its text does not tell
        return result
    if not result.method.elementwise or is_random(asked.program):
        return result
    if options.vjp is not None or options.no_cotangent:
        return result
    names = [name for name, tensor in result.inputs.items() if tensor.values.ndim]
    if len(names) != 1 or result.inputs[names[0]].values.dtype.kind != "f":
        return result
    axis = _axis(result, names[0])
    if axis is None:
        return result
    row = catalogue.find_activation(without_prefix(subject.strip()))
    found: GradResult | ActivateResult | Failure
    if row is not None and options.order <= 2 and is_elementwise(asked.program):
        found = activate(read_curves(subject, []), ActivateOptions((axis,), order=options.order), compute)
    else:
        if isinstance(asked, RangeRequest):
            asked, selection = at_points(asked, compute, selection)
        rest = tuple(binding for binding in asked.bindings if binding.name != names[0])
        over = Request(asked.program, (Binding(names[0], axis), *rest), (), None)
        found = grad(over, GradOptions(options.order, via=options.via), compute, selection)
    return result if isinstance(found, Failure) else found


def drawn_activate(
    _functions: str,
    result: ActivateResult,
    curves: Sequence[CurveRequest],
    _options: ActivateOptions,
    compute: ComputeOptions,
) -> ActivateResult:
    """The curves of `activate`, or its result where that has a single point."""
    axis = _axis(result, curves[0].variable)
    if axis is None:
        return result
    found = activate(curves, ActivateOptions((axis,), order=result.order), compute)
    return result if isinstance(found, Failure) else found


def _axis(result: GradResult | ActivateResult, name: str) -> Value | None:
    """Many points between the smallest and the largest of an input; None where these are one."""
    points = result.inputs[name].values
    finite = points[np.isfinite(points)].astype(np.float64)
    if finite.size < 2 or finite.min() == finite.max():
        return None
    return Value("the axis", numbers=np.linspace(finite.min(), finite.max(), POINTS))
