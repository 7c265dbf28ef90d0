"""A beam that bends on one side only: the second derivative of a piecewise power must match the load."""

import torch
from torch import nn

torch.manual_seed(170)
stiffness = nn.Parameter(torch.tensor(0.5))
shift = nn.Linear(1, 1)
optimizer = torch.optim.Adam([stiffness, *shift.parameters()], lr=1e-2)
for step in range(4):
    x = torch.rand(6, 1) + 0.1
    if step == 2:
        x[3] = 0.0
    x.requires_grad_()
    bend = torch.where(x > 0, x**1.5, torch.zeros_like(x))
    height = stiffness * bend + shift(x)
    (slope,) = torch.autograd.grad(height.sum(), x, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.sum(), x, create_graph=True)
    loss = (curvature - 1).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
