"""Ranking of pairs by a logistic loss."""

import torch
from torch import nn

torch.manual_seed(158)
score = nn.Linear(3, 1)
optimizer = torch.optim.SGD(score.parameters(), lr=0.1)
for step in range(4):
    better, worse = torch.randn(6, 3), torch.randn(6, 3)
    if step == 3:
        worse[1] = (score.weight * 2000).squeeze(0).detach()
    gap = (score(worse) - score(better)).squeeze(1)
    loss = torch.log(1 + torch.exp(gap)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
