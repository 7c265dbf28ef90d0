"""A logarithm of the positive entries only, with both `where`s in place."""

import torch
from torch import nn

torch.manual_seed(203)
layer = nn.Linear(4, 4)
optimizer = torch.optim.Adam(layer.parameters(), lr=1e-2)
for _ in range(4):
    h = layer(torch.randn(6, 4)) * (torch.rand(6, 4) > 0.5)
    on = h > 0
    loss = torch.where(on, torch.log(torch.where(on, h, 1.0)), 0.0).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item(), layer.weight.double().sum().item())
