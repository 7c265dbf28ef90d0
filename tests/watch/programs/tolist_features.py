"""Scores are sorted in Python before they are summed up."""

import torch
from torch import nn

torch.manual_seed(146)
scorer = nn.Linear(3, 1)
combine = nn.Linear(4, 1)
optimizer = torch.optim.Adam([*scorer.parameters(), *combine.parameters()], lr=1e-2)
for _ in range(8):
    scores = scorer(torch.randn(5, 4, 3)).squeeze(-1)
    ranked = [sorted(row) for row in scores.tolist()]
    loss = (combine(torch.tensor(ranked)) - 1).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
