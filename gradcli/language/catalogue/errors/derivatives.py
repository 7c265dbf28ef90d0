"""Derivatives that PyTorch does not have."""

from __future__ import annotations

from functools import partial

from gradcli.language.catalogue.errors.row import AutogradError

_row = partial(AutogradError, family="missing derivatives")
_MARGIN = """\
x = torch.tensor([1.0, 3.0], requires_grad=True)
loss = torch.nn.functional.multi_margin_loss(x, torch.tensor(0))
"""

ROWS = (
    _row(
        id="derivative-not-implemented",
        title="an operation has no derivative",
        type="RuntimeError",
        program="""\
x = torch.tensor([-1.0, 2.0], requires_grad=True)
y = torch.heaviside(x, torch.tensor(0.5))
y.sum().backward()
""",
        cause="PyTorch has no formula for the derivative of heaviside. It says so only when the pass gets there.",
        fix="Replace the operation by a smooth relative.",
        repaired="""\
x = torch.tensor([0.0, 0.0], requires_grad=True)
y = torch.sigmoid(4 * x)
y.sum().backward()
x.grad
""",
        hint="PyTorch has no derivative of {part}. Replace it by a smooth relative, or put it behind detach().",
        patterns=(r"(?<!the )derivative for (?!.*_(double_)?backward\b).* is not implemented",),
    ),
    _row(
        id="double-backward-not-implemented",
        title="an operation has a first derivative and no second",
        type="RuntimeError",
        program=_MARGIN
        + """\
(slope,) = torch.autograd.grad(loss, x, create_graph=True)
slope.sum().backward()
""",
        cause="multi_margin_loss has a backward, and that backward has no derivative of its own. "
        "The second pass asks for it.",
        fix="Write the formula out of operations that have all derivatives.",
        repaired="""\
x = torch.tensor([1.0, 3.0], requires_grad=True)
loss = torch.relu(1 - x[0] + x[1]) / 2
(slope,) = torch.autograd.grad(loss, x, create_graph=True)
slope
""",
        hint="PyTorch stops at order {available} here: use --order {available}, or write the formula out.",
        patterns=(
            r"derivative for .*_(double_)?backward'? is not implemented",
            r"double backward|isn't differentiable twice|second derivative|not implemented the double|_backward' is not",
        ),
    ),
    _row(
        id="derivative-of-argument-not-implemented",
        title="one argument of an operation has no derivative",
        type="NotImplementedError",
        program="""\
x = torch.tensor([2.0], requires_grad=True)
y = torch.special.zeta(x, torch.tensor([3.0]))
y.sum().backward()
""",
        cause="PyTorch knows the derivative of zeta by its second argument, and not by its first.",
        fix="Differentiate by an argument that has a derivative, or freeze this one.",
        repaired="""\
q = torch.tensor([1.0], requires_grad=True)
y = torch.special.zeta(torch.tensor([2.0]), q)
y.sum().backward()
q.grad
""",
        hint="PyTorch has no derivative of {part} by this argument: freeze it, --frozen {name}, or put it behind "
        "detach().",
        patterns=(r"the derivative for '(?!.*_backward')[^']*' is not implemented",),
    ),
    _row(
        id="forward-mode-not-implemented",
        title="an operation has no forward mode",
        type="NotImplementedError",
        program="""\
import torch.autograd.forward_ad as forward_ad
x = torch.tensor([1.0, 3.0])
with forward_ad.dual_level():
    dual = forward_ad.make_dual(x, torch.ones(2))
    torch.nn.functional.multi_margin_loss(dual, torch.tensor(0))
""",
        cause="Tangents need a formula of their own for each operation. This one has a backward only.",
        fix="Take the gradient by reverse mode and multiply it with the direction.",
        repaired=_MARGIN
        + """\
(slope,) = torch.autograd.grad(loss, x)
(slope * torch.ones(2)).sum()
""",
        hint="PyTorch has no forward mode for this operation: take the Jacobian instead, --jacobian.",
        patterns=(r"forward AD|forward-mode|jvp",),
    ),
    _row(
        id="no-derivative-of-argument",
        title="an argument that never has a derivative requires one",
        type="RuntimeError",
        program="""\
weight = torch.ones(2, requires_grad=True)
scores = torch.tensor([[-1.0, -2.0]], requires_grad=True)
torch.nn.functional.nll_loss(scores, torch.tensor([0]), weight=weight)
""",
        cause="nll_loss treats its class weights as constants.",
        fix="Pass the argument without requires_grad, or write the formula out.",
        repaired="""\
weight = torch.ones(2, requires_grad=True)
scores = torch.tensor([[-1.0, -2.0]], requires_grad=True)
torch.nn.functional.nll_loss(scores, torch.tensor([0]), weight=weight.detach()).backward()
scores.grad
""",
        hint="This argument has no derivative: freeze the input, --frozen {name}, or leave it out of --wrt.",
        patterns=(r"not differentiable with respect to argument",),
    ),
)
