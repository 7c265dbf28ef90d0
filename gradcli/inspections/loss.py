"""`loss`: a loss, what each element contributes, its gradients, and gradient descent on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from gradcli import progress
from gradcli.diagnose.bound_expression import BoundExpression, ComputeOptions, Selection, bind, tensor_of
from gradcli.diagnose.diagnosis import gather
from gradcli.diagnose.explain.failure import explain
from gradcli.diagnose.findings import with_findings
from gradcli.diagnose.fixes.attach import with_fixes
from gradcli.errors import UsageError
from gradcli.inspections.grad import joint_norm, to_gradients
from gradcli.inspections.options import LossOptions
from gradcli.language.loss_call import LossRequest
from gradcli.language.parser import parse
from gradcli.language.syntax import Call, Program
from gradcli.numerics import autodiff, bounds
from gradcli.numerics.autodiff import Gradients
from gradcli.numerics.capture import TorchError, dtype_name, to_tensor
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
    shape: list[int] | None = None
    bound: BoundExpression | None = None
    text = asked.request.program.text
    try:
        bound = bind(asked.request, compute, selection, default_wrt=default_wrt(asked, selection))
        output = bound.evaluate()
        shape = list(output.shape)
        return _answer(asked, bound, output, options)
    except TorchError as raised:
        from gradcli.diagnose.explain.locate import located  # only needed once something went wrong

        found = raised if bound is None else located(raised, bound)
        return explain(found, text, frozen=selection.frozen, output=shape, inputs=asked.request.names)


def default_wrt(asked: LossRequest, selection: Selection) -> Callable[[Sequence[str]], Sequence[str]]:
    """What a loss is differentiated by unless the user says."""

    def names(floating: Sequence[str]) -> list[str]:
        """The predictions. Frozen ones alone when some are frozen: their missing gradient is then the question."""
        predictions = [name for name in floating if name in asked.predictions]
        return [name for name in predictions if name in selection.frozen] or predictions

    return names


def _answer(asked: LossRequest, bound: BoundExpression, output: torch.Tensor, options: LossOptions) -> LossResult:
    steps = check_descent(options, output)
    cotangent, how = _cotangent(bound, output, options)
    found = autodiff.gradients(output, bound.differentiated, cotangent=cotangent, via=options.via)
    value = to_tensor(output)
    with torch.no_grad():
        unreduced = replace(bound, program=_unreduced(asked)).evaluate()
    result = LossResult(
        setting=bound.setting,
        expression=bound.program.text,
        name=asked.row.name,
        parameters=asked.parameters,
        reduction=asked.reduction,
        inputs=bound.inputs,
        loss=value,
        contributions=to_tensor(unreduced),
        gradients=to_gradients(found, scalar=output.ndim == 0),
        norm=joint_norm(found),
        inside=_inside(asked, bound),
        descent=tuple(_descend(bound, options, steps)) if steps is not None else (),
        method=Method(options.via, 1, how, elementwise=False),
    )
    evidence = gather(
        bound,
        cotangent=cotangent,
        gradients=lambda wide: _gradients(wide, cotangent, options),
        plain=(output, found),
    )
    found_in = with_fixes(with_findings(result, evidence), bound, cotangent)
    return found_in if evidence.sample is None else replace(found_in, sample=evidence.sample)


def _gradients(bound: BoundExpression, cotangent: torch.Tensor | None, options: LossOptions) -> Gradients:
    output = bound.evaluate()
    same = None if cotangent is None else cotangent.to(output.dtype)
    return autodiff.gradients(output, bound.differentiated, cotangent=same, via=options.via)


def _unreduced(asked: LossRequest) -> Program:
    return parse(asked.text("none"), bound=asked.request.names)


def _cotangent(
    bound: BoundExpression, output: torch.Tensor, options: LossOptions
) -> tuple[torch.Tensor | None, str | None]:
    if options.no_cotangent:
        return None, None
    if options.vjp is None:
        return autodiff.ones(output), "ones"
    return tensor_of(options.vjp, bound.context).detach().to(output.dtype), "given"


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


def _descend(bound: BoundExpression, options: LossOptions, steps: int) -> list[DescentStep]:
    """new = old - lr * gradient, `steps` times; one record before each update and one after the last."""
    assert options.learning_rate is not None
    numbers = 2 * (steps + 1) * sum(leaf.numel() for leaf in bound.differentiated.values())
    bounds.check_kept(numbers, f"--steps {steps}", most=bound.context.max_elements)
    leaves = {name: leaf.detach().clone().requires_grad_() for name, leaf in bound.differentiated.items()}
    records = []
    for step in progress.steps(range(steps + 1), "steps of gradient descent", steps):
        output = bound.evaluate(leaves)
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
    assert dtype_name(probabilities.dtype)
    return Inside(name, to_tensor(probabilities), to_tensor(target), to_tensor(probabilities - target))
