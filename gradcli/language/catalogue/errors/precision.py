"""Half precision, and the scaler that keeps its gradients from vanishing."""

from __future__ import annotations

from functools import partial

from gradcli.language.catalogue.errors.row import AutogradError

_row = partial(AutogradError, family="mixed precision")
_SCALED = """\
w = torch.tensor([2.0], requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.125)
scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
scaler.scale((w * w).sum()).backward()
"""

ROWS = (
    _row(
        id="half-overflow",
        title="a number beyond the end of a dtype",
        type="RuntimeError",
        program="""\
scores = torch.zeros(2, dtype=torch.float16, requires_grad=True)
mask = torch.tensor([False, True])
scores.masked_fill(mask, -1e9)
""",
        cause="float16 ends at 65504, and a number that is written out is not rounded to infinity.",
        fix='Write float("-inf"), or torch.finfo(scores.dtype).min.',
        repaired="""\
scores = torch.zeros(2, dtype=torch.float16, requires_grad=True)
mask = torch.tensor([False, True])
scores.masked_fill(mask, float("-inf")).softmax(0)[0].backward()
scores.grad
""",
        hint="The dtype ends before this number: write inf or -inf for it, or {supported}.",
        patterns=(r"value cannot be converted to type \S+ without overflow",),
    ),
    _row(
        id="scaler-of-half",
        title="the scaler is given float16 parameters",
        type="ValueError",
        program="""\
w = torch.tensor([2.0], dtype=torch.float16, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.125)
scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
scaler.scale((w * w).sum()).backward()
scaler.step(optimizer)
""",
        cause="The gradients of float16 parameters are float16 too, and may be lost before they are scaled back.",
        fix="Keep the parameters in float32, and let torch.autocast choose the dtype of each operation.",
        repaired=f"""\
{_SCALED}\
scaler.step(optimizer)
w.detach()
""",
        patterns=(r"Attempting to unscale FP16 gradients",),
    ),
    _row(
        id="scaler-steps-twice",
        title="two steps of one optimizer without scaler.update",
        type="RuntimeError",
        program=f"""\
{_SCALED}\
scaler.step(optimizer)
scaler.step(optimizer)
""",
        cause="The scaler counts one step for each optimizer until update begins the next iteration.",
        fix="Call scaler.update() once at the end of each iteration.",
        repaired=f"""\
{_SCALED}\
scaler.step(optimizer)
scaler.update()
w.detach()
""",
        patterns=(r"step\(\) has already been called since the last update",),
    ),
    _row(
        id="scaler-unscales-twice",
        title="gradients are scaled back twice",
        type="RuntimeError",
        program=f"""\
{_SCALED}\
scaler.unscale_(optimizer)
scaler.unscale_(optimizer)
""",
        cause="A second division by the scale would make the gradients too small.",
        fix="Call unscale_ once for each optimizer, before the gradients are clipped.",
        repaired=f"""\
{_SCALED}\
scaler.unscale_(optimizer)
scaler.step(optimizer)
w.detach()
""",
        patterns=(r"unscale_\(\) has already been called", r"unscale_\(\) is being called after step"),
    ),
    _row(
        id="scaler-without-gradients",
        title="scaler.step for an optimizer whose parameters have no gradients",
        type="AssertionError",
        program="""\
w = torch.tensor([2.0], requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.125)
scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
scaler.scale((w * w).sum())
scaler.step(optimizer)
""",
        cause="No backward pass has reached the optimizer's parameters: backward was left out, or they are not in the graph.",
        fix="Call backward on the scaled loss, and give the optimizer the parameters that the loss depends on.",
        repaired=f"""\
{_SCALED}\
scaler.step(optimizer)
w.detach()
""",
        patterns=(
            r"No inf checks were recorded for this optimizer",
            r"Attempted (un)?(step|scale).* but _scale is None",
        ),
    ),
)
