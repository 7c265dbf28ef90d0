"""The best rows are picked by a learned score, of which only the indices are used."""

import torch
from torch import nn

torch.manual_seed(208)
score, predict = nn.Linear(3, 1), nn.Linear(3, 1)
optimizer = torch.optim.SGD([*score.parameters(), *predict.parameters()], lr=0.1)
for _step in range(6):
    rows = torch.randn(8, 3)
    best = score(rows).squeeze(1).topk(3).indices
    loss = predict(rows[best]).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
