"""Hooks, optimizers, modules and the anomaly mode."""

from __future__ import annotations

from functools import partial

from gradcli.language.catalogue.errors.row import AutogradError

_row = partial(AutogradError, family="hooks, optimizers, modules")

ROWS = (
    _row(
        id="anomaly",
        title="the anomaly mode finds a NaN",
        type="RuntimeError",
        program="""\
x = torch.tensor(0.0, requires_grad=True)
with torch.autograd.detect_anomaly():
    y = x * x.sqrt()
    y.backward()
""",
        cause="The slope of sqrt at 0 is infinite, and the gradient that reaches it is 0: their product is NaN. "
        "Without the anomaly mode the NaN would pass in silence.",
        fix="Write the function so that the pole is never reached.",
        repaired="""\
x = torch.tensor(0.0, requires_grad=True)
with torch.autograd.detect_anomaly():
    y = x ** 1.5
    y.backward()
x.grad
""",
        hint="'gradcli trace' shows where the NaN was born.",
        patterns=(r"returned nan values in its \d+th output",),
    ),
    _row(
        id="empty-optimizer",
        title="an optimizer without parameters",
        type="ValueError",
        program="""\
net = torch.nn.ReLU()
torch.optim.SGD(net.parameters(), lr=0.1)
""",
        cause="ReLU has no parameters. A list that was used up before is empty as well: parameters() gives a generator.",
        fix="Give the optimizer a module that has parameters, or a list of tensors.",
        repaired="""\
w = torch.tensor([2.0], requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.125)
(w * w).sum().backward()
optimizer.step()
w.detach()
""",
        patterns=(r"optimizer got an empty parameter list",),
    ),
    _row(
        id="hook-changes-shape",
        title="a hook returns a gradient of another shape",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
x.register_hook(lambda cotangent: cotangent[:1])
(x * x).sum().backward()
""",
        cause="What a hook returns takes the gradient's place. It must have the same shape.",
        fix="Return a tensor of the same shape, with zeros where nothing shall pass.",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
x.register_hook(lambda cotangent: cotangent * torch.tensor([1.0, 0.0]))
(x * x).sum().backward()
x.grad
""",
        patterns=(r"has changed the size of value",),
    ),
    _row(
        id="hook-returns-a-number",
        title="a hook returns no tensor",
        type="TypeError",
        program="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
x.register_hook(lambda cotangent: cotangent.norm().item())
(x * x).sum().backward()
""",
        cause="A hook that returns something replaces the gradient by it. Only a tensor can be one.",
        fix="Return nothing from a hook that only looks.",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
norms = []
x.register_hook(lambda cotangent: norms.append(cotangent.norm().item()))
(x * x).sum().backward()
x.grad
""",
        patterns=(r"expected Variable, but hook returned",),
    ),
    _row(
        id="hook-without-grad",
        title="a hook on a tensor that requires no gradient",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0, 2.0])
x.register_hook(lambda cotangent: cotangent * 2)
""",
        cause="No gradient will ever come by, so the hook would never be called.",
        fix="Set requires_grad=True before.",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
x.register_hook(lambda cotangent: cotangent * 2)
(x * x).sum().backward()
x.grad
""",
        patterns=(r"cannot register a hook on a tensor that doesn't require gradient",),
    ),
    _row(
        id="optimizer-of-non-leaf",
        title="an optimizer shall change a result",
        type="ValueError",
        program="""\
x = torch.tensor([2.0], requires_grad=True)
torch.optim.SGD([x * 2], lr=0.125)
""",
        cause="x * 2 is computed from x: its gradient is not kept, and a change of it would not last.",
        fix="Give the optimizer the leaf.",
        repaired="""\
x = torch.tensor([2.0], requires_grad=True)
optimizer = torch.optim.SGD([x], lr=0.125)
(x * 2).sum().backward()
optimizer.step()
x.detach()
""",
        patterns=(r"can't optimize a non-leaf Tensor",),
    ),
    _row(
        id="parameter-as-tensor",
        title="a module's parameter is replaced by a plain tensor",
        type="TypeError",
        program="""\
net = torch.nn.Linear(2, 1, bias=False)
net.weight = torch.ones(1, 2)
""",
        cause="A module keeps its parameters by name, for optimizers and state_dict. A tensor is no parameter.",
        fix="Wrap it in torch.nn.Parameter.",
        repaired="""\
net = torch.nn.Linear(2, 1, bias=False)
net.weight = torch.nn.Parameter(torch.ones(1, 2))
net(torch.tensor([1.0, 2.0])).detach()
""",
        patterns=(r"cannot assign '.*' as parameter",),
    ),
    _row(
        id="post-accumulate-hook-of-non-leaf",
        title="a hook for accumulated gradients on a result",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
h = x * 2
h.register_post_accumulate_grad_hook(lambda result: None)
""",
        cause="Gradients are accumulated in leaves only, and h is computed from x.",
        fix="Put it on the leaf, or use register_hook.",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
seen = []
x.register_post_accumulate_grad_hook(lambda leaf: seen.append(leaf.grad))
(x * 2).sum().backward()
seen[0]
""",
        patterns=(r"post accumulate grad hooks cannot be registered on non-leaf",),
    ),
    _row(
        id="retain-grad-without-grad",
        title="retain_grad on a tensor that requires no gradient",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0, 2.0])
h = x * 2
h.retain_grad()
""",
        cause="h depends on nothing that requires a gradient, so it will never have one.",
        fix="Set requires_grad=True on the input.",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
h = x * 2
h.retain_grad()
(h * h).sum().backward()
h.grad
""",
        patterns=(r"can't retain_grad on Tensor that has requires_grad=False",),
    ),
    _row(
        id="sparse-gradient",
        title="an optimizer that cannot use sparse gradients",
        type="RuntimeError",
        program="""\
table = torch.nn.Embedding(3, 2, sparse=True)
optimizer = torch.optim.Adam(table.parameters())
table(torch.tensor([1])).sum().backward()
optimizer.step()
""",
        cause="sparse=True gives gradients for the rows that were used. Adam moves all rows, and refuses.",
        fix="Leave sparse=True out, or use SparseAdam or SGD.",
        repaired="""\
table = torch.nn.Embedding(3, 2)
optimizer = torch.optim.Adam(table.parameters())
table(torch.tensor([1])).sum().backward()
optimizer.step()
table.weight.grad
""",
        patterns=(r"does not support sparse gradients",),
    ),
    _row(
        id="shared-parameter-groups",
        title="one parameter in two groups of an optimizer",
        type="ValueError",
        program="""\
w = torch.tensor([2.0], requires_grad=True)
torch.optim.SGD([{"params": [w]}, {"params": [w]}], lr=0.125)
""",
        cause="The parameter would be moved twice in each step, with two learning rates.",
        fix="Put each parameter into one group.",
        repaired="""\
w = torch.tensor([2.0], requires_grad=True)
optimizer = torch.optim.SGD([{"params": [w]}], lr=0.125)
(w * w).sum().backward()
optimizer.step()
w.detach()
""",
        patterns=(r"some parameters appear in more than one parameter group",),
    ),
)
