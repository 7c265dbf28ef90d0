"""Tensors that leave the graph, and tensors of inference mode that cannot enter one."""

from __future__ import annotations

from functools import partial

from gradcli.language.catalogue.errors.row import AutogradError

_row = partial(AutogradError, family="in and out of the graph")

ROWS = (
    _row(
        id="deepcopy-of-non-leaf",
        title="a result is copied with its past",
        type="RuntimeError",
        program="""\
import copy
x = torch.tensor([1.0, 2.0], requires_grad=True)
copy.deepcopy(x * 2)
""",
        cause="A deep copy would have to copy the graph as well. Only leaves, which have none, can be copied.",
        fix="Copy the numbers alone: detach() and clone().",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
(x * 2).detach().clone()
""",
        patterns=(r"support the deepcopy protocol",),
    ),
    _row(
        id="inference-in-place",
        title="a tensor of inference mode is changed outside of it",
        type="RuntimeError",
        program="""\
with torch.inference_mode():
    h = torch.tensor([1.0, 2.0])
h += 1
""",
        cause="Tensors of inference mode have no version counter, so changes of them could not be noticed.",
        fix="Change a clone.",
        repaired="""\
with torch.inference_mode():
    h = torch.tensor([1.0, 2.0])
h = h.clone()
h += 1
h
""",
        patterns=(r"Inplace update to inference tensor outside InferenceMode",),
    ),
    _row(
        id="inference-requires-grad",
        title="a tensor of inference mode shall require a gradient",
        type="RuntimeError",
        program="""\
with torch.inference_mode():
    h = torch.tensor([1.0, 2.0])
h.requires_grad_()
""",
        cause="A tensor of inference mode can never be part of a graph.",
        fix="Take a clone of it, which can.",
        repaired="""\
with torch.inference_mode():
    h = torch.tensor([1.0, 2.0])
h = h.clone().requires_grad_()
(h * h).sum().backward()
h.grad
""",
        patterns=(r"Setting requires_grad=True on inference tensor",),
    ),
    _row(
        id="inference-saved",
        title="a tensor of inference mode is needed by backward",
        type="RuntimeError",
        program="""\
with torch.inference_mode():
    h = torch.tensor([1.0, 2.0])
w = torch.ones(2, requires_grad=True)
y = w * h
""",
        cause="The derivative by w is h, so the product wants to save h. Tensors of inference mode cannot be saved.",
        fix="Compute h under no_grad instead, or use a clone of it.",
        repaired="""\
with torch.no_grad():
    h = torch.tensor([1.0, 2.0])
w = torch.ones(2, requires_grad=True)
(w * h).sum().backward()
w.grad
""",
        patterns=(r"Inference tensors cannot be saved for backward",),
    ),
    _row(
        id="item-of-several",
        title="a tensor of several elements is taken as one number",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
(x * x).item()
""",
        cause="A Python number is one element, and the tensor has several.",
        fix="Reduce the tensor to one element first, with mean() or sum(), or take tolist().",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
loss = (x * x).sum()
loss.backward()
torch.tensor(loss.item())
""",
        patterns=(
            r"a Tensor with \d+ elements cannot be converted to Scalar",
            r"only (one element tensors|single-element tensors) can be converted to Python scalars",
        ),
    ),
    _row(
        id="numpy-of-grad",
        title="a tensor with a gradient goes to NumPy",
        type="RuntimeError",
        program="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
(x * 2).numpy()
""",
        cause="NumPy records nothing: what it computes would be missing from the graph.",
        fix="Cut the graph on purpose: detach().numpy().",
        repaired="""\
x = torch.tensor([1.0, 2.0], requires_grad=True)
torch.from_numpy((x * 2).detach().numpy())
""",
        patterns=(r"Can't call numpy\(\) on (Tensor|Variable) that requires grad",),
    ),
    _row(
        id="truth-of-several",
        title="a tensor of several elements is used as a condition",
        type="RuntimeError",
        program="""\
x = torch.tensor([-1.0, 2.0], requires_grad=True)
y = x if x > 0 else 0.5 * x
""",
        cause="Each element has its own answer, and if can follow only one.",
        fix="Choose element by element with torch.where.",
        repaired="""\
x = torch.tensor([-1.0, 2.0], requires_grad=True)
y = torch.where(x > 0, x, 0.5 * x)
y.sum().backward()
x.grad
""",
        hint="Choose element by element: where({name} > 0, ..., ...).",
        patterns=(r"Boolean value of Tensor with more than one value is ambiguous",),
    ),
)
