"""Distances of each point to its prototype, written for one point and mapped over the batch."""

import torch
from torch import nn


def distance(point, prototype):
    return torch.sqrt(torch.sum((point - prototype) ** 2))


torch.manual_seed(117)
project = nn.Linear(3, 3)
optimizer = torch.optim.SGD(project.parameters(), lr=0.1)
for _ in range(2):
    points = project(torch.randn(4, 3))
    prototypes = points.detach()
    loss = torch.func.vmap(distance)(points, prototypes).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
