"""Checkpoints: parts of the forward pass that are run once more in the backward pass."""

from __future__ import annotations

from functools import partial

from gradcli.language.catalogue.errors.row import AutogradError

_row = partial(AutogradError, family="checkpoints")
_REPAIRED = """\
from torch.utils.checkpoint import checkpoint
x = torch.tensor([0.0, 0.0], requires_grad=True)
checkpoint(torch.exp, x, use_reentrant=False).sum().backward()
x.grad
"""

ROWS = (
    _row(
        id="checkpoint-grad",
        title="autograd.grad through a reentrant checkpoint",
        type="RuntimeError",
        program="""\
from torch.utils.checkpoint import checkpoint
x = torch.tensor(0.0, requires_grad=True)
y = checkpoint(torch.exp, x, use_reentrant=True)
torch.autograd.grad(y, x)
""",
        cause="A reentrant checkpoint runs a backward pass of its own, which fills .grad. It cannot return a gradient.",
        fix="Pass use_reentrant=False.",
        repaired="""\
from torch.utils.checkpoint import checkpoint
x = torch.tensor(0.0, requires_grad=True)
y = checkpoint(torch.exp, x, use_reentrant=False)
torch.autograd.grad(y, x)[0]
""",
        patterns=(r"[cC]heckpoint(ing)? is (incompatible|not compatible) with \.grad\(\)",),
    ),
    _row(
        id="checkpoint-metadata",
        title="a checkpoint computes other tensors the second time",
        type="CheckpointError",
        program="""\
from torch.utils.checkpoint import checkpoint
x = torch.tensor([0.0, 0.0], requires_grad=True)
pieces = [x, x[:1]]
y = checkpoint(lambda x: torch.exp(pieces.pop(0)), x, use_reentrant=False)
y.sum().backward()
""",
        cause="The backward pass runs the function again, and it must save the same shapes and dtypes. "
        "This one depends on something that has changed in between.",
        fix="Make the function depend on its arguments alone.",
        repaired=_REPAIRED,
        patterns=(r"Recomputed values for the following tensors have different metadata",),
    ),
    _row(
        id="checkpoint-tensor-count",
        title="a checkpoint saves fewer or more tensors the second time",
        type="CheckpointError",
        program="""\
from torch.utils.checkpoint import checkpoint
x = torch.tensor([0.0, 0.0], requires_grad=True)
layers = [torch.exp, torch.sigmoid, torch.exp]
def forward(x):
    y = layers.pop(0)(x)
    return layers.pop(0)(y) if layers else y
y = checkpoint(forward, x, use_reentrant=False)
y.sum().backward()
""",
        cause="The backward pass runs the function again, and it must take the same way. "
        "This one depends on something that has changed in between.",
        fix="Make the function depend on its arguments alone.",
        repaired=_REPAIRED,
        patterns=(r"A different number of tensors was saved during the original forward and recomputation",),
    ),
    _row(
        id="checkpoint-without-grad",
        title="a reentrant checkpoint of inputs that require no gradient",
        type="RuntimeError",
        program="""\
from torch.utils.checkpoint import checkpoint
w = torch.tensor([2.0], requires_grad=True)
x = torch.tensor([3.0])
y = checkpoint(lambda x: w * x, x, use_reentrant=True)
y.sum().backward()
""",
        cause="A reentrant checkpoint looks at its inputs alone. None requires a gradient, so the parameters inside get none either.",
        fix="Pass use_reentrant=False, which sees the parameters.",
        repaired="""\
from torch.utils.checkpoint import checkpoint
w = torch.tensor([2.0], requires_grad=True)
x = torch.tensor([3.0])
checkpoint(lambda x: w * x, x, use_reentrant=False).sum().backward()
w.grad
""",
        patterns=(r"None of the inputs have requires_grad=True",),
        words_of="no-grad-fn",
    ),
)
