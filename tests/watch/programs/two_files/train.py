"""Trains on daily prices."""

import torch
from layers import LogReturns
from torch import nn

torch.manual_seed(161)
returns, head = LogReturns(3), nn.Linear(3, 1)
optimizer = torch.optim.Adam([*returns.parameters(), *head.parameters()], lr=1e-3)
for day in range(5):
    prices = torch.rand(6, 3) + 1
    if day == 2:
        prices[4, 1] = 0.0
    loss = head(returns(prices)).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
