"""A custom function that masks, and takes a logarithm, in its forward; a probability is exactly 0."""

import torch
from torch import nn


class MaskedLog(torch.autograd.Function):
    @staticmethod
    def forward(ctx, p, allowed):
        ctx.save_for_backward(p, allowed)
        largest = p.masked_fill(~allowed, float("-inf")).amax(1, keepdim=True)
        return (p / largest).log()

    @staticmethod
    def backward(ctx, grad):
        p, allowed = ctx.saved_tensors
        return grad * allowed / p.clamp(min=1e-6), None


torch.manual_seed(206)
net = nn.Linear(2, 3)
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
for step in range(5):
    p = torch.relu(net(torch.randn(4, 2))) + 0.5
    if step == 2:
        p = p * torch.tensor([1.0, 0.0, 1.0])
    loss = -MaskedLog.apply(p, torch.tensor([True, True, False])).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
