"""`loss`: a loss, what each element contributes, its gradients, and gradient descent on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from gradcli import progress
from gradcli.diagnose.bound_expression import BoundExpression, ComputeOptions, Selection
from gradcli.diagnose.diagnosis import diagnose
from gradcli.diagnose.evidence import Computed
from gradcli.diagnose.rerun import Rerun
from gradcli.exceptions import UsageError
from gradcli.inspections.options import LossOptions
from gradcli.inspections.running import Run, cotangent_of
from gradcli.language.loss_call import LossRequest
from gradcli.language.parser import parse
from gradcli.language.syntax import Call
from gradcli.numerics import autodiff, bounds
from gradcli.numerics.autodiff import Gradients
from gradcli.numerics.capture import TorchError, joint_norm, to_gradients, to_tensor
from gradcli.numerics.evaluate import evaluate_node
from gradcli.results import DescentStep, Failure, Inside, LossResult, Method

MAX_STEPS = 10_000


def loss(
    asked: LossRequest,
    options: LossOptions = LossOptions(),
    compute: ComputeOptions = ComputeOptions(),
    selection: Selection = Selection(),
) -> LossResult | Failure:
    """The loss and its gradients; a Failure where PyTorch raised."""
    run = Run(asked.request, compute, selection, by_default=asked.predictions)
    try:
        bound = run.start()
        trained = asked.trained(bound.wrt, selection.wrt)
        return _answer(asked, bound, run.output(), options, trained)
    except TorchError as raised:
        return run.failure(raised)


def _answer(
    asked: LossRequest, bound: BoundExpression, output: torch.Tensor, options: LossOptions, trained: Sequence[str]
) -> LossResult:
    steps = check_descent(options, output)
    cotangent, how = cotangent_of(bound, output, options.vjp, none=options.no_cotangent)
    rerun = Rerun(bound, cotangent, via=options.via)
    (found,) = rerun.gradients(output)
    value, gradients = to_tensor(output), to_gradients(found, scalar=output.ndim == 0)
    with torch.no_grad():
        unreduced = replace(bound, program=parse(asked.text("none"), bound=asked.request.names)).evaluate()
    inside = _inside(asked, bound)
    descent = tuple(_descend(bound, options, steps, trained)) if steps is not None else ()
    diagnosis = diagnose(rerun, Computed(gradients, value), output, [found])
    return LossResult(
        setting=bound.setting,
        expression=bound.program.text,
        name=asked.row.name,
        parameters=asked.parameters,
        reduction=asked.reduction,
        inputs=bound.inputs,
        loss=value,
        contributions=to_tensor(unreduced),
        gradients=gradients,
        norm=joint_norm(found),
        inside=inside,
        descent=descent,
        method=Method(options.via, 1, how, elementwise=False),
        findings=diagnosis.findings,
        sample=diagnosis.sample,
    )


def check_descent(options: LossOptions, output: torch.Tensor) -> int | None:
    """The steps of gradient descent, None for none.  Raises UsageError for what cannot be."""
    if (options.learning_rate is None) != (options.steps is None):
        missing = "--steps 20" if options.steps is None else "--lr 0.1"
        raise UsageError("gradient descent needs --lr and --steps", hint=f"Add {missing}.")
    if options.steps is None:
        return None
    if not 1 <= options.steps <= MAX_STEPS:
        raise UsageError(f"--steps {options.steps} is out of bounds", hint=f"Choose 1 to {MAX_STEPS:,}.")
    if output.ndim:
        raise UsageError("gradient descent needs a scalar loss", hint="Use --reduction mean or sum.")
    return options.steps


def _descend(bound: BoundExpression, options: LossOptions, steps: int, trained: Sequence[str]) -> list[DescentStep]:
    """new = old - lr * gradient, `steps` times; one record before each update and one after the last."""
    assert options.learning_rate is not None
    leaves = {name: bound.leaves[name].detach().clone().requires_grad_() for name in trained}
    constants = {name: leaf.detach() for name, leaf in bound.differentiated.items() if name not in leaves}
    numbers = 2 * (steps + 1) * sum(leaf.numel() for leaf in leaves.values())
    bounds.check_kept(numbers, f"--steps {steps}", most=bound.context.max_elements)
    records = []
    for step in progress.steps(range(steps + 1), "steps of gradient descent", steps):
        output = bound.evaluate(constants | leaves)
        found = autodiff.gradients(output, leaves, cotangent=None, via=options.via)
        parameters = {name: to_tensor(leaf.detach().clone()) for name, leaf in leaves.items()}
        records.append(DescentStep(step, float(output.detach()), parameters, to_gradients(found, scalar=True)))
        leaves = _updated(leaves, found, options.learning_rate)
    return records


def _updated(leaves: dict[str, torch.Tensor], found: Gradients, rate: float) -> dict[str, torch.Tensor]:
    updated = {}
    for name, leaf in leaves.items():
        gradient = found[name]
        new = leaf.detach() if gradient is None else leaf.detach() - rate * gradient
        updated[name] = new.requires_grad_()
    return updated


def _inside(asked: LossRequest, bound: BoundExpression) -> Inside | None:
    """The softmax of cross_entropy, or the sigmoid of bce_with_logits, beside the target."""
    call = bound.program.result
    if asked.row.name not in ("cross_entropy", "bce_with_logits") or not isinstance(call, Call):
        return None
    if "target" not in bound.leaves or not call.arguments:
        return None
    target = bound.leaves["target"].detach()
    with torch.no_grad():
        logits = evaluate_node(call.arguments[0], bound.leaves, bound.context)
        if asked.row.name == "bce_with_logits":
            return _beside("sigmoid", logits.sigmoid(), target)
        classes = 1 if logits.ndim > 1 else 0
        probabilities = logits.softmax(dim=classes)
        if target.is_floating_point():
            return _beside("softmax", probabilities, target)
        valid = (target >= 0) & (target < logits.shape[classes])
        hot = torch.nn.functional.one_hot(target.clamp(0, logits.shape[classes] - 1), logits.shape[classes])
        hot = (hot * valid.unsqueeze(-1)).movedim(-1, classes).to(logits.dtype)
        return _beside("softmax", probabilities, hot)


def _beside(name: str, probabilities: torch.Tensor, target: torch.Tensor) -> Inside | None:
    if probabilities.shape != target.shape:
        return None
    return Inside(name, to_tensor(probabilities), to_tensor(target), to_tensor(probabilities - target))
