"""Backward passes that find no graph, or one that has been freed."""

from __future__ import annotations

from functools import partial

from gradcli.language.catalogue.errors.row import AutogradError

_row = partial(AutogradError, family="the graph")

ROWS = (
    _row(
        id="argmax-output",
        title="the index of a maximum has no derivative",
        type="RuntimeError",
        program="""\
scores = torch.tensor([1.0, 3.0, 2.0], requires_grad=True)
best = scores.argmax()
best.backward()
""",
        cause="argmax returns a position, an integer, and the graph ends there. Moving a score a little does not move it.",
        fix="Differentiate the maximum itself, or a softmax.",
        repaired="""\
scores = torch.tensor([1.0, 3.0, 2.0], requires_grad=True)
best = scores.max()
best.backward()
scores.grad
""",
        hint="Take the value, max(...), or softmax(...), where the index stands.",
        words_of="no-grad-fn",
    ),
    _row(
        id="comparison-output",
        title="a comparison ends the graph",
        type="RuntimeError",
        program="""\
x = torch.tensor([-1.0, 2.0], requires_grad=True)
y = (x > 0).float().sum()
y.backward()
""",
        cause="A comparison gives truth values, which have no derivative. The float() behind it starts a tensor without a past.",
        fix="Replace the step by a smooth function of the same shape, such as a steep sigmoid.",
        repaired="""\
x = torch.tensor([-1.0, 2.0], requires_grad=True)
y = (4 * x).sigmoid().sum()
y.backward()
x.grad
""",
        hint="{step}",
        words_of="no-grad-fn",
    ),
    _row(
        id="detached-output",
        title="detach() ends the graph",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = (x * x).detach().sum()
y.backward()
""",
        cause="detach() gives the same numbers without a past. Everything behind it is a constant to autograd.",
        fix="Leave detach() out, or detach the copy that is only looked at.",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = (x * x).sum()
y.backward()
x.grad
""",
        hint="Leave 'detach' out.",
        words_of="no-grad-fn",
    ),
    _row(
        id="freed-saved-tensor",
        title="a saved tensor is read after the pass that freed it",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x.exp()
y.sum().backward()
y.grad_fn._saved_result
""",
        cause="exp saved its result for the backward pass, and the pass freed it. Only the node is left.",
        fix="Read it before the backward pass, or keep the graph.",
        repaired="""\
x = torch.tensor([0.0, 0.0], requires_grad=True)
y = x.exp()
y.sum().backward(retain_graph=True)
y.grad_fn._saved_result
""",
        hint="Keep the graph for the later call: --retain all. 'gradcli retain-demo' shows which tensor was freed.",
        words_of="second-backward",
    ),
    _row(
        id="gradient-without-graph",
        title="a gradient is differentiated that has no graph of its own",
        type="RuntimeError",
        program="""\
x = torch.tensor(3.0, requires_grad=True)
(x ** 3).backward()
x.grad.backward()
""",
        cause="backward() computes gradients as plain numbers. Only create_graph=True records how they were computed.",
        fix="Take the first gradient with create_graph=True.",
        repaired="""\
x = torch.tensor(3.0, requires_grad=True)
(slope,) = torch.autograd.grad(x ** 3, x, create_graph=True)
slope.backward()
x.grad
""",
        hint="For a second derivative use --order 2, or --hessian.",
        words_of="no-grad-fn",
    ),
    _row(
        id="item-output",
        title="item() leaves PyTorch",
        type="AttributeError",
        program="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
loss = (x * x).mean().item()
loss.backward()
""",
        cause="item() gives a Python float. It has no graph, and no backward.",
        fix="Call backward on the tensor, and item() only to print it.",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
loss = (x * x).mean()
loss.backward()
x.grad
""",
        patterns=(r"'(float|int)' object has no attribute 'backward'",),
    ),
    _row(
        id="no-grad-fn",
        title="nothing in the graph requires a gradient",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0, 2.0])
y = (x * x).sum()
y.backward()
""",
        cause="PyTorch recorded nothing: no input has requires_grad=True, or detach() or no_grad() cut the path from it.",
        fix="Set requires_grad=True on the input before it is used, and leave out what cuts the path.",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = (x * x).sum()
y.backward()
x.grad
""",
        hint="Nothing that is differentiated reaches the output. {frozen:leave} {cut} out, or ask for "
        "another input with --wrt.",
        patterns=(r"does not require grad and does not have a grad_fn",),
    ),
    _row(
        id="no-grad-leak",
        title="the output was computed under no_grad",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
with torch.no_grad():
    y = (x * x).sum()
y.backward()
""",
        cause="Under no_grad nothing is recorded, whatever the inputs require.",
        fix="Compute what is differentiated outside of no_grad.",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = (x * x).sum()
y.backward()
x.grad
""",
        words_of="no-grad-fn",
    ),
    _row(
        id="second-backward",
        title="a second backward pass through one graph",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = (x * x).sum()
y.backward()
y.backward()
""",
        cause="The first pass frees what the graph had saved for it, here the two factors. The second pass finds nothing.",
        fix="Add the losses up and call backward once, or run the forward pass again; retain_graph=True keeps memory.",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = (x * x).sum()
(y + y).backward()
x.grad
""",
        hint="Add the outputs up and call backward once, or run the forward pass again before each call; --retain all "
        "keeps the graph, and its memory.",
        patterns=(r"backward through the graph a second time",),
    ),
    _row(
        id="shared-trunk",
        title="two losses share a part of their graph",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
trunk = x * x
trunk.sum().backward()
trunk.prod().backward()
""",
        cause="Both losses go through the same node. The first backward frees what it saved, and the second needs it too.",
        fix="Add the losses and call backward once.",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
trunk = x * x
(trunk.sum() + trunk.prod()).backward()
x.grad
""",
        words_of="second-backward",
    ),
    _row(
        id="unused-input",
        title="a gradient is asked for an input that takes no part",
        type="RuntimeError",
        program="""\
x = torch.tensor(2.0, requires_grad=True)
w = torch.tensor(3.0, requires_grad=True)
torch.autograd.grad(x * x, [x, w])
""",
        cause="No path leads from w to the output. That is no gradient, which is not the same as zero.",
        fix="Leave the input out, or accept None for it with allow_unused=True.",
        repaired="""\
x = torch.tensor(2.0, requires_grad=True)
w = torch.tensor(3.0, requires_grad=True)
slopes = torch.autograd.grad(x * x, [x, w], allow_unused=True)
slopes[0]
""",
        hint="The input has no path to the output: use it in the expression, or leave it out of --wrt.",
        patterns=(r"appears to not have been used in the graph",),
    ),
)
