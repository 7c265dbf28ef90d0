"""One inner step of meta-learning on a robust loss; a point that fits exactly has no second derivative."""

import torch
from torch import nn


def robust(residual):
    return (residual.abs() ** 1.5).mean()


torch.manual_seed(342)
slope = nn.Parameter(torch.tensor([0.5, -0.25]))
optimizer = torch.optim.SGD([slope], lr=0.05)
for task in range(4):
    x = torch.rand(5, 2)
    y = x @ torch.tensor([1.0, 2.0])
    if task == 2:
        y = torch.where(torch.arange(5) == 3, (x @ slope).detach(), y)
    (step,) = torch.autograd.grad(robust(x @ slope - y), slope, create_graph=True)
    adapted = slope - 0.1 * step
    loss = (x @ adapted - y).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
