"""Changes in place that the backward pass, or the memory, cannot bear."""

from __future__ import annotations

from functools import partial

from gradcli.language.catalogue.errors.row import AutogradError

_row = partial(AutogradError, family="changes in place")

ROWS = (
    _row(
        id="detached-view",
        title="a view is detached in place",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x * 2
view = y[:1]
view.detach_()
""",
        cause="view shares its memory and its past with y. Cutting it off in place would cut a part out of y.",
        fix="Use detach(), which gives a new tensor.",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x * 2
view = y[:1]
view.detach()
""",
        patterns=(r"Can't detach views in-place",),
    ),
    _row(
        id="in-place-broadcast",
        title="a change in place that would make a tensor larger",
        type="RuntimeError",
        program="""\
x = torch.ones(1, 2)
w = torch.ones(3, 2, requires_grad=True)
x *= w
""",
        cause="An operation in place keeps the shape of its tensor, and the two shapes together would make a larger one.",
        fix="Write the operation out of place.",
        repaired="""\
x = torch.ones(1, 2)
w = torch.ones(3, 2, requires_grad=True)
x = x * w
x.sum().backward()
w.grad
""",
        hint="{shapes}What is written to keeps its shape: give both one shape, or write the operation out of place.",
        patterns=(r"doesn't match the broadcast shape",),
    ),
    _row(
        id="in-place-expanded",
        title="an expanded tensor is written in place",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0], requires_grad=True)
y = (x * 2).expand(3)
y += 1
""",
        cause="expand repeats one element without copying it: three places of y are one number in memory.",
        fix="Clone it first, or add out of place.",
        repaired="""\
x = torch.tensor([1.0], requires_grad=True)
y = (x * 2).expand(3).clone()
y += 1
y.sum().backward()
x.grad
""",
        hint="Several elements share one place in memory: put .clone() behind the expand.",
        patterns=(r"more than one element of the written-to tensor refers to a single memory location",),
    ),
    _row(
        id="in-place-multi-view",
        title="one of several views is changed in place",
        type="RuntimeError",
        program="""\
x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
first, second = (x * 1).unbind()
first *= 2
""",
        cause="unbind, split and chunk return several views of one tensor at once. Autograd cannot rewrite their common past.",
        fix="Compute a new tensor instead.",
        repaired="""\
x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
first, second = (x * 1).unbind()
first = first * 2
(first + second).sum().backward()
x.grad
""",
        hint="Change a copy: {instead}.",
        patterns=(r"output of a function that returns multiple views",),
    ),
    _row(
        id="in-place-no-grad-view",
        title="a view made under no_grad is changed outside of it",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x * 1
with torch.no_grad():
    view = y[:1]
view *= 2
""",
        cause="The view was made while nothing was recorded, the change while everything is. Which of them counts is unclear.",
        fix="Make the view and the change on the same side of no_grad.",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x * 1
view = y[:1]
view *= 2
y.sum().backward()
x.grad
""",
        hint="Change a copy: put .clone() behind the view.",
        patterns=(r"A view was created in (no_grad|inference) mode", r"is a view and (is being modified|its base)"),
    ),
    _row(
        id="in-place-saved-tensor",
        title="a tensor is changed that backward needs",
        type="RuntimeError",
        program="""\
x = torch.tensor([0.0, 0.0], requires_grad=True)
y = x.exp()
y += 1
y.sum().backward()
""",
        cause="The derivative of exp is its own result, so exp saved it. The change in place overwrote what was saved.",
        fix="Write the sum to a new tensor.",
        repaired="""\
x = torch.tensor([0.0, 0.0], requires_grad=True)
y = x.exp()
y = y + 1
y.sum().backward()
x.grad
""",
        hint="Change a copy: {instead}.",
        patterns=(r"modified by an inplace operation",),
    ),
    _row(
        id="out-argument",
        title="out= writes into a tensor that is already there",
        type="RuntimeError",
        program="""\
x = torch.tensor([0.0, 0.0], requires_grad=True)
result = torch.empty(2)
torch.exp(x, out=result)
""",
        cause="result existed before, and has no place in the graph of x.",
        fix="Take the result that the function returns.",
        repaired="""\
x = torch.tensor([0.0, 0.0], requires_grad=True)
result = torch.exp(x)
result.sum().backward()
x.grad
""",
        patterns=(r"out=\.\.\. arguments don't support automatic differentiation",),
    ),
    _row(
        id="optimizer-step-between",
        title="an optimizer's step between two backward passes",
        type="RuntimeError",
        program="""\
w = torch.tensor([2.0], requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.125)
loss = (w * w).sum()
loss.backward(retain_graph=True)
optimizer.step()
loss.backward()
""",
        cause="The graph saved w, and step() changed w in place. The retained graph belongs to a w that is gone.",
        fix="Compute the loss anew after each step.",
        repaired="""\
w = torch.tensor([2.0], requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.125)
for _ in range(2):
    optimizer.zero_grad()
    (w * w).sum().backward()
    optimizer.step()
w.detach()
""",
        words_of="in-place-saved-tensor",
    ),
)
