"""Keeps the distances of a map: the pairwise distances of a projection follow those of the data."""

import torch
from torch import nn


def pairwise(points):
    offsets = points[:, None] - points[None]
    return torch.sqrt(offsets.square().sum(-1))


torch.manual_seed(149)
project = nn.Linear(6, 2)
optimizer = torch.optim.Adam(project.parameters(), lr=1e-2)
others = ~torch.eye(5, dtype=torch.bool)
for _ in range(3):
    data = torch.randn(5, 6)
    stress = (pairwise(project(data)) - torch.cdist(data, data)).abs()
    loss = stress[others].mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
