"""Leaves: what can require a gradient, where it is kept, and who may change it."""

from __future__ import annotations

from functools import partial

from gradcli.language.catalogue.errors.row import AutogradError

_row = partial(AutogradError, family="leaves")

ROWS = (
    _row(
        id="assigned-grad-dtype",
        title="an assigned gradient has another dtype",
        type="RuntimeError",
        program="""\
w = torch.ones(2, requires_grad=True)
w.grad = torch.ones(2, dtype=torch.float64)
""",
        cause="A gradient has the dtype of its tensor. NumPy's default is float64, PyTorch's float32.",
        fix="Convert it first.",
        repaired="""\
w = torch.ones(2, requires_grad=True)
w.grad = torch.ones(2, dtype=torch.float64).to(w.dtype)
w.grad
""",
        patterns=(r"assign a gradient with dtype|assigned grad has data of a different type",),
    ),
    _row(
        id="assigned-grad-shape",
        title="an assigned gradient has another shape",
        type="RuntimeError",
        program="""\
w = torch.ones(2, requires_grad=True)
w.grad = torch.ones(3)
""",
        cause="A gradient has one number for each element of its tensor.",
        fix="Assign a tensor of the same shape.",
        repaired="""\
w = torch.ones(2, requires_grad=True)
w.grad = torch.ones_like(w)
w.grad
""",
        patterns=(r"assign a gradient of size|assigned grad has data of a different size",),
    ),
    _row(
        id="empty-inputs",
        title="a gradient with respect to nothing",
        type="RuntimeError",
        program="""\
x = torch.tensor(2.0, requires_grad=True)
torch.autograd.grad(x * x, [])
""",
        cause="The list of inputs is empty, often because a filter kept none of the parameters.",
        fix="Name the tensors to differentiate by.",
        repaired="""\
x = torch.tensor(2.0, requires_grad=True)
(slope,) = torch.autograd.grad(x * x, [x])
slope
""",
        hint="No input that could be differentiated is floating: give one a floating dtype, {name}:float32=..., or name one in the "
        "expression.",
        patterns=(r"`inputs` argument to `(grad|backward)\(\)` cannot be empty|grad requires non-empty inputs",),
    ),
    _row(
        id="frozen-input",
        title="a gradient is asked for an input that requires none",
        type="RuntimeError",
        program="""\
x = torch.tensor(2.0, requires_grad=True)
w = torch.tensor(3.0)
torch.autograd.grad(x * w, [x, w])
""",
        cause="w has requires_grad=False: it is a constant of the graph.",
        fix="Set requires_grad=True on it, or leave it out of the list.",
        repaired="""\
x = torch.tensor(2.0, requires_grad=True)
w = torch.tensor(3.0, requires_grad=True)
slopes = torch.autograd.grad(x * w, [x, w])
torch.stack(slopes)
""",
        hint="An input named by --wrt is frozen. {frozen:or leave} it out of --wrt.",
        patterns=(r"One of the differentiated (Tensors|Variables) does not require grad",),
    ),
    _row(
        id="grad-is-none",
        title="an update before there is a gradient",
        type="TypeError",
        program="""\
w = torch.tensor(2.0, requires_grad=True)
with torch.no_grad():
    w -= 0.1 * w.grad
""",
        cause="No backward pass has reached w, so its grad is None. zero_grad() makes it None again.",
        fix="Call backward before the update.",
        repaired="""\
w = torch.tensor(2.0, requires_grad=True)
(w * w).backward()
with torch.no_grad():
    w -= 0.125 * w.grad
w.detach()
""",
        patterns=(
            r"unsupported operand type\(s\) for .*'float' and 'NoneType'",
            r"'NoneType' object has no attribute '(data|zero_|norm|mul_|add_|abs|clone|detach\w*)'",
        ),
    ),
    _row(
        id="grad-of-non-leaf",
        title="the gradient of an intermediate result is not kept",
        type="TypeError",
        program="""\
x = torch.tensor(2.0, requires_grad=True)
h = x * x
(h * 3).backward()
h.grad * 2
""",
        cause="h is no leaf, so its gradient is passed on and forgotten: h.grad is None.",
        fix="Call h.retain_grad() before the backward pass.",
        repaired="""\
x = torch.tensor(2.0, requires_grad=True)
h = x * x
h.retain_grad()
(h * 3).backward()
h.grad * 2
""",
        hint="'gradcli trace' shows the gradient of every intermediate result.",
        patterns=(r"unsupported operand type\(s\) for .*NoneType|\.grad attribute of a Tensor that is not a leaf",),
    ),
    _row(
        id="in-place-leaf",
        title="a leaf is changed in place",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
x += 1
""",
        cause="x is what the gradient is taken of. Changed in place it would be a result and no leaf any more.",
        fix="Change a copy, or change it under no_grad, as an optimizer does.",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x + 1
y.sum().backward()
x.grad
""",
        hint="An input cannot be changed in place: {instead}.",
        patterns=(
            r"(?<!of )a leaf Variable that requires grad (is being|has been) used in an in-place|moved into the graph interior",
        ),
    ),
    _row(
        id="in-place-view-of-leaf",
        title="an element of a leaf is assigned",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
x[0] = 5.0
""",
        cause="x[0] is a view of the leaf x: assigning it changes x in place.",
        fix="Assign in a copy.",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x.clone()
y[0] = 5.0
y.sum().backward()
x.grad
""",
        hint="An input cannot be changed in place: {instead}.",
        patterns=(r"a view of a leaf Variable that requires grad",),
    ),
    _row(
        id="integer-leaf",
        title="integers cannot require a gradient",
        type="RuntimeError",
        program="""\
x = torch.tensor([1, 2], requires_grad=True)
""",
        cause="Whole numbers have no neighbours, so nothing can be differentiated by them. [1, 2] without points is int64.",
        fix="Write floating numbers, or give a floating dtype.",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
(x * x).sum().backward()
x.grad
""",
        hint="Give the input a floating dtype: {name}:float32=...",
        patterns=(r"[Oo]nly Tensors of floating point.*can require gradients", r"requires gradients must be floating"),
    ),
    _row(
        id="non-finite-norm",
        title="gradients whose norm is not finite are clipped",
        type="RuntimeError",
        program="""\
w = torch.tensor([0.0], requires_grad=True)
w.sqrt().sum().backward()
torch.nn.utils.clip_grad_norm_([w], 1.0, error_if_nonfinite=True)
""",
        cause="The slope of sqrt at 0 is infinite, and so is the norm of the gradients. No scaling makes it finite.",
        fix="Keep away from the pole.",
        repaired="""\
w = torch.tensor([0.0], requires_grad=True)
(w + 0.25).sqrt().sum().backward()
torch.nn.utils.clip_grad_norm_([w], 1.0, error_if_nonfinite=True)
""",
        hint="'gradcli trace' shows where the gradient became infinite.",
        patterns=(r"is non-finite, so it cannot be clipped",),
    ),
    _row(
        id="requires-grad-of-non-leaf",
        title="requires_grad of a result is switched off",
        type="RuntimeError",
        program="""\
x = torch.tensor(2.0, requires_grad=True)
h = x * x
h.requires_grad = False
""",
        cause="h is computed from x, so it requires a gradient as long as x does. Only leaves have a switch.",
        fix="Cut the graph with detach().",
        repaired="""\
x = torch.tensor(2.0, requires_grad=True)
h = (x * x).detach()
(h * x).backward()
x.grad
""",
        hint="Put the part behind detach(), or freeze the input: --frozen {name}.",
        patterns=(r"you can only change requires_grad flags of leaf variables",),
    ),
    _row(
        id="resized-leaf",
        title="a tensor that requires a gradient is resized",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
x.resize_(3)
""",
        cause="resize_ changes the tensor in place and invents elements. Its gradient would have another shape.",
        fix="Make a new tensor of that size.",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = torch.cat([x, torch.zeros(1)])
y.sum().backward()
x.grad
""",
        patterns=(r"cannot resize variables that require grad",),
    ),
)
