"""Weights on a grid, trained with the straight-through estimator."""

import torch
from torch import nn

torch.manual_seed(221)
weight = nn.Parameter(torch.randn(2, 3))
optimizer = torch.optim.SGD([weight], lr=0.1)
for _ in range(8):
    on_grid = weight + (torch.round(weight * 4) / 4 - weight).detach()
    x = torch.randn(6, 3)
    loss = (x @ on_grid.T - x[:, :2]).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item(), weight.double().sum().item())
