"""What a function mode is not told of: custom functions, checkpoints, transforms, compiled regions."""

from __future__ import annotations

from pathlib import Path

import pytest
from watching import found_in

PROGRAM = """
    import torch
    from torch.utils.checkpoint import checkpoint

    torch.manual_seed(0)
    net = torch.nn.Linear(4, 4)
    optimizer = torch.optim.SGD(net.parameters(), 0.1)


    class Root(torch.autograd.Function):
        @staticmethod
        def forward(ctx, t):
            y = t.sqrt()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, g):
            (y,) = ctx.saved_tensors
            return g / (2 * y)


    def part(t):
        return torch.sqrt((t - t.detach()).square())


    for step in range(3):
        x = torch.randn(5, 4)
        h = net(x)
        LOSS
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""

LINE, PART = 29, 23
"""The line of the loss, and that of the root in `part`."""

LOSSES = {
    "checkpoint": ("loss = checkpoint(part, h, use_reentrant=False).mean()", PART, "sqrt"),
    "reentrant checkpoint": ("loss = checkpoint(part, h, use_reentrant=True).mean()", PART, "sqrt"),
    "reentrant checkpoint that draws": (
        "loss = checkpoint(lambda t: part(torch.dropout(t, 0.5, True)), h, use_reentrant=True).mean()",
        PART,
        "sqrt",
    ),
    "compiled function that draws": (
        "loss = torch.compile(lambda t: part(torch.dropout(t, 0.5, True)), backend='eager')(h).mean()",
        PART,
        "sqrt",
    ),
    "custom function": ("loss = Root.apply((h - h.detach()).square()).mean()", 19, "div"),
    "transform": ("loss = torch.func.vmap(part)(h).mean()", PART, "sqrt"),
    "gradient under a transform": (
        "loss = torch.vmap(torch.func.grad(lambda t: (t - t.detach()).abs().pow(1.5).sum()))(h).mean()",
        LINE,
        "pow",
    ),
    "transform of what is closed over": ("loss = torch.vmap(lambda t: part(t) * h.mean())(h).mean()", PART, "sqrt"),
    "compiled": ("loss = torch.compile(part, backend='eager')(h).mean()", PART, "sqrt"),
    "compiled module": ("loss = torch.compile(net, backend='eager')(x).mul(0).sqrt().mean()", LINE, "sqrt"),
    "in-place": ("h -= h.detach(); loss = h.square().sqrt().mean()", LINE, "sqrt"),
    "view": ("y = h.clone(); y[0] -= y[0].detach(); loss = y[:2].square().sum(1).sqrt().mean()", LINE, "sqrt"),
    "second derivative": (
        "x.requires_grad_(); (g,) = torch.autograd.grad(torch.tanh(net(x)).sum(), x, create_graph=True); "
        "loss = torch.sqrt((g * 0).square().sum())",
        LINE,
        "sqrt",
    ),
    "several roots": ("loss = part(h).mean() + 0 * h.sum()", PART, "sqrt"),
}


@pytest.mark.parametrize("case", LOSSES)
def test_the_place_and_the_parameters_are_told(tmp_path: Path, case: str) -> None:
    loss, line, operation = LOSSES[case]
    ran = found_in(tmp_path, PROGRAM.replace("LOSS", loss))
    found = ran.only
    assert ran.code == 1
    assert found["code"] in ("inf-backward", "nan-backward")
    assert (found["place"]["line"], found["operation"]) == (line, operation)
    assert {"net.weight", "net.bias"} <= {*found["spoils"], *found["untouched"]}
    assert "net.weight" in found["spoils"]
    assert found["agrees"] is True
