"""A ratio with a derivative of its own: forward divides safely, backward does not."""

import torch
from torch import nn


class Ratio(torch.autograd.Function):
    @staticmethod
    def forward(ctx, numerator, denominator):
        ctx.save_for_backward(numerator, denominator)
        return numerator / denominator.clamp(min=1e-3)

    @staticmethod
    def backward(ctx, grad):
        numerator, denominator = ctx.saved_tensors
        to_numerator = grad / denominator.clamp(min=1e-3)
        to_denominator = -grad * numerator / denominator.square()
        return to_numerator, to_denominator


torch.manual_seed(116)
up, down = nn.Linear(4, 4), nn.Linear(4, 4)
optimizer = torch.optim.SGD([*up.parameters(), *down.parameters()], lr=1e-3)
for _ in range(3):
    x = torch.randn(6, 4)
    top = torch.relu(up(x))
    bottom = down(x) * (torch.rand(6, 4) > 0.3)
    loss = torch.tanh(Ratio.apply(top, bottom)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
