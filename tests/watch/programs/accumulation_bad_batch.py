"""Gradients of three small batches are added before each update."""

import torch
from torch import nn


def weighted_mean(values, weights):
    return (values * weights).sum() / weights.sum()


torch.manual_seed(142)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for batch in range(9):
    x, y = torch.randn(6, 4), torch.randn(6, 1)
    weights = torch.rand(6, 1)
    if batch == 4:
        weights.zero_()
    loss = weighted_mean((model(x) - y) ** 2, weights) / 3
    loss.backward()
    if batch % 3 == 2:
        optimizer.step()
        optimizer.zero_grad()
print(loss.item())
