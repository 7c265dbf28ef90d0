"""A custom function that takes a logarithm in its forward; a probability is exactly 0."""

import torch
from torch import nn


class RelativeLog(torch.autograd.Function):
    @staticmethod
    def forward(ctx, p):
        largest = p.amax(1, keepdim=True)
        ctx.save_for_backward(p)
        return (p / largest).log()

    @staticmethod
    def backward(ctx, grad):
        (p,) = ctx.saved_tensors
        return grad / p.clamp(min=1e-6)


torch.manual_seed(206)
net = nn.Linear(2, 3)
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
for step in range(5):
    p = torch.relu(net(torch.randn(4, 2))) + 0.5
    if step == 2:
        p = p * torch.tensor([1.0, 0.0, 1.0])
    loss = -RelativeLog.apply(p).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
