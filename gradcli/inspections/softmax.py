"""`softmax`: probabilities, the Jacobian with its signs, and how the softmax amplifies differences."""

from __future__ import annotations

import numpy as np
import torch

from gradcli.diagnose.bound_expression import BoundExpression, ComputeOptions, Selection, bind
from gradcli.diagnose.diagnosis import findings_of
from gradcli.diagnose.explain.failure import explain
from gradcli.diagnose.findings.table import NOT_FINITE
from gradcli.exceptions import BoundError, UsageError
from gradcli.inspections.derivatives import MAX_MATRIX
from gradcli.inspections.options import SoftmaxOptions
from gradcli.language.parser import parse
from gradcli.language.request import Request, Value
from gradcli.numerics import autodiff
from gradcli.numerics.capture import TorchError, to_gradient, to_tensor
from gradcli.results import Amplification, Failure, Gradient, SoftmaxResult


def softmax(
    points: tuple[Value, ...], options: SoftmaxOptions = SoftmaxOptions(), compute: ComputeOptions = ComputeOptions()
) -> SoftmaxResult | Failure:
    """The softmax of the points and its derivatives; a Failure where PyTorch raised."""
    text = softmax_text(options)
    try:
        bound = bind(softmax_request(points, options), compute, Selection())
        if not bound.wrt:
            raise UsageError("softmax takes floating numbers", hint="Write 2 1 0.1 or [2, 1, 0.1].")
        return _answer(bound, options)
    except TorchError as raised:
        return explain(raised, text)


def softmax_request(points: tuple[Value, ...], options: SoftmaxOptions) -> Request:
    """The points in the expression that the options stand for."""
    return Request(parse(softmax_text(options)), (), points, "x")


def softmax_text(options: SoftmaxOptions) -> str:
    """The expression that the options stand for."""
    scaled = "x" if options.temperature == 1 else f"x / {options.temperature:g}"
    return f"{'log_softmax' if options.log else 'softmax'}({scaled}, dim={options.dim})"


def _answer(bound: BoundExpression, options: SoftmaxOptions) -> SoftmaxResult:
    output = bound.evaluate()
    leaves = bound.differentiated
    check_softmax(output, options)
    gradient = _gradient(bound, output, options.index)
    jacobian = autodiff.jacobians(output, leaves)["x"]
    assert jacobian is not None
    probabilities = output.exp() if options.log else output
    return SoftmaxResult(
        setting=bound.setting,
        expression=bound.program.text,
        inputs=bound.inputs,
        probabilities=to_tensor(output),
        sum=to_tensor(probabilities.sum(dim=options.dim)),
        jacobian=to_tensor(jacobian),
        index=options.index,
        gradient=gradient,
        amplification=_amplification(bound.leaves["x"].detach(), probabilities.detach(), options.dim),
        findings=tuple(findings_of(bound, output, ("underflow-forward", *NOT_FINITE, "saturated"))),
    )


def check_softmax(output: torch.Tensor, options: SoftmaxOptions) -> None:
    """Raises UsageError, BoundError for what cannot be asked of this output."""
    index = options.index
    if not output.numel():
        raise UsageError("softmax needs at least one number", hint="Write 2 1 0.1 or [2, 1, 0.1].")
    if output.numel() ** 2 > MAX_MATRIX:
        raise BoundError(
            f"the Jacobian of {output.numel():,} values would have {output.numel() ** 2:,} elements; "
            f"at most {MAX_MATRIX:,}",
            hint="Give fewer values, or use 'gradcli grad' with --vjp.",
        )
    if index is not None and not -output.numel() <= index < output.numel():
        raise UsageError(
            f"--index {index} is out of bounds for {output.numel()} values",
            hint=f"Choose 0 to {output.numel() - 1}.",
        )


def _gradient(bound: BoundExpression, output: torch.Tensor, index: int | None) -> Gradient | None:
    """The gradient of the probability that `index` counts out in the flattened output."""
    if index is None:
        return None
    chosen = output.reshape(-1)[index]
    found = autodiff.gradients(chosen, bound.differentiated, cotangent=None, retain_graph=True)["x"]
    assert found is not None
    return to_gradient(found, joint_norm=torch.linalg.vector_norm(found.double()))


def _amplification(values: torch.Tensor, probabilities: torch.Tensor, dim: int) -> tuple[Amplification, ...]:
    """How many times smaller than the largest along `dim` each entry is, before and after."""
    before, after = values.double(), probabilities.double()
    largest = before.argmax(dim=dim, keepdim=True)
    ratios_before = (before.gather(dim, largest) / before).cpu().numpy()
    ratios_after = (after.gather(dim, largest) / after).cpu().numpy()
    return tuple(
        Amplification(tuple(map(int, index)), float(ratios_before[index]), float(ratios_after[index]))
        for index in np.ndindex(*ratios_before.shape)
    )
