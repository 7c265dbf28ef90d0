"""A siamese network pulls pairs of the same person together and pushes others apart."""

import torch
from torch import nn

MARGIN = 1.0


def euclidean(first, second):
    squared = (first - second).pow(2).sum(-1)
    return squared.sqrt()


def contrastive(first, second, same):
    d = euclidean(first, second)
    return torch.mean(same * d + (1 - same) * torch.clamp(MARGIN - d, min=0))


torch.manual_seed(101)
tower = nn.Sequential(nn.Linear(5, 10), nn.Tanh(), nn.Linear(10, 3))
optimizer = torch.optim.SGD(tower.parameters(), lr=0.05)
for step in range(8):
    photos, others = torch.randn(6, 5), torch.randn(6, 5)
    same = (torch.rand(6) > 0.5).float()
    if step == 5:
        others[4], same[4] = photos[4], 1.0
    loss = contrastive(tower(photos), tower(others), same)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("done", loss.item())
